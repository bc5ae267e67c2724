/* bare-ws.c: the floor for WebSockets: an epoll loop that answers a head with a fixed 101, and then sends each message
 * that comes to everybody, one call each.
 * SPDX-License-Identifier: Apache-2.0
 *
 * It checks nothing, unmasks nothing and queues nothing, so no server can cost less that makes the same system calls.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

#define MOST 20000

static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                             "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

static int open_fds[MOST];
static unsigned n_open;
static bool is_open[MOST + 64];

static void
accept_all (int epoll, int listener)
{
  int fd, one = 1;

  while ((fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

      setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      is_open[fd] = false;
      epoll_ctl (epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static void
forget (int fd)
{
  for (unsigned i = 0; i < n_open; i++)
    if (open_fds[i] == fd)
      open_fds[i] = open_fds[--n_open];
  close (fd);
}

static void
greet (int fd, const char *head)
{
  bool upgrade = strstr (head, "Upgrade: websocket") != NULL;

  if (send (fd, upgrade ? answer : plain, upgrade ? sizeof answer - 1 : sizeof plain - 1, MSG_NOSIGNAL)
        < 0
      || !upgrade)
    return;
  is_open[fd] = true;
  open_fds[n_open++] = fd;
}

/* A frame of less than 126 bytes whose mask is zero becomes a server's frame by leaving out the mask. */
static void
tell_everybody (const unsigned char *data, size_t len)
{
  while (len >= 6)
    {
      size_t n = data[1] & 0x7f;
      unsigned char frame[2 + 125];

      if (n > 125 || len < 6 + n)
        return;
      frame[0] = data[0];
      frame[1] = (unsigned char) n;
      memcpy (frame + 2, data + 6, n);
      for (unsigned i = 0; i < n_open; i++)
        if (send (open_fds[i], frame, 2 + n, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
          die ("send");
      data += 6 + n;
      len -= 6 + n;
    }
}

static void
serve (int fd)
{
  char buffer[65536];
  ssize_t n = recv (fd, buffer, sizeof buffer - 1, 0);

  if (n == 0 || (n < 0 && errno != EAGAIN))
    forget (fd);
  if (n <= 0)
    return;
  buffer[n] = '\0';
  if (is_open[fd])
    tell_everybody ((unsigned char *) buffer, (size_t) n);
  else
    greet (fd, buffer);
}

int
main (int argc, char **argv)
{
  struct sockaddr_in at = { .sin_family = AF_INET };
  int epoll = epoll_create1 (EPOLL_CLOEXEC), one = 1;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct epoll_event event = { .events = EPOLLIN, .data.fd = listener }, events[256];

  at.sin_port = htons ((uint16_t) atoi (argc > 1 ? argv[1] : "0"));
  at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  setsockopt (listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (listener < 0 || bind (listener, (struct sockaddr *) &at, sizeof at) != 0
      || listen (listener, 4096) != 0)
    die ("listen");
  raise_descriptor_limit ();
  epoll_ctl (epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;)
    {
      int n = epoll_wait (epoll, events, 256, -1);

      for (int i = 0; i < n; i++)
        if (events[i].data.fd == listener)
          accept_all (epoll, listener);
        else
          serve (events[i].data.fd);
    }
}
