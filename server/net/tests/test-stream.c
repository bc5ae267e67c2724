/* test-stream.c: bytes go in and out whole, output of a turn leaves in one write, slow peers hold
 * nobody up, and ends are ends.
 * SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream-private.h"
#include "test-net.h"

static void
with_runtime (gconstpointer test)
{
  test_start (2);
  ((void (*) (void)) test) ();
  test_stop ();
  g_assert_cmpint (cs_net_n_streams (), ==, 0);
}

static void
nothing (gpointer data)
{
}

/* What was begun or made ready before has run. */
static void
let_workers_turn (void)
{
  for (guint i = 0; i < 4; i++)
    test_on_worker (i % 2, nothing, NULL);
}

/* Echo by callback, no fiber. */
static void
echo_ready (CsStream *stream, gpointer data)
{
  char bytes[4096];
  gssize n;

  while ((n = cs_stream_read (stream, bytes, sizeof bytes)) > 0)
    {
      cs_stream_write (stream, bytes, (gsize) n);
      if ((gsize) n < sizeof bytes)
        return;
    }
  if (n != -CS_AGAIN)
    cs_stream_close (stream);
}

static void
echo_accept (CsStream *stream, gpointer data)
{
  cs_stream_watch (stream, echo_ready, data);
}

static void
test_echo (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, echo_accept, NULL);
  int fds[20];

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i] = test_connect (listener);
  for (guint round = 0; round < 50; round++)
    for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
      {
        test_send (fds[i], "hello");
        test_receive (fds[i], "hello");
      }
  test_wait_streams (G_N_ELEMENTS (fds));
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
  test_wait_streams (0);
}

/* What was sent with its end in one go is answered, then our end follows. */
static void
test_half_close (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, echo_accept, NULL);

  for (guint i = 0; i < 50; i++)
    {
      int fd = test_connect (listener);
      g_autofree char *text = NULL;

      test_send (fd, "last words");
      shutdown (fd, SHUT_WR);
      text = test_receive_all (fd);
      g_assert_cmpstr (text, ==, "last words");
      close (fd);
    }
  test_wait_streams (0);
}

/* A fiber that reads and writes in straight lines. */
static void
talk (gpointer data)
{
  CsStream *stream = data;
  char bytes[100];
  gssize n = -CS_AGAIN;

  for (guint i = 0; i < 3; i++)
    {
      while ((n = cs_stream_read (stream, bytes, sizeof bytes)) == -CS_AGAIN)
        g_assert_cmpint (cs_stream_wait (stream, CS_NEVER), ==, CS_OK);
      g_assert_cmpint (n, >, 0);
      cs_stream_write (stream, "<", 1);
      cs_stream_write (stream, bytes, (gsize) n);
      cs_stream_write (stream, ">", 1);
    }
  cs_stream_close (stream);
}

static void
talk_accept (CsStream *stream, gpointer data)
{
  cs_fiber_start (NULL, talk, stream, CS_NEVER);
}

static void
test_fiber (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, talk_accept, NULL);
  int fd = test_connect (listener);
  g_autofree char *rest = NULL;

  test_send (fd, "one");
  test_receive (fd, "<one>");
  test_send (fd, "two");
  test_receive (fd, "<two>");
  test_send (fd, "three");
  rest = test_receive_all (fd);
  g_assert_cmpstr (rest, ==, "<three>");
  close (fd);
}

/* Forty writes of one turn are one for the kernel. */
static void
many_writes (CsStream *stream, gpointer data)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (i == 10 ? "0123456789" : "x", i == 10 ? 10 : 1);

      cs_stream_write (stream, "a", 1);
      cs_stream_write_bytes (stream, bytes);
    }
  cs_stream_watch (stream, echo_ready, NULL);
}

static void
test_one_write (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, many_writes, NULL);
  int fd = test_connect (listener);
  char bytes[200];

  g_assert_cmpint (recv (fd, bytes, sizeof bytes, 0), ==, 49);
  let_workers_turn ();
  g_assert_cmpint (test_stat ("stream_writes_total"), ==, 1);
  close (fd);
}

enum
{
  BULK = 8 * 1024 * 1024
};

/* The peer reads slowly: the queue stays bounded, and every byte arrives. */
static void
bulk (gpointer data)
{
  CsStream *stream = data;
  g_autoptr (GBytes) block = g_bytes_new_take (g_strnfill (100000, 'b'), 100000);
  gsize sent = 0, most = 0;

  while (sent < BULK)
    {
      gpointer room = cs_stream_reserve (stream, 1000);

      memset (room, 'a', 1000);
      cs_stream_commit (stream, 1000);
      cs_stream_write_bytes (stream, block);
      sent += 101000;
      most = MAX (most, cs_stream_queued (stream));
      g_assert_cmpint (cs_stream_flush (stream, 65536, CS_NEVER), ==, CS_OK);
    }
  g_assert_cmpuint (most, <, 65536 + 101000 + 1);
  cs_stream_close (stream);
}

