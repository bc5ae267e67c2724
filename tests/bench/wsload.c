/* wsload.c: WebSocket clients that connect, echo, listen to one another or rest, and what that costs the server.
 * SPDX-License-Identifier: Apache-2.0
 *
 * --mode connect opens all and prints connect_us= (the server's CPU for each), rate= and bytes_each= (its anonymous
 * memory);
 *        with --hold it then prints "holding" and keeps them until its standard input ends.
 * --mode echo    each sends a message and waits for it: rate=, cpu_us= a message, p50_us=, p99_us=.
 * --mode fanout  the first one speaks (or an HTTP connection does, --publish PATH) and all hear it, --ahead messages in
 *                flight: rate= of deliveries, cpu_us= of one, p50_us= and p99_us= from sending to hearing.
 * --mode rest    nobody says anything but pongs: cpu_us= a connection and second.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

#define STAMP 33 /* sequence and time in hex, with a dot between */
#define SLOTS 4096
#define TICK_US 10
#define TICKS 200000

typedef struct
{
  int fd;
  unsigned kept; /* of `part` */
  bool open;
  char part[512]; /* a head, or a frame's beginning */
} Peer;

typedef struct
{
  const char *mode, *path, *publish;
  uint16_t port;
  pid_t pid;
  unsigned connections, batch, bytes, ahead;
  double seconds;
  bool hold;

  int epoll, publisher;
  Peer *all;
  unsigned n_open, n_opened;
  uint64_t sent, heard, pings;
  unsigned heard_of[SLOTS]; /* by message */
  uint32_t *ticks;
  bool stopping;
} Load;

static void
fail (const char *what)
{
  fprintf (stderr, "wsload: %s\n", what);
  exit (1);
}

static void
send_all (int fd, const void *data, size_t len)
{
  if (send (fd, data, len, MSG_NOSIGNAL) != (ssize_t) len)
    die ("send");
}

/* ---- frames ---- */

/* With a mask of zeros, which changes nothing. */
static size_t
client_frame (char *at, int opcode, const char *payload, size_t len)
{
  size_t header = len < 126 ? 2 : 4;

  at[0] = (char) (0x80 | opcode);
  at[1] = (char) (0x80 | (header == 2 ? len : 126));
  if (header == 4)
    {
      at[2] = (char) (len >> 8);
      at[3] = (char) len;
    }
  memset (at + header, 0, 4);
  memcpy (at + header + 4, payload, len);
  return header + 4 + len;
}

static size_t
message (Load *self, char *text)
{
  memset (text, '.', self->bytes);
  snprintf (text, STAMP + 1, "%016llx.%016llx", (unsigned long long) self->sent++,
            (unsigned long long) now_us ());
  text[STAMP] = '.';
  return self->bytes;
}

static void
say (Load *self, int fd)
{
  char text[65536], out[65600];
  size_t len = message (self, text);

  self->heard_of[(self->sent - 1) % SLOTS] = 0;
  if (self->publish == NULL)
    {
      send_all (fd, out, client_frame (out, 1, text, len));
      return;
    }
  send_all (fd, out,
            (size_t) snprintf (out, sizeof out,
                               "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%.*s",
                               self->publish, len, (int) len, text));
}

/* ---- what is heard ---- */

static void
hear (Load *self, Peer *peer, const char *payload, size_t len)
{
  char stamp[STAMP + 1];
  unsigned long long sequence, at;
  uint64_t tick;

  if (len < STAMP)
    fail ("a message without its stamp");
  memcpy (stamp, payload, STAMP);
  stamp[STAMP] = 0;
  if (sscanf (stamp, "%llx.%llx", &sequence, &at) != 2)
    fail ("a message with a bad stamp");
  tick = (now_us () - at) / TICK_US;
  self->ticks[tick < TICKS ? tick : TICKS - 1]++;
  self->heard++;
  if (strcmp (self->mode, "echo") == 0)
    {
      if (!self->stopping)
        say (self, peer->fd);
      return;
    }
  if (++self->heard_of[sequence % SLOTS] == self->connections && !self->stopping)
    say (self, self->publisher);
}

static void
frame (Load *self, Peer *peer, int opcode, const char *payload, size_t len)
{
  char out[256];

  if (opcode == 1 || opcode == 2)
    hear (self, peer, payload, len);
  else if (opcode == 9 && len < 126)
    {
      self->pings++;
      send_all (peer->fd, out, client_frame (out, 10, payload, len));
    }
  else if (opcode == 8)
    fail ("the server closes");
}

