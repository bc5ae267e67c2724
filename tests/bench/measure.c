/* measure.c: clocks, another process's CPU and memory, and client sockets, for the load programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "measure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void
die (const char *what)
{
  fprintf (stderr, "%s: %s\n", what, strerror (errno));
  exit (1);
}

uint64_t
now_us (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

double
cpu_us_of (pid_t pid)
{
  clockid_t clock;
  struct timespec ts;

  if (pid == 0)
    return 0;
  errno = clock_getcpuclockid (pid, &clock);
  if (errno != 0 || clock_gettime (clock, &ts) != 0)
    die ("the server's CPU clock");
  return (double) ts.tv_sec * 1e6 + (double) ts.tv_nsec / 1e3;
}

uint64_t
memory_of (pid_t pid, const char *field)
{
  char path[64], line[256];
  uint64_t kib = 0;
  FILE *file;

  snprintf (path, sizeof path, "/proc/%d/smaps_rollup", (int) pid);
  file = fopen (path, "r");
  if (file == NULL)
    die (path);
  while (fgets (line, sizeof line, file))
    if (strncmp (line, field, strlen (field)) == 0)
      kib = strtoull (line + strlen (field), NULL, 10);
  fclose (file);
  return kib * 1024;
}

void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

int
connect_to (uint16_t port)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (port) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int one = 1;

  to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (fd < 0 || connect (fd, (struct sockaddr *) &to, sizeof to) != 0)
    die ("connect");
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl (fd, F_SETFL, O_NONBLOCK);
  return fd;
}