static void
bulk_accept (CsStream *stream, gpointer data)
{
  cs_fiber_start (NULL, bulk, stream, CS_NEVER);
}

static void
test_backpressure (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, bulk_accept, NULL);
  int fd = test_connect (listener);
  g_autofree char *text = NULL;
  gsize n = (BULK + 100999) / 101000;

  g_usleep (50000);
  text = test_receive_all (fd);
  g_assert_cmpuint (strlen (text), ==, n * 101000);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_cmpint (text[i * 101000 + 999], ==, 'a');
      g_assert_cmpint (text[i * 101000 + 1000], ==, 'b');
    }
  close (fd);
}

/* A flush ends when the peer goes, or when time is over. */
static gint flush_status[2];

static void
flush_forever (gpointer data)
{
  CsStream *stream = data;
  g_autoptr (GBytes) block = g_bytes_new_take (g_strnfill (20000000, 'b'), 20000000);

  cs_stream_write_bytes (stream, block);
  g_atomic_int_set (&flush_status[0], cs_stream_flush (stream, 0, cs_now () + CS_MS (50)));
  flush_status[1] = cs_stream_flush (stream, 0, CS_NEVER);
  cs_stream_close (stream);
}

static void
flush_accept (CsStream *stream, gpointer data)
{
  cs_fiber_start (NULL, flush_forever, stream, CS_NEVER);
}

static void
test_flush_ends (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, flush_accept, NULL);
  int fd = test_connect (listener);

  while (g_atomic_int_get (&flush_status[0]) == 0)
    g_usleep (1000);
  close (fd);
  test_wait_streams (0);
  let_workers_turn ();
  g_assert_cmpint (flush_status[0], ==, CS_TIMED_OUT);
  g_assert_cmpint (flush_status[1], ==, CS_CLOSED);
}

/* The answer to a request that is still being sent reaches the peer: no reset eats it. */
static void
refuse_accept (CsStream *stream, gpointer data)
{
  cs_stream_write (stream, "no", 2);
  cs_stream_close (stream);
}

static void
test_linger (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, refuse_accept, NULL);
  g_autofree char *big = g_strnfill (1000000, 'x'), *text = NULL;
  int fd = test_connect (listener);

  send (fd, big, 1000000, MSG_NOSIGNAL);
  g_usleep (20000);
  send (fd, big, 1000000, MSG_NOSIGNAL);
  text = test_receive_all (fd);
  g_assert_cmpstr (text, ==, "no");
  close (fd);
  test_wait_streams (0);
}

/* A peer that neither reads nor ends does not hold its stream for ever. */
static void
test_linger_bounded (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, refuse_accept, NULL);
  int fd = test_connect (listener);
  gint64 before = g_get_monotonic_time ();

  test_receive (fd, "no");
  test_wait_streams (0);
  g_assert_cmpint (g_get_monotonic_time () - before, >, CS_MS (1500));
  close (fd);
}

static guint drained_calls;

static void
drained (CsStream *stream, gpointer data)
{
  drained_calls++;
  g_assert_cmpuint (cs_stream_queued (stream), ==, 0);
  cs_stream_close (stream);
}

static void
drain_accept (CsStream *stream, gpointer data)
{
  g_autoptr (GBytes) block = g_bytes_new_take (g_strnfill (3000000, 'b'), 3000000);

  cs_stream_write_bytes (stream, block);
  cs_stream_on_drained (stream, drained, NULL);
  cs_stream_watch (stream, NULL, NULL);
}

static void
test_drained (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, drain_accept, NULL);
  int fd = test_connect (listener);
  g_autofree char *text = test_receive_all (fd);

  g_assert_cmpuint (strlen (text), ==, 3000000);
  let_workers_turn ();
  g_assert_cmpuint (drained_calls, ==, 1);
  close (fd);
}

/* Watching later tells at once what came before. */
typedef struct
{
  CsStream *stream;
  CsTimer timer;
} Late;

static void
watch_late (CsTimer *timer, gpointer data)
{
  cs_stream_watch (((Late *) data)->stream, echo_ready, NULL);
}

static void
late_accept (CsStream *stream, gpointer data)
{
  static Late late;

  late.stream = stream;
  cs_timer_start (NULL, &late.timer, cs_now () + CS_MS (50), watch_late, &late);
  cs_stream_watch (stream, NULL, NULL);
}

static void
test_watch_late (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, late_accept, NULL);
  int fd = test_connect (listener);

  test_send (fd, "early");
  test_receive (fd, "early");
  close (fd);
}

/* A stream that is aborted while a fiber waits for it: the wait says so. */
static gint abort_status;

static void
wait_on_it (gpointer data)
{
  CsStatus status = cs_stream_wait (data, CS_NEVER);

  g_atomic_int_set (&abort_status, status);
}

static void
abort_accept (CsStream *stream, gpointer data)
{
  cs_fiber_start (NULL, wait_on_it, stream, CS_NEVER);
  cs_stream_abort (stream);
}

