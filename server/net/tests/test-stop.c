/* test-stop.c: the runtime stops in the middle of traffic, again and again: every fiber ends, every
 * stream is closed, every thread is joined, and no descriptor stays behind.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test-net.h"

enum
{
  CLIENTS = 3,
  ROUNDS = 12
};

static gint fibers_begun, fibers_ended, stop_clients;
static guint16 port;

static void
rest (gpointer data)
{
  g_usleep (200);
}

/* Waits in each way there is; each may be cut short. */
static void
converse (gpointer data)
{
  CsStream *stream = data;
  g_autoptr (GBytes) block = g_bytes_new_take (g_strnfill (200000, 'b'), 200000);
  char bytes[1000];
  CsStatus status = CS_OK;

  g_atomic_int_inc (&fibers_begun);
  for (guint i = 0; status == CS_OK; i++)
    {
      gssize n = cs_stream_read (stream, bytes, sizeof bytes);

      if (n == -CS_AGAIN)
        {
          status = cs_stream_wait (stream, CS_NEVER);
          continue;
        }
      if (n <= 0)
        break;
      status = i % 3 == 0 ? cs_pool_run (NULL, rest, NULL) : cs_sleep (100);
      cs_stream_write_bytes (stream, block);
      if (status == CS_OK)
        status = cs_stream_flush (stream, 1000, CS_NEVER);
    }
  cs_stream_close (stream);
  g_atomic_int_inc (&fibers_ended);
}

static void
converse_accept (CsStream *stream, gpointer data)
{
  if (cs_fiber_start (NULL, converse, stream, CS_NEVER) != CS_OK)
    cs_stream_abort (stream);
}

static gpointer
client_main (gpointer data)
{
  g_autofree char *bytes = g_malloc (65536);

  while (!g_atomic_int_get (&stop_clients))
    {
      struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons (port),
                                .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
      struct timeval limit = { .tv_usec = 20000 };
      int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

      setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      if (connect (fd, (struct sockaddr *) &in, sizeof in) == 0)
        for (guint i = 0; i < 20 && send (fd, "hello", 5, MSG_NOSIGNAL) == 5; i++)
          if (recv (fd, bytes, 65536, 0) <= 0)
            break;
      close (fd);
      g_usleep (500);
    }
  return NULL;
}

static guint
count_descriptors (void)
{
  DIR *dir = opendir ("/proc/self/fd");
  guint n = 0;

  while (readdir (dir) != NULL)
    n++;
  closedir (dir);
  return n;
}

static void
one_round (void)
{
  GThread *threads[CLIENTS];
  CsListener *listener;

  g_atomic_int_set (&stop_clients, 0);
  test_start (2);
  listener = test_listen ("127.0.0.1:0", NULL, converse_accept, NULL);
  port = (guint16) atoi (strrchr (cs_listener_address (listener), ':') + 1);
  for (guint i = 0; i < CLIENTS; i++)
    threads[i] = g_thread_new ("client", client_main, NULL);
  g_usleep ((gulong) g_random_int_range (5000, 60000));
  cs_runtime_stop (g_get_monotonic_time () + CS_MS (500));
  g_assert_cmpint (cs_net_n_streams (), ==, 0);
  g_atomic_int_set (&stop_clients, 1);
  for (guint i = 0; i < CLIENTS; i++)
    g_thread_join (threads[i]);
}

static void
test_stop_under_load (void)
{
  guint before;

  one_round (); /* GLib's main context keeps a descriptor from now on */
  before = count_descriptors ();
  for (guint i = 0; i < ROUNDS; i++)
    one_round ();
  g_assert_cmpint (g_atomic_int_get (&fibers_begun), >, 0);
  g_assert_cmpint (g_atomic_int_get (&fibers_begun), ==, g_atomic_int_get (&fibers_ended));
  g_assert_cmpuint (count_descriptors (), ==, before);
  g_test_message ("%d fibers", fibers_begun);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/stop/under-load", test_stop_under_load);
  return g_test_run ();
}
