/* loadgen.c: keeps N connections busy with one request each and tells rate, latency and the server's CPU.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One thread, one epoll set; a connection sends its next request when the answer is whole. The result is
 * one line of key=value: what was done, and cpu_us, the server's CPU microseconds per unit.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"
#include "request.h"
#include "response.h"

enum { LATENCIES_MAX = 8000000 };

typedef struct
{
  int fd;
  Bytes request;
  size_t sent;
  uint64_t begun_us;
  Response response;
} Connection;

typedef struct
{
  RequestPlan plan;
  uint16_t port;
  unsigned connections;
  double seconds;
  double warmup;
  uint64_t requests;      /* stop after so many; 0: by time alone */
  unsigned units;         /* what one request counts for */
  pid_t pid;

  int epoll;
  bool measuring;
  uint64_t started, done, errors, bytes;
  int first_bad;
  uint32_t *latencies;
} Load;

static void
send_rest (Load *self, Connection *c)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
  ssize_t n = 0;

  while (c->sent < c->request.len
         && (n = send (c->fd, c->request.data + c->sent, c->request.len - c->sent, MSG_NOSIGNAL)) > 0)
    c->sent += (size_t) n;
  if (n < 0 && errno != EAGAIN)
    die ("send");
  if (n < 0)
    event.events |= EPOLLOUT;
  if (n < 0 || c->begun_us == 0)
    epoll_ctl (self->epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static void
begin (Load *self, Connection *c)
{
  if (self->requests > 0 && self->started >= self->requests)
    return;
  self->started++;
  request_make (&self->plan, &c->request);
  c->sent = 0;
  response_reset (&c->response, strcmp (self->plan.method, "HEAD") == 0);
  c->begun_us = now_us ();
  send_rest (self, c);
}

static void
reconnect (Load *self, Connection *c)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

  if (c->fd >= 0)
    close (c->fd);
  c->fd = connect_to (self->port);
  epoll_ctl (self->epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static void
finish (Load *self, Connection *c)
{
  if (c->response.status >= 400)
    {
      self->errors++;
      if (self->first_bad == 0)
        self->first_bad = c->response.status;
    }
  if (self->measuring || self->requests > 0)
    {
      if (self->done < LATENCIES_MAX)
        self->latencies[self->done] = (uint32_t) (now_us () - c->begun_us);
      self->done++;
      self->bytes += c->response.body;
    }
  begin (self, c);
}

static void
take (Load *self, Connection *c)
{
  static char buffer[256 * 1024];
  ssize_t n = recv (c->fd, buffer, sizeof buffer, 0);

  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0)
    {
      self->errors++;
      reconnect (self, c);
      begin (self, c);
      return;
    }
  response_feed (&c->response, buffer, (size_t) n);
  if (c->response.state == RESPONSE_BROKEN)
    {
      fprintf (stderr, "loadgen: no HTTP answer\n");
      exit (1);
    }
  if (c->response.state == RESPONSE_DONE)
    finish (self, c);
}

static void
turn (Load *self)
{
  struct epoll_event events[256];
  int n = epoll_wait (self->epoll, events, 256, 100);

  for (int i = 0; i < n; i++)
    {
      Connection *c = events[i].data.ptr;

      if (events[i].events & EPOLLOUT)
        {
          struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

          epoll_ctl (self->epoll, EPOLL_CTL_MOD, c->fd, &event);
          send_rest (self, c);
        }
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        take (self, c);
    }
}

static int
by_value (const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

  return (x > y) - (x < y);
}

static void
report (Load *self, uint64_t took_us, double cpu_us)
{
  uint64_t n = self->done < LATENCIES_MAX ? self->done : LATENCIES_MAX;
  double units = (double) self->done * self->units;

  qsort (self->latencies, n, sizeof *self->latencies, by_value);
  printf ("requests=%llu errors=%llu bad_status=%d seconds=%.3f rate=%.0f cpu_us=%.3f"
          " p50_us=%u p90_us=%u p99_us=%u max_us=%u bytes=%llu\n",
          (unsigned long long) self->done, (unsigned long long) self->errors, self->first_bad,
          (double) took_us / 1e6, units / ((double) took_us / 1e6), units > 0 ? cpu_us / units : 0,
          n ? self->latencies[n / 2] : 0, n ? self->latencies[n * 9 / 10] : 0,
          n ? self->latencies[n * 99 / 100] : 0, n ? self->latencies[n - 1] : 0,
          (unsigned long long) self->bytes);
}

static void
run (Load *self)
{
  Connection *all = calloc (self->connections, sizeof *all);
  uint64_t begun, end;
  double cpu;

  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  self->latencies = malloc (sizeof *self->latencies * LATENCIES_MAX);
  for (unsigned i = 0; i < self->connections; i++)
    {
      all[i].fd = -1;
      reconnect (self, &all[i]);
      if (self->requests == 0)
        begin (self, &all[i]);
    }
  for (end = now_us () + (uint64_t) (self->warmup * 1e6); self->requests == 0 && now_us () < end;)
    turn (self);

  self->measuring = true;
  begun = now_us ();
  cpu = cpu_us_of (self->pid);
  for (unsigned i = 0; self->requests > 0 && i < self->connections; i++)
    begin (self, &all[i]);
  end = self->requests > 0 ? UINT64_MAX : begun + (uint64_t) (self->seconds * 1e6);
  while (now_us () < end && (self->requests == 0 || self->done < self->requests))
    turn (self);
  report (self, now_us () - begun, cpu_us_of (self->pid) - cpu);
}

static void
add_basic (RequestPlan *plan, const char *credentials)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char encoded[256];
  size_t n = 0, len = strlen (credentials);

  for (size_t i = 0; i < len && n + 5 < sizeof encoded; i += 3)
    {
      uint32_t v = (uint32_t) (unsigned char) credentials[i] << 16;

      v |= i + 1 < len ? (uint32_t) (unsigned char) credentials[i + 1] << 8 : 0;
      v |= i + 2 < len ? (uint32_t) (unsigned char) credentials[i + 2] : 0;
      encoded[n++] = digits[v >> 18 & 63];
      encoded[n++] = digits[v >> 12 & 63];
      encoded[n++] = i + 1 < len ? digits[v >> 6 & 63] : '=';
      encoded[n++] = i + 2 < len ? digits[v & 63] : '=';
    }
  encoded[n] = '\0';
  snprintf (plan->extra + strlen (plan->extra), sizeof plan->extra - strlen (plan->extra),
            "Authorization: Basic %s\r\n", encoded);
}

