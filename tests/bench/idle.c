/* idle.c: holds many waiting connections and tells what each costs the server, and how fast a write wakes them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each connection sends one request. --answered waits for every answer, so the connections are then idle
 * keep-alive ones; without it the requests are feeds that go on waiting. Prints connections=, bytes_each=
 * (the server's anonymous memory), then, with --wake PATH, writes there and prints woken=, wake_ms= and wake_us=, the
 * server's CPU for each that it woke, and arrived_ms=, when the kernel had the last answer for us. With --asleep this
 * program reads nothing for a second and takes none of the server's cores: arrived_ms= is then the server's alone.
 * With --hold it prints "holding" and keeps them until its standard input ends.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"
#include "request.h"
#include "response.h"

typedef struct
{
  int fd;
  Response response;
} Waiter;

typedef struct
{
  RequestPlan plan;
  uint16_t port;
  unsigned connections, batch;
  pid_t pid;
  bool answered, hold, asleep;
  const char *wake;
  unsigned expect;        /* how many the write wakes; 0: all */

  int epoll;
  Waiter *all;
  unsigned done;
  uint64_t arrived; /* the newest receive time, wall clock, microseconds */
} Idle;

/* recv (), noting when the kernel took in the last of these bytes (SO_TIMESTAMPNS). */
static ssize_t
receive (Idle *self, int fd, char *buffer, size_t len)
{
  char control[CMSG_SPACE (sizeof (struct timespec))];
  struct iovec part = { buffer, len };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                            .msg_controllen = sizeof control };
  ssize_t n = recvmsg (fd, &message, 0);
  struct cmsghdr *head = n > 0 ? CMSG_FIRSTHDR (&message) : NULL;
  struct timespec when;
  uint64_t us;

  if (head == NULL || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_TIMESTAMPNS)
    return n;
  memcpy (&when, CMSG_DATA (head), sizeof when);
  us = (uint64_t) when.tv_sec * 1000000 + (uint64_t) when.tv_nsec / 1000;
  self->arrived = us > self->arrived ? us : self->arrived;
  return n;
}

static uint64_t
wall_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_REALTIME, &now);
  return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

static void
take (Idle *self, Waiter *w)
{
  char buffer[16384];
  ssize_t n = receive (self, w->fd, buffer, sizeof buffer);

  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0)
    {
      fprintf (stderr, "idle: the server closed a waiting connection\n");
      exit (1);
    }
  response_feed (&w->response, buffer, (size_t) n);
  if (w->response.state != RESPONSE_DONE)
    return;
  if (w->response.status >= 400)
    {
      fprintf (stderr, "idle: status %d\n", w->response.status);
      exit (1);
    }
  self->done++;
}

static void
turn (Idle *self, int timeout_ms)
{
  struct epoll_event events[512];
  int n = epoll_wait (self->epoll, events, 512, timeout_ms);

  for (int i = 0; i < n; i++)
    take (self, events[i].data.ptr);
}

static void
open_one (Idle *self, Waiter *w)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = w };
  static Bytes request;

  w->fd = connect_to (self->port);
  if (setsockopt (w->fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){ 1 }, sizeof (int)) != 0)
    die ("SO_TIMESTAMPNS");
  epoll_ctl (self->epoll, EPOLL_CTL_ADD, w->fd, &event);
  request_make (&self->plan, &request);
  response_reset (&w->response, false);
  if (send (w->fd, request.data, request.len, MSG_NOSIGNAL) != (ssize_t) request.len)
    die ("send");
}

static void
open_all (Idle *self)
{
  uint64_t settle;

  for (unsigned i = 0; i < self->connections; i++)
    {
      open_one (self, &self->all[i]);
      /* A few at a time: what a connection costs is asked here, not what a storm of them does. */
      while (self->answered && self->done + self->batch <= i)
        turn (self, 100);
      if (!self->answered && i % self->batch == 0)
        turn (self, 1);
    }
  while (self->answered && self->done < self->connections)
    turn (self, 100);
  for (settle = now_us () + 1000000; now_us () < settle;)
    turn (self, 50);
  self->done = self->answered ? 0 : self->done;
}