static void
test_abort (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, abort_accept, NULL);
  char byte;
  int fd;

  g_atomic_int_set (&abort_status, CS_FAILED);
  fd = test_connect (listener);
  g_assert_cmpint (recv (fd, &byte, 1, 0), <=, 0);
  close (fd);
  test_wait_streams (0);
  /* The fiber runs on after the stream is gone. */
  for (guint i = 0; i < 500 && g_atomic_int_get (&abort_status) == CS_FAILED; i++)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&abort_status), ==, CS_CLOSED);
}

static void
info_accept (CsStream *stream, gpointer data)
{
  CsStreamInfo info = { .size = sizeof info };
  g_autofree char *text = NULL;
  int value = 0;
  socklen_t len = sizeof value;

  cs_stream_info (stream, &info);
  getsockopt (stream->fd, IPPROTO_TCP, TCP_NODELAY, &value, &len);
  text = g_strdup_printf ("%s %d %d %d",
                          g_str_has_prefix (info.peer, "127.0.0.1:") ? "ok" : info.peer,
                          info.peer_loopback, info.local_loopback, value);
  cs_stream_write (stream, text, strlen (text));
  cs_stream_close (stream);
}

static void
test_info (void)
{
  static const char *const addresses[] = { "127.0.0.1:0", "*:0", "0.0.0.0:0" };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      CsListener *listener = test_listen (addresses[i], NULL, info_accept, NULL);
      const char *port = strrchr (cs_listener_address (listener), ':') + 1;
      struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons ((guint16) atoi (port)),
                                .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
      int fd = socket (AF_INET, SOCK_STREAM, 0);
      g_autofree char *text = NULL;

      g_assert_cmpint (connect (fd, (struct sockaddr *) &in, sizeof in), ==, 0);
      text = test_receive_all (fd);
      g_assert_cmpstr (text, ==, "ok 1 1 1");
      close (fd);
    }
}

/* Random sizes both ways, many at once: what comes back is what was sent. */
static void
test_integrity (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, echo_accept, NULL);
  int fd = test_connect (listener);
  g_autofree char *out = g_malloc (300000), *in = g_malloc (300000);

  for (gsize i = 0; i < 300000; i++)
    out[i] = (char) g_test_rand_int ();
  for (gsize at = 0; at < 300000;)
    {
      gsize len = (gsize) g_test_rand_int_range (1, 20000);

      len = MIN (len, 300000 - at);
      g_assert_cmpint (send (fd, out + at, len, 0), ==, len);
      g_assert_cmpint (recv (fd, in + at, len, MSG_WAITALL), ==, len);
      at += len;
    }
  g_assert_cmpmem (in, 300000, out, 300000);
  close (fd);
}

/* A connection at rest costs its struct and nothing else: buffers go back. */
static void
test_idle (void)
{
  enum { N = 2000 };
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, echo_accept, NULL);
  g_autofree int *fds = g_new (int, N);
  gsize before = mallinfo2 ().uordblks, after;

  for (guint i = 0; i < N; i++)
    {
      fds[i] = test_connect (listener);
      test_send (fds[i], "hello");
      test_receive (fds[i], "hello");
    }
  let_workers_turn ();
  after = mallinfo2 ().uordblks;
  g_test_message ("%.1f bytes each", (double) (after - before) / N);
  g_assert_cmpuint (after - before, <, (gsize) N * 256 + 4 * 65536);
  for (guint i = 0; i < N; i++)
    close (fds[i]);
  test_wait_streams (0);
}

static void
test_size (void)
{
  g_test_message ("a stream takes %" G_GSIZE_FORMAT " bytes", sizeof (CsStream));
  g_assert_cmpuint (sizeof (CsStream), <=, 256);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/net/stream/echo", test_echo, with_runtime);
  g_test_add_data_func ("/net/stream/half-close", test_half_close, with_runtime);
  g_test_add_data_func ("/net/stream/fiber", test_fiber, with_runtime);
  g_test_add_data_func ("/net/stream/one-write", test_one_write, with_runtime);
  g_test_add_data_func ("/net/stream/backpressure", test_backpressure, with_runtime);
  g_test_add_data_func ("/net/stream/flush-ends", test_flush_ends, with_runtime);
  g_test_add_data_func ("/net/stream/linger", test_linger, with_runtime);
  g_test_add_data_func ("/net/stream/linger-bounded", test_linger_bounded, with_runtime);
  g_test_add_data_func ("/net/stream/drained", test_drained, with_runtime);
  g_test_add_data_func ("/net/stream/watch-late", test_watch_late, with_runtime);
  g_test_add_data_func ("/net/stream/abort", test_abort, with_runtime);
  g_test_add_data_func ("/net/stream/info", test_info, with_runtime);
  g_test_add_data_func ("/net/stream/integrity", test_integrity, with_runtime);
  g_test_add_data_func ("/net/stream/idle", test_idle, with_runtime);
  g_test_add_func ("/net/stream/size", test_size);
  return g_test_run ();
}
