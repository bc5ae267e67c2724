/* memory.c: the instance: its life, its limits and its figures.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

/* A limit that is reached is logged so often, and counted each time. */
#define BETWEEN_WARNINGS CS_SECONDS (60)

static const CsBrokerTable memory_table = {
  .size = sizeof (CsBrokerTable),
  .publish = memory_publish,
  .wake = memory_wake,
  .subscribe = memory_subscribe,
  .unsubscribe = memory_unsubscribe,
  .history = memory_history,
  .history_remove = memory_history_remove,
  .join = memory_join,
  .leave = memory_leave,
  .presence = memory_presence,
  .presence_stats = memory_presence_stats,
  .channels = memory_list,
  .own = memory_own,
  .feed = memory_feed,
  .feed_event = memory_feed_event,
  .admits = memory_admits,
};

/* ---- shelves ---- */

/* At most so many that have ended are dropped before the caller goes on; all of the channel's own
 * are seen to have ended only then, so it is far more than end within the pause of a sweep. */
#define MOST_AT_ONCE 100000

MemoryShelf *
memory_shelf_open (MemoryBroker *self, const MemoryName *name, gint64 now)
{
  MemoryShelf *shelf = &self->shelves[name->hash % MEMORY_SHELVES];

  pthread_mutex_lock (&shelf->lock);
  memory_shelf_expire (shelf, now, MOST_AT_ONCE);
  return shelf;
}

void
memory_shelf_close (MemoryBroker *self, MemoryShelf *shelf)
{
  gint64 next = memory_heap_next (&shelf->deadlines);

  pthread_mutex_unlock (&shelf->lock);
  if (next != G_MAXINT64)
    memory_sweep_note (self, (guint) (shelf - self->shelves), next);
}

/* ---- limits ---- */

static gboolean
may_warn (MemoryBroker *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 told = __atomic_load_n (&self->told, __ATOMIC_RELAXED);

  return (told == 0 || now - told >= BETWEEN_WARNINGS) &&
         __atomic_compare_exchange_n (&self->told, &told, now, FALSE, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED);
}

CsStatus
memory_refuse_channel (MemoryBroker *self)
{
  const MemorySettings *settings = cs_settings (self);

  cs_stat_add (self->refused_channels, 1);
  if (may_warn (self))
    cs_warning (self,
                "no room for another channel: raise memory.max-channels, or shorten what is kept",
                CS_F_INT ("max-channels", settings->max_channels));
  return CS_OVERLOADED;
}

CsStatus
memory_refuse_bytes (MemoryBroker *self)
{
  const MemorySettings *settings = cs_settings (self);

  cs_stat_add (self->refused_bytes, 1);
  if (may_warn (self))
    cs_warning (self,
                "no room for another publication: raise memory.max-bytes, or lower history-size or "
                "history-ttl",
                CS_F_INT ("max-bytes", settings->max_bytes));
  return CS_OVERLOADED;
}

static void
use_settings (MemoryBroker *self)
{
  const MemorySettings *settings = cs_settings (self);

  __atomic_store_n (&self->budget.max_channels, settings->max_channels, __ATOMIC_RELAXED);
  __atomic_store_n (&self->budget.max_bytes, settings->max_bytes, __ATOMIC_RELAXED);
}

void
memory_reload_commit (gpointer self, gpointer token)
{
  use_settings (self);
}

/* ---- its life ---- */

static void
define_figures (MemoryBroker *self)
{
  self->published = cs_counter (self, "broker_published_total", "Publications.", NULL);
  self->delivered =
    cs_counter (self, "broker_delivered_total", "Publications handed to a subscriber.", NULL);
  self->merged = cs_counter (self, "broker_merged_total",
                             "Wake-ups of a worker that a later one made needless.", NULL);
  self->lost = cs_counter (self, "broker_lost_total",
                           "Publications that a worker's full queue had no room for.", NULL);
  self->refused_channels =
    cs_counter (self, "broker_refused_total", "Calls refused at a limit.", "limit=\"channels\"");
  self->refused_bytes =
    cs_counter (self, "broker_refused_total", "Calls refused at a limit.", "limit=\"bytes\"");
  self->subscriptions = cs_gauge (self, "broker_subscriptions", "Subscriptions now.", NULL);
  self->budget.kept_channels =
    cs_gauge (self, "broker_kept_channels", "Channels of which something is kept.", NULL);
  self->budget.kept_bytes = cs_gauge (self, "broker_kept_bytes", "Bytes that are kept.", NULL);
  self->budget.members =
    cs_gauge (self, "broker_members", "Clients present, in each of their channels.", NULL);
  self->delay = cs_histogram_us (self, "broker_delay_seconds",
                                 "Time from publishing to a worker's delivery.", NULL);
}

static void
make_parts (MemoryBroker *self)
{
  guint i;

  self->n_workers = cs_n_workers ();
  self->n_words = (self->n_workers + 63) / 64;
  self->interest = g_new0 (guint64, MEMORY_SLOTS * self->n_words);
  self->inboxes = g_new0 (MemoryInbox, self->n_workers);
  self->sweeps = g_new0 (MemorySweep, self->n_workers);
  self->owners = g_array_new (FALSE, FALSE, sizeof (MemoryOwner));
  for (i = 0; i < self->n_workers; i++)
    {
      memory_inbox_init (&self->inboxes[i], i, memory_deliver, self);
      memory_sweep_init (&self->sweeps[i], self, i);
    }
  for (i = 0; i < MEMORY_SHELVES; i++)
    memory_shelf_init (&self->shelves[i], &self->budget);
}

gboolean
memory_create (gpointer instance, GError **error)
{
  MemoryBroker *self = instance;

  self->broker.table = &memory_table;
  define_figures (self);
  make_parts (self);
  use_settings (self);
  return cs_provide (self, CS_BROKER, &self->broker, error);
}

gboolean
memory_worker_start (gpointer instance, guint worker, GError **error)
{
  MemoryBroker *self = instance;
  MemoryWorker *state = g_new0 (MemoryWorker, 1);

  state->channels = memory_channels_new ();
  cs_set_local (self, state);
  memory_sweep_start (&self->sweeps[worker]);
  return TRUE;
}

static void
drop_backlog (MemoryWorker *state)
{
  while (state->backlog != NULL)
    {
      MemoryLink *next = state->backlog->next;

      memory_message_unref (state->backlog->message);
      state->backlog = next;
    }
}

void
memory_worker_stop (gpointer instance, guint worker)
{
  MemoryBroker *self = instance;
  MemoryWorker *state = cs_local (self);
  guint left;

  if (state == NULL)
    return;
  memory_sweep_stop (&self->sweeps[worker]);
  cs_set_local (self, NULL);
  drop_backlog (state);
  memory_feeds_forget (state);
  left = memory_channels_free (state->channels);
  g_free (state);
  if (left > 0)
    cs_warning (self, "subscriptions left behind", CS_F_INT ("count", left));
}

static void
clear_owners (MemoryBroker *self)
{
  guint i;

  for (i = 0; i < self->owners->len; i++)
    g_free (g_array_index (self->owners, MemoryOwner, i).prefix);
  g_array_unref (self->owners);
}

void
memory_destroy (gpointer instance)
{
  MemoryBroker *self = instance;
  guint i;

  for (i = 0; i < self->n_workers; i++)
    memory_inbox_clear (&self->inboxes[i]);
  for (i = 0; i < MEMORY_SHELVES; i++)
    memory_shelf_clear (&self->shelves[i]);
  clear_owners (self);
  g_free (self->inboxes);
  g_free (self->sweeps);
  g_free (self->interest);
}