static void
wake (Idle *self)
{
  RequestPlan plan = { .method = "PUT", .path = self->wake, .body = "{\"n\":1}",
                       .random_ids = true, .random = now_us () | 1 };
  Waiter writer = { 0 };
  Bytes request = { 0 };
  unsigned expect = self->expect > 0 ? self->expect : self->connections;
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = &writer };
  uint64_t begun, taken, wall;
  double cpu;

  snprintf (plan.extra, sizeof plan.extra, "%s", self->plan.extra);
  request_make (&plan, &request);
  writer.fd = connect_to (self->port);
  response_reset (&writer.response, false);
  epoll_ctl (self->epoll, EPOLL_CTL_ADD, writer.fd, &event);
  self->done = 0;
  cpu = cpu_us_of (self->pid);
  begun = now_us ();
  wall = wall_us ();
  self->arrived = wall;
  if (send (writer.fd, request.data, request.len, MSG_NOSIGNAL) < 0)
    die ("send");
  if (self->asleep)
    sleep (1);
  /* The writer's own answer is one more. */
  while (self->done < expect + 1 && now_us () - begun < 10000000)
    turn (self, 100);
  taken = now_us () - begun;
  printf ("woken=%u wake_ms=%.1f arrived_ms=%.1f wake_us=%.2f\n", self->done - 1, (double) taken / 1e3,
          (double) (self->arrived - wall) / 1e3, (cpu_us_of (self->pid) - cpu) / expect);
}

static void
hold (Idle *self)
{
  struct pollfd in = { .fd = 0, .events = POLLIN };
  char byte;

  printf ("holding\n");
  fflush (stdout);
  while (poll (&in, 1, 0) == 0 || read (0, &byte, 1) > 0)
    turn (self, 200);
}

static void
run (Idle *self)
{
  uint64_t before = self->pid ? memory_of (self->pid, "Anonymous:") : 0;
  uint64_t after;

  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  self->all = calloc (self->connections, sizeof *self->all);
  open_all (self);
  after = self->pid ? memory_of (self->pid, "Anonymous:") : 0;
  printf ("connections=%u bytes_each=%.0f\n", self->connections,
          ((double) after - (double) before) / self->connections);
  fflush (stdout);
  if (self->wake != NULL)
    wake (self);
  if (self->hold)
    hold (self);
}

static void
usage (void)
{
  fprintf (stderr, "usage: idle --port N --path /x [--connections 10000] [--databases N] [--pid PID]\n"
                   "  [--answered] [--hold] [--wake /db/{id} [--expect N] [--asleep]] [--header 'Name: value']\n");
  exit (2);
}

int
main (int argc, char **argv)
{
  static const struct option options[] = {
    { "port", 1, NULL, 'p' },      { "path", 1, NULL, 'u' },    { "connections", 1, NULL, 'c' },
    { "databases", 1, NULL, 'd' }, { "pid", 1, NULL, 'P' },     { "answered", 0, NULL, 'a' },
    { "hold", 0, NULL, 'h' },      { "wake", 1, NULL, 'w' },    { "expect", 1, NULL, 'e' },
    { "header", 1, NULL, 'H' },    { "asleep", 0, NULL, 's' },  { NULL, 0, NULL, 0 },
  };
  Idle idle = { .plan = { .method = "GET", .path = "/", .random = 1 }, .connections = 10000,
                .batch = 100 };
  int option;

  while ((option = getopt_long (argc, argv, "", options, NULL)) >= 0)
    switch (option)
      {
      case 'p': idle.port = (uint16_t) atoi (optarg); break;
      case 'u': idle.plan.path = optarg; break;
      case 'c': idle.connections = (unsigned) atoi (optarg); break;
      case 'd': idle.plan.databases = (unsigned) atoi (optarg); break;
      case 'P': idle.pid = atoi (optarg); break;
      case 'a': idle.answered = true; break;
      case 'h': idle.hold = true; break;
      case 's': idle.asleep = true; break;
      case 'w': idle.wake = optarg; break;
      case 'e': idle.expect = (unsigned) atoi (optarg); break;
      case 'H':
        snprintf (idle.plan.extra, sizeof idle.plan.extra, "%s\r\n", optarg);
        break;
      default: usage ();
      }
  if (idle.port == 0 || idle.connections == 0)
    usage ();
  raise_descriptor_limit ();
  run (&idle);
  return 0;
}