/* Returns how many bytes were whole frames. */
static size_t
frames (Load *self, Peer *peer, const char *data, size_t len)
{
  size_t at = 0;

  while (len - at >= 2)
    {
      const unsigned char *head = (const unsigned char *) data + at;
      size_t n = head[1] & 0x7f, header = 2;

      if (n == 126 && len - at < 4)
        break;
      if (n == 126)
        {
          n = (size_t) head[2] << 8 | head[3];
          header = 4;
        }
      if (len - at < header + n)
        break;
      frame (self, peer, head[0] & 0x0f, data + at + header, n);
      at += header + n;
    }
  return at;
}

static size_t
answer (Load *self, Peer *peer, char *data, size_t len)
{
  char *end = memmem (data, len, "\r\n\r\n", 4);

  if (end == NULL)
    return 0;
  if (memcmp (data, "HTTP/1.1 101", 12) != 0)
    {
      fprintf (stderr, "wsload: %.*s\n", 40, data);
      exit (1);
    }
  peer->open = true;
  self->n_open++;
  return (size_t) (end + 4 - data);
}

static void
take (Load *self, Peer *peer)
{
  static char buffer[1 << 18];
  ssize_t n;
  size_t len, used = 0;

  memcpy (buffer, peer->part, peer->kept);
  n = recv (peer->fd, buffer + peer->kept, sizeof buffer - peer->kept, 0);
  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0)
    fail ("the server ended a connection");
  if (peer->fd == self->publisher && self->publish != NULL)
    return;
  len = peer->kept + (size_t) n;
  if (!peer->open)
    used = answer (self, peer, buffer, len);
  if (peer->open)
    used += frames (self, peer, buffer + used, len - used);
  peer->kept = (unsigned) (len - used);
  if (peer->kept > sizeof peer->part)
    fail ("a frame that is too long");
  memcpy (peer->part, buffer + used, peer->kept);
}

static void
turn (Load *self, int timeout_ms)
{
  struct epoll_event events[512];
  int n = epoll_wait (self->epoll, events, 512, timeout_ms);

  for (int i = 0; i < n; i++)
    take (self, events[i].data.ptr);
}

/* ---- the beginning ---- */

static void
watch (Load *self, Peer *peer)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };

  peer->fd = connect_to (self->port);
  if (epoll_ctl (self->epoll, EPOLL_CTL_ADD, peer->fd, &event) != 0)
    die ("epoll_ctl");
}

static void
open_one (Load *self)
{
  Peer *peer = &self->all[self->n_opened++];
  char head[512];
  int len = snprintf (head, sizeof head,
                      "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: Upgrade\r\n"
                      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                      self->path, self->port);

  watch (self, peer);
  send_all (peer->fd, head, (size_t) len);
}

static void
open_all (Load *self)
{
  while (self->n_open < self->connections)
    {
      while (self->n_opened < self->connections && self->n_opened < self->n_open + self->batch)
        open_one (self);
      turn (self, 100);
    }
}

/* ---- the modes ---- */

static double
percentile (const Load *self, double part)
{
  uint64_t wanted = (uint64_t) ((double) self->heard * part), sum = 0;

  for (unsigned i = 0; i < TICKS; i++)
    if ((sum += self->ticks[i]) > wanted)
      return (double) i * TICK_US;
  return (double) TICKS * TICK_US;
}

static void
run_for (Load *self, double seconds)
{
  uint64_t end = now_us () + (uint64_t) (seconds * 1e6);

  while (now_us () < end)
    turn (self, 10);
}

static void
connect_mode (Load *self)
{
  uint64_t before = self->pid ? memory_of (self->pid, "Anonymous:") : 0, began = now_us ();
  double cpu = cpu_us_of (self->pid);

  open_all (self);
  printf ("connections=%u connect_us=%.2f rate=%.0f", self->connections,
          (cpu_us_of (self->pid) - cpu) / self->connections,
          self->connections * 1e6 / (double) (now_us () - began));
  run_for (self, 1);
  printf (" bytes_each=%.0f\n", ((double) (self->pid ? memory_of (self->pid, "Anonymous:") : 0)
                                 - (double) before) / self->connections);
  fflush (stdout);
}