static void
usage (void)
{
  fprintf (stderr,
           "usage: loadgen --port N [--path /x] [--method GET] [--body JSON] [--bulk N]\n"
           "  [--connections 64] [--seconds 3] [--warmup 0.5] [--requests N] [--units 1] [--pid PID]\n"
           "  [--random-ids] [--first N] [--seed N] [--databases N] [--basic USER:PASSWORD] [--replicated]\n"
           "  [--header 'Name: value']\n");
  exit (2);
}

int
main (int argc, char **argv)
{
  static const struct option options[] = {
    { "port", 1, NULL, 'p' },     { "path", 1, NULL, 'u' },       { "method", 1, NULL, 'm' },
    { "body", 1, NULL, 'b' },     { "bulk", 1, NULL, 'k' },       { "connections", 1, NULL, 'c' },
    { "seconds", 1, NULL, 's' },  { "warmup", 1, NULL, 'w' },     { "requests", 1, NULL, 'n' },
    { "units", 1, NULL, 'x' },    { "pid", 1, NULL, 'P' },        { "random-ids", 0, NULL, 'r' },
    { "first", 1, NULL, 'f' },    { "seed", 1, NULL, 'S' },       { "databases", 1, NULL, 'd' },
    { "basic", 1, NULL, 'B' },    { "header", 1, NULL, 'H' },
    { "replicated", 0, NULL, 'R' }, { NULL, 0, NULL, 0 },
  };
  Load load = { .plan = { .method = "GET", .path = "/", .random = 88172645463325252ull },
                .connections = 64, .seconds = 3, .warmup = 0.5, .units = 1 };
  RequestPlan *plan = &load.plan;
  int option;

  while ((option = getopt_long (argc, argv, "", options, NULL)) >= 0)
    switch (option)
      {
      case 'p': load.port = (uint16_t) atoi (optarg); break;
      case 'u': plan->path = optarg; break;
      case 'm': plan->method = optarg; break;
      case 'b': plan->body = optarg; break;
      case 'k': plan->bulk = (unsigned) atoi (optarg); break;
      case 'c': load.connections = (unsigned) atoi (optarg); break;
      case 's': load.seconds = atof (optarg); break;
      case 'w': load.warmup = atof (optarg); break;
      case 'n': load.requests = strtoull (optarg, NULL, 10); break;
      case 'x': load.units = (unsigned) atoi (optarg); break;
      case 'P': load.pid = atoi (optarg); break;
      case 'r': plan->random_ids = true; break;
      case 'R': plan->replicated = true; break;
      case 'f': plan->next = strtoull (optarg, NULL, 10); break;
      case 'S': plan->random ^= strtoull (optarg, NULL, 10) * 0x9e3779b97f4a7c15ull | 1; break;
      case 'd': plan->databases = (unsigned) atoi (optarg); break;
      case 'B': add_basic (plan, optarg); break;
      case 'H':
        snprintf (plan->extra + strlen (plan->extra), sizeof plan->extra - strlen (plan->extra),
                  "%s\r\n", optarg);
        break;
      default: usage ();
      }
  if (load.port == 0 || load.connections == 0)
    usage ();
  raise_descriptor_limit ();
  run (&load);
  return 0;
}
