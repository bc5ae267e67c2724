/* broker.c: what the embedded broker's publications, deliveries and quiet channels cost.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Prints one line: deliver_ns= and ahead_ns= (CPU of a delivery to one of 10,000 subscribers on two
 * workers, with one publication on its way, and with 20), plain_ns= (a publication that nobody
 * reads), kept_ns= (numbered, a history of 100), subscription_bytes=, position_bytes= and
 * member_bytes= (heap of each of 100,000).
 */
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "host.h"
#include "memory.h"
#include "runtime/stats-core.h"

enum
{
  WORKERS = 2,
  SUBSCRIBERS = 10000,
  ROUNDS = 1000,
  PUBLICATIONS = 1000000,
  QUIET = 100000
};

static MemoryBroker *self;
static CsSubscription *subscriptions;

/* Each worker counts for itself; who completes its share of a round tells the main thread. */
static struct
{
  guint64 n;
  char apart[56];
} delivered[WORKERS];
static guint64 round_share;
static gint workers_left;
static CsWait round_over;

static double
cpu_ns (void)
{
  struct timespec at;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &at);
  return (double) at.tv_sec * 1e9 + (double) at.tv_nsec;
}

static double
heap_bytes (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return (double) info.uordblks + (double) info.hblkhd;
}

static void
on_publication (CsSubscription *subscription, const CsPublication *publication)
{
  guint worker = GPOINTER_TO_UINT (subscription->data);

  if (++delivered[worker].n % round_share == 0 && g_atomic_int_dec_and_test (&workers_left))
    cs_wake_from (&round_over);
}

static void
publish (CsSlice channel, GBytes *data, guint history_size)
{
  CsPublish with = { .size = sizeof with,
                     .channel = channel,
                     .data = data,
                     .history_size = history_size,
                     .history_ttl = CS_SECONDS (3600) };

  if (cs_broker_publish (&self->broker, &with, NULL) != CS_OK)
    g_error ("a publication was refused");
}

/* ---- deliveries ---- */

static void
subscribe_share (gpointer data)
{
  guint worker = GPOINTER_TO_UINT (data);

  for (guint i = worker; i < SUBSCRIBERS; i += WORKERS)
    {
      subscriptions[i].func = on_publication;
      subscriptions[i].data = data;
      cs_broker_subscribe (&self->broker, cs_slice_str ("room"), NULL, &subscriptions[i], NULL);
    }
}

static void
unsubscribe_share (gpointer data)
{
  for (guint i = GPOINTER_TO_UINT (data); i < SUBSCRIBERS; i += WORKERS)
    cs_broker_unsubscribe (&self->broker, &subscriptions[i]);
}

static double
measure_deliveries (guint ahead)
{
  g_autoptr (GBytes) data = g_bytes_new_take (g_malloc0 (64), 64);
  double begun = cpu_ns ();

  round_share = (guint64) ahead * SUBSCRIBERS / WORKERS;
  for (guint i = 0; i < WORKERS; i++)
    delivered[i].n = 0;
  for (guint i = 0; i < ROUNDS / ahead; i++)
    {
      g_atomic_int_set (&workers_left, WORKERS);
      cs_wait_init (&round_over);
      for (guint j = 0; j < ahead; j++)
        publish (cs_slice_str ("room"), data, 0);
      cs_wait_through (&round_over);
    }
  return (cpu_ns () - begun) / (double) (ROUNDS / ahead * ahead) / SUBSCRIBERS;
}

/* ---- publications ---- */

static double
measure_publications (guint history_size)
{
  g_autoptr (GBytes) data = g_bytes_new_take (g_malloc0 (64), 64);
  char names[1000][8];
  double begun;

  for (guint i = 0; i < 1000; i++)
    g_snprintf (names[i], sizeof names[i], "c%u", i);
  begun = cpu_ns ();
  for (guint i = 0; i < PUBLICATIONS; i++)
    publish (cs_slice_str (names[i % 1000]), data, history_size);
  return (cpu_ns () - begun) / PUBLICATIONS;
}

