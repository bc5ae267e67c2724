/* bare-loop.c: the floor: an epoll loop that answers every request head with the same fixed bytes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * It parses nothing but the end of a head, so no server can cost less for the same system calls.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

static const char answer[] = "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
                             "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\n"
                             "hello, world\n";

static int
listen_on (uint16_t port)
{
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons (port) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int one = 1;

  at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (fd < 0 || bind (fd, (struct sockaddr *) &at, sizeof at) != 0 || listen (fd, 4096) != 0)
    die ("listen");
  return fd;
}

static void
accept_all (int epoll, int listener)
{
  int fd, one = 1;

  while ((fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

      setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      epoll_ctl (epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static void
serve (int fd)
{
  char buffer[16384];
  ssize_t n = recv (fd, buffer, sizeof buffer - 1, 0);

  if (n == 0 || (n < 0 && errno != EAGAIN))
    close (fd);
  if (n <= 0)
    return;
  buffer[n] = '\0';
  for (char *at = buffer; (at = strstr (at, "\r\n\r\n")) != NULL; at += 4)
    if (send (fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
      return;
}

int
main (int argc, char **argv)
{
  int epoll = epoll_create1 (EPOLL_CLOEXEC);
  int listener = listen_on ((uint16_t) atoi (argc > 1 ? argv[1] : "0"));
  struct epoll_event event = { .events = EPOLLIN, .data.fd = listener }, events[256];

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