static void
hold (Load *self)
{
  struct pollfd in = { .fd = 0, .events = POLLIN };
  char byte;

  printf ("holding\n");
  fflush (stdout);
  while (poll (&in, 1, 0) == 0 || read (0, &byte, 1) > 0)
    turn (self, 200);
}

static void
talk_mode (Load *self)
{
  bool echo = strcmp (self->mode, "echo") == 0;
  double cpu;
  uint64_t began;

  open_all (self);
  if (self->publish != NULL)
    {
      Peer *http = calloc (1, sizeof *http);

      watch (self, http);
      self->publisher = http->fd;
    }
  else
    self->publisher = self->all[0].fd;
  for (unsigned i = 0; i < (echo ? self->connections : self->ahead); i++)
    say (self, echo ? self->all[i].fd : self->publisher);
  run_for (self, 0.3);
  self->heard = 0;
  memset (self->ticks, 0, TICKS * sizeof *self->ticks);
  began = now_us ();
  cpu = cpu_us_of (self->pid);
  run_for (self, self->seconds);
  cpu = cpu_us_of (self->pid) - cpu;
  self->stopping = true;
  printf ("rate=%.0f cpu_us=%.3f p50_us=%.0f p99_us=%.0f\n",
          (double) self->heard * 1e6 / (double) (now_us () - began), cpu / (double) self->heard,
          percentile (self, 0.5), percentile (self, 0.99));
}

static void
rest_mode (Load *self)
{
  double cpu;

  open_all (self);
  run_for (self, 1);
  cpu = cpu_us_of (self->pid);
  run_for (self, self->seconds);
  printf ("cpu_us=%.3f pings=%llu\n",
          (cpu_us_of (self->pid) - cpu) / self->connections / self->seconds,
          (unsigned long long) self->pings);
}

static void
run (Load *self)
{
  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  self->all = calloc (self->connections, sizeof *self->all);
  self->ticks = calloc (TICKS, sizeof *self->ticks);
  self->publisher = -1;
  if (strcmp (self->mode, "rest") == 0)
    rest_mode (self);
  else if (strcmp (self->mode, "connect") == 0)
    connect_mode (self);
  else
    talk_mode (self);
  if (self->hold)
    hold (self);
}

static void
usage (void)
{
  fprintf (stderr, "usage: wsload --mode connect|echo|fanout|rest --port N [--path /ws] [--connections 64]\n"
                   "  [--batch 100] [--bytes 64] [--ahead 1] [--publish PATH] [--seconds 3] [--pid PID] [--hold]\n");
  exit (2);
}

int
main (int argc, char **argv)
{
  static const struct option options[] = {
    { "mode", 1, NULL, 'm' },    { "port", 1, NULL, 'p' },    { "path", 1, NULL, 'u' },
    { "bytes", 1, NULL, 'b' },   { "ahead", 1, NULL, 'a' },   { "connections", 1, NULL, 'c' },
    { "batch", 1, NULL, 'B' },   { "seconds", 1, NULL, 's' }, { "publish", 1, NULL, 'o' },
    { "pid", 1, NULL, 'P' },     { "hold", 0, NULL, 'h' },    { NULL, 0, NULL, 0 },
  };
  Load load = { .mode = "", .path = "/ws", .connections = 64, .batch = 100, .bytes = 64,
                .ahead = 1, .seconds = 3 };
  int option;

  while ((option = getopt_long (argc, argv, "", options, NULL)) >= 0)
    switch (option)
      {
      case 'm': load.mode = optarg; break;
      case 'p': load.port = (uint16_t) atoi (optarg); break;
      case 'u': load.path = optarg; break;
      case 'b': load.bytes = (unsigned) atoi (optarg); break;
      case 'a': load.ahead = (unsigned) atoi (optarg); break;
      case 'c': load.connections = (unsigned) atoi (optarg); break;
      case 'B': load.batch = (unsigned) atoi (optarg); break;
      case 's': load.seconds = atof (optarg); break;
      case 'o': load.publish = optarg; break;
      case 'P': load.pid = atoi (optarg); break;
      case 'h': load.hold = true; break;
      default: usage ();
      }
  if (load.port == 0 || load.connections == 0 || load.bytes <= STAMP || load.bytes > 65000
      || load.ahead == 0 || load.ahead >= SLOTS
      || strstr ("connect echo fanout rest", load.mode) == NULL || load.mode[0] == 0)
    usage ();
  raise_descriptor_limit ();
  run (&load);
  return 0;
}