/* ---- memory ---- */

static char *
quiet_name (guint i)
{
  static char name[32];

  g_snprintf (name, sizeof name, "user:%u", i);
  return name;
}

static void
subscribe_quiet (gpointer data)
{
  for (guint i = 0; i < QUIET; i++)
    {
      subscriptions[i].func = on_publication;
      cs_broker_subscribe (&self->broker, cs_slice_str (quiet_name (i)), NULL, &subscriptions[i],
                           NULL);
    }
}

static void
unsubscribe_quiet (gpointer data)
{
  for (guint i = 0; i < QUIET; i++)
    cs_broker_unsubscribe (&self->broker, &subscriptions[i]);
}

static double
measure_subscriptions (void)
{
  double before = heap_bytes ();
  double each;

  host_on_fiber (0, subscribe_quiet, NULL);
  each = (heap_bytes () - before) / QUIET + sizeof (CsSubscription);
  host_on_fiber (0, unsubscribe_quiet, NULL);
  return each;
}

static double
measure_positions (void)
{
  CsHistoryQuery query = { .size = sizeof query };
  double before = heap_bytes ();
  CsPosition top;

  for (guint i = 0; i < QUIET; i++)
    cs_broker_history (&self->broker, cs_slice_str (quiet_name (i)), &query, NULL, NULL, &top);
  return (heap_bytes () - before) / QUIET;
}

static double
measure_members (void)
{
  double before = heap_bytes ();

  for (guint i = 0; i < QUIET; i++)
    {
      CsMember member = { .client = cs_slice_str (quiet_name (i)),
                          .user = cs_slice_str (quiet_name (i)) };

      cs_broker_join (&self->broker, cs_slice_str ("room"), &member, CS_SECONDS (3600));
    }
  return (heap_bytes () - before) / QUIET;
}

/* ---- the instance ---- */

static void
start_worker (gpointer data)
{
  memory_worker_start (self, (guint) cs_worker (), NULL);
}

static void
stop_worker (gpointer data)
{
  memory_worker_stop (self, (guint) cs_worker ());
}

/* Figures are counted as a node counts them: the harness's lock would be most of what is measured.
 */
static void
count_like_a_node (void)
{
  static CsHost host;

  host = *cs_host_;
  host.stats = &cs_stats_table_;
  cs_host_ = &host;
}

int
main (int argc, char **argv)
{
  static const MemorySettings settings = { .max_channels = 1000000,
                                           .max_bytes = 1 << 30,
                                           .max_queue = 1 << 26 };
  double one, ahead;

  host_start (WORKERS);
  count_like_a_node ();
  self = cs_harness_instance ("memory", &settings, sizeof (MemoryBroker));
  memory_create (self, NULL);
  subscriptions = g_new0 (CsSubscription, QUIET);
  for (guint i = 0; i < WORKERS; i++)
    host_on_worker (i, start_worker, NULL);
  for (guint i = 0; i < WORKERS; i++)
    host_on_fiber (i, subscribe_share, GUINT_TO_POINTER (i));
  one = measure_deliveries (1);
  ahead = measure_deliveries (20);
  for (guint i = 0; i < WORKERS; i++)
    host_on_fiber (i, unsubscribe_share, GUINT_TO_POINTER (i));
  printf ("deliver_ns=%.2f ahead_ns=%.2f ", one, ahead);
  printf ("plain_ns=%.1f ", measure_publications (0));
  printf ("kept_ns=%.1f ", measure_publications (100));
  printf ("subscription_bytes=%.0f ", measure_subscriptions ());
  printf ("position_bytes=%.0f ", measure_positions ());
  printf ("member_bytes=%.0f\n", measure_members ());
  for (guint i = 0; i < WORKERS; i++)
    host_on_worker (i, stop_worker, NULL);
  memory_destroy (self);
  host_stop ();
  return 0;
}
