/* test-shared.c: what workers share: buffers that are framed and compressed once, and the rate of handshakes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <websocket.h>

#include <harness.h>

#define WORKERS 4
#define ROUNDS 300

static const WsSettings settings
  = { .compression = TRUE, .compression_level = 3, .compression_min = 10, .window_bits = 15 };

typedef struct
{
  WsPlugin *plugin;
  CsWsBuffer *buffers[ROUNDS];
  CsTask tasks[WORKERS];
} Fixture;

static Fixture fixture;

static GBytes *
frame_of (CsWsBuffer *buffer, guint8 bits, gboolean *packed)
{
  WsConnection connection = { .worker = cs_local (fixture.plugin), .compress = TRUE };

  connection.reader.deflate.server_bits = bits;
  return ws_buffer_frame ((WsBuffer *) buffer, &connection, packed);
}

/* Every worker asks for every form of every buffer at once, then gives its reference back. */
static void
use_buffers (CsTask *task)
{
  for (guint i = 0; i < ROUNDS; i++)
    {
      gboolean packed;

      for (guint8 bits = 15; bits >= 8; bits--)
        {
          GBytes *frame = frame_of (fixture.buffers[i], bits, &packed);

          g_assert_true (packed);
          g_assert_true (frame == frame_of (fixture.buffers[i], bits, &packed));
          g_assert_cmpuint (((const guint8 *) g_bytes_get_data (frame, NULL))[0], ==, 0xc1);
        }
      g_assert_cmpuint (g_bytes_get_size (frame_of (fixture.buffers[i], 0, &packed)), ==, 504);
      g_assert_false (packed);
      ws_buffer_unref (fixture.buffers[i]);
    }
}

/* The parts of a worker that buffers use: the harness has no timers and no streams. */
static void
start_worker (gpointer data)
{
  WsWorker *worker = g_new0 (WsWorker, 1);

  worker->plugin = fixture.plugin;
  cs_set_local (fixture.plugin, worker);
}

static void
stop_worker (gpointer data)
{
  WsWorker *worker = cs_local (fixture.plugin);

  ws_zlib_clear (&worker->zlib);
  ws_bytes_clear (&worker->scratch);
  g_free (worker);
}

static void
on_each_worker (CsHarnessFunc func)
{
  for (guint i = 0; i < WORKERS; i++)
    cs_harness_run (i, func, NULL);
}

static void
set_up (void)
{
  cs_harness_start (WORKERS);
  fixture.plugin = cs_harness_instance ("websocket", &settings, sizeof (WsPlugin));
  fixture.plugin->settings = &settings;
  on_each_worker (start_worker);
}

static void
tear_down (void)
{
  on_each_worker (stop_worker);
  cs_harness_stop ();
}

static void
test_buffers (void)
{
  g_autofree char *text = g_strnfill (500, 'x');
  CsSlice parts[2] = { cs_slice (text, 200), cs_slice (text, 300) };

  set_up ();
  for (guint i = 0; i < ROUNDS; i++)
    {
      fixture.buffers[i] = ws_buffer_new (&fixture.plugin->service, CS_WS_TEXT, parts, 2);
      for (guint j = 1; j < WORKERS; j++)
        ws_buffer_ref (fixture.buffers[i]);
    }
  for (guint i = 0; i < WORKERS; i++)
    {
      fixture.tasks[i].run = use_buffers;
      cs_post (i, &fixture.tasks[i]);
    }
  cs_harness_settle ();
  tear_down ();
}

static void
ask_incompressible (gpointer data)
{
  gboolean packed;
  GBytes *frame = frame_of (data, 15, &packed);

  g_assert_false (packed);
  g_assert_cmpuint (g_bytes_get_size (frame), ==, 2 + 20);
}

static void
test_incompressible (void)
{
  CsSlice part = cs_slice_str ("abcdefghijklmnopqrst");
  CsWsBuffer *buffer;

  set_up ();
  buffer = ws_buffer_new (&fixture.plugin->service, CS_WS_TEXT, &part, 1);
  for (guint i = 0; i < WORKERS; i++)
    cs_harness_run (i, ask_incompressible, buffer);
  ws_buffer_unref (buffer);
  tear_down ();
}

/* ---- the rate ---- */

static guint
take_over (gint64 *time, gint64 rate, gint64 from, gint64 to, gint64 step)
{
  guint n = 0;

  for (gint64 now = from; now < to; now += step)
    n += ws_rate_take (time, rate, now);
  return n;
}

static void
test_rate (void)
{
  gint64 time = 0;

  /* A tenth of a second's worth at once, then evenly. */
  g_assert_cmpuint (take_over (&time, 100, CS_SECONDS (10), CS_SECONDS (11), 100), ==, 109);
  g_assert_cmpuint (take_over (&time, 100, CS_SECONDS (11), CS_SECONDS (12), 100), ==, 100);
  time = 0;
  g_assert_cmpuint (take_over (&time, 1, CS_SECONDS (10), CS_SECONDS (20), 1000), ==, 10);
}

static gint64 shared_time;
static gint shared_taken;

static void
take_many (CsTask *task)
{
  gint n = 0;

  for (guint i = 0; i < 20000; i++)
    n += ws_rate_take (&shared_time, 1000, CS_SECONDS (50));
  g_atomic_int_add (&shared_taken, n);
}

/* All workers at one time: exactly the burst. */
static void
test_rate_is_shared (void)
{
  static CsTask tasks[WORKERS];

  cs_harness_start (WORKERS);
  for (guint i = 0; i < WORKERS; i++)
    {
      tasks[i].run = take_many;
      cs_post (i, &tasks[i]);
    }
  cs_harness_settle ();
  g_assert_cmpint (g_atomic_int_get (&shared_taken), ==, 100);
  cs_harness_stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket/shared/buffers", test_buffers);
  g_test_add_func ("/websocket/shared/incompressible", test_incompressible);
  g_test_add_func ("/websocket/shared/rate", test_rate);
  g_test_add_func ("/websocket/shared/rate-is-shared", test_rate_is_shared);
  return g_test_run ();
}
