/* sync-feed.c: feeds that wait: parked without a fiber, woken by a commit, a timer or the client's end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-wake.h"

#define SERVED_IN_A_TURN 64 /* what they are sent leaves before the next are served, and others have their turn */

#define RETRY CS_MS (10)

/* But for RUNNING the exchange is parked. */
typedef enum
{
  RUNNING,
  PARKED,
  WOKEN,  /* in the worker's queue */
  WAITING /* for a reading */
} State;

typedef struct
{
  SyncChanges *changes;
  CsStoreWatch watch;
  CsTimer timer;
  GList link;     /* WOKEN, WAITING */
  SyncWake *wake; /* WAITING: for this one. RUNNING: it is to be read */
  guint64 told;   /* the last commit that was heard of */
  gint generation; /* of the databases, when the right to read was last looked at */
  guint8 state;
  guint8 dirty; /* a commit came while the feed was running */
  guint8 over;  /* the database is gone, or the time is up */
} Feed;

static Feed *
feed_of_watch (CsStoreWatch *watch)
{
  return (Feed *) ((char *) watch - G_STRUCT_OFFSET (Feed, watch));
}

static void
leave_queue (Feed *feed)
{
  if (feed->state == WOKEN)
    g_queue_unlink (&sync_worker_feeds (feed->changes->self)->woken, &feed->link);
  else if (feed->state == WAITING)
    g_queue_unlink (&feed->wake->waiting, &feed->link);
  if (feed->state == WAITING)
    feed->wake = NULL;
}

/* The feed's memory is the exchange's: nothing is to be touched after the exchange has ended. */
static void
release (Feed *feed)
{
  Sync *self = feed->changes->self;

  leave_queue (feed);
  cs_timer_stop (&feed->timer);
  cs_store_unwatch (feed->changes->db->db, &feed->watch);
  sync_changes_release (feed->changes);
  cs_stat_add (self->feeds_waiting, -1);
}

static void
finish (Feed *feed, gboolean count)
{
  SyncChanges *changes = feed->changes;
  CsHttpExchange *exchange = changes->exchange;
  g_autoptr (GString) tail = g_string_new (NULL);
  CsSlice part;

  sync_changes_tail (changes, count, tail);
  part = cs_slice (tail->str, tail->len);
  release (feed);
  if (part.len > 0)
    cs_http_write (exchange, &part, 1);
  cs_http_end (exchange);
}

static void
give_up (Feed *feed)
{
  CsHttpExchange *exchange = feed->changes->exchange;

  release (feed);
  cs_http_abort (exchange);
}

/* ---- the right to read, which may end before the feed does ---- */

static gboolean
same_databases (const Feed *feed)
{
  return g_atomic_int_get (&feed->changes->self->generation) == feed->generation;
}

/* CS_AGAIN: only a fiber can tell. */
static CsStatus
known_right (Feed *feed)
{
  SyncChanges *changes = feed->changes;
  CsStatus status
    = cs_auth_recheck (changes->self->auth, cs_http_identity (changes->exchange), FALSE);

  return status == CS_OK && !same_databases (feed) ? CS_AGAIN : status;
}

/* On a fiber; may wait. */
static gboolean
has_right (Feed *feed)
{
  SyncChanges *changes = feed->changes;
  CsIdentity *identity = cs_http_identity (changes->exchange);
  gint generation = g_atomic_int_get (&changes->self->generation);
  g_autoptr (SyncDb) db = NULL;

  if (cs_auth_recheck (changes->self->auth, identity, TRUE) != CS_OK)
    return FALSE;
  if (feed->generation == generation)
    return TRUE;
  feed->generation = generation;
  return sync_open_for (changes->self, identity, cs_http_param (changes->exchange, 0), SYNC_READ,
                        &db)
         == CS_OK;
}

/* ---- waiting ---- */

static void start_timer (Feed *feed);
static void run (CsHttpExchange *exchange, gpointer data);
static void end_reading (SyncFeeds *feeds, SyncWake *wake, gboolean whole, SyncChanges *changes);

static const char *
heartbeat_text (const SyncChanges *changes)
{
  return changes->feed == SYNC_FEED_EVENTSOURCE ? "event: heartbeat\ndata: \n\n" : "\n";
}

static void
on_timer (CsTimer *timer, gpointer data)
{
  Feed *feed = data;

  if (feed->changes->heartbeat == 0 || known_right (feed) == CS_DENIED)
    {
      feed->over = TRUE;
      if (feed->state != RUNNING)
        finish (feed, FALSE);
      return;
    }
  if (feed->state != RUNNING)
    {
      cs_http_write_str (feed->changes->exchange, heartbeat_text (feed->changes));
      if (cs_http_flush (feed->changes->exchange) != CS_OK)
        {
          give_up (feed);
          return;
        }
    }
  start_timer (feed);
}

static void
start_timer (Feed *feed)
{
  SyncChanges *changes = feed->changes;
  gint64 pause = changes->heartbeat > 0 ? changes->heartbeat : changes->timeout;

  cs_timer_start (changes->self, &feed->timer, cs_now () + pause, on_timer, feed);
}

/* ---- woken: in slices, by a reading that all share ---- */

static void serve_woken (CsTask *task);

static void
enqueue (SyncFeeds *feeds, Feed *feed)
{
  feed->state = WOKEN;
  feed->link.data = feed;
  g_queue_push_tail_link (&feeds->woken, &feed->link);
  if (feeds->due)
    return;
  feeds->due = TRUE;
  feeds->task.run = serve_woken;
  cs_defer (&feeds->task);
}

static void
on_changed (CsStoreWatch *watch, guint64 last_seq, gboolean dropped)
{
  Feed *feed = feed_of_watch (watch);

  if (dropped)
    {
      feed->over = TRUE;
      if (feed->state != RUNNING)
        finish (feed, FALSE);
      return;
    }
  feed->told = last_seq;
  feed->dirty = TRUE;
  if (feed->state == PARKED && last_seq > feed->changes->since)
    enqueue (sync_worker_feeds (feed->changes->self), feed);
}

/* A feed that has rows of its own to read, or reads them for others too. FALSE: no fiber is free, it is the first to be
 * served again. */
static gboolean
resume (SyncFeeds *feeds, Feed *feed, gboolean for_others)
{
  if (for_others)
    feed->wake = sync_wake_begin (feeds, feed->changes, feed->told);
  feed->state = RUNNING;
  if (cs_http_resume (feed->changes->exchange, run, feed) == CS_OK)
    {
      cs_stat_add (feeds->self->feed_wakes, 1);
      return TRUE;
    }
  if (for_others)
    end_reading (feeds, g_steal_pointer (&feed->wake), FALSE, feed->changes);
  feed->state = WOKEN;
  g_queue_push_head_link (&feeds->woken, &feed->link);
  return FALSE;
}

/* Another has read what this one lacks. */
static void
take (Feed *feed, const SyncWake *wake)
{
  SyncChanges *changes = feed->changes;
  CsSlice parts[] = { cs_slice (wake->rows->str, wake->rows->len),
                      cs_slice (wake->tail->str, wake->tail->len) };

  if (wake->n_rows == 0)
    return;
  cs_stat_add (changes->self->feed_wakes, 1);
  changes->since = wake->last;
  changes->n_rows += wake->n_rows;
  changes->left -= wake->n_rows;
  cs_http_write (changes->exchange, parts, G_N_ELEMENTS (parts));
  if (changes->feed == SYNC_FEED_LONGPOLL)
    {
      CsHttpExchange *exchange = changes->exchange;

      release (feed);
      cs_http_end (exchange);
    }
  else if (cs_http_flush (changes->exchange) != CS_OK)
    give_up (feed);
  else if (changes->left <= 0)
    finish (feed, FALSE);
  else if (changes->heartbeat == 0)
    start_timer (feed);
}

/* FALSE: no fiber is free. */
static gboolean
serve (SyncFeeds *feeds, Feed *feed)
{
  gboolean shared = sync_wake_shared (feed->changes);
  SyncWake *wake = shared ? sync_wake_find (feeds, feed->changes, feed->told) : NULL;

  feed->state = PARKED;
  if (known_right (feed) != CS_OK)
    return resume (feeds, feed, FALSE);
  if (wake != NULL && wake->reading)
    {
      feed->state = WAITING;
      feed->wake = wake;
      g_queue_push_tail_link (&wake->waiting, &feed->link);
      return TRUE;
    }
  if (wake == NULL || !sync_wake_fits (wake, feed->changes))
    return resume (feeds, feed, shared && wake == NULL);
  take (feed, wake);
  return TRUE;
}

static void
on_retry (CsTimer *timer, gpointer data)
{
  SyncFeeds *feeds = data;

  serve_woken (&feeds->task);
}

static void
serve_woken (CsTask *task)
{
  SyncFeeds *feeds = (SyncFeeds *) ((char *) task - G_STRUCT_OFFSET (SyncFeeds, task));
  gboolean good = TRUE;

  for (guint n = 0; good && n < SERVED_IN_A_TURN && feeds->woken.length > 0; n++)
    good = serve (feeds, g_queue_pop_head_link (&feeds->woken)->data);
  feeds->due = feeds->woken.length > 0;
  if (!feeds->due)
    sync_wake_forget (feeds);
  else if (good)
    cs_defer (&feeds->task);
  else
    cs_timer_start (feeds->self, &feeds->retry, cs_now () + RETRY, on_retry, feeds);
}

/* Those that waited for the reading are served, or read for themselves. */
static void
end_reading (SyncFeeds *feeds, SyncWake *wake, gboolean whole, SyncChanges *changes)
{
  GList *link;

  sync_wake_end (wake, whole, changes);
  while ((link = g_queue_pop_head_link (&wake->waiting)) != NULL)
    {
      Feed *feed = link->data;

      feed->wake = NULL;
      enqueue (feeds, feed);
    }
  sync_wake_unref (wake);
}

static void
on_gone (CsHttpExchange *exchange, gpointer data, gboolean draining)
{
  Feed *feed = data;

  if (draining)
    finish (feed, FALSE);
  else
    {
      release (feed);
      cs_http_end (exchange);
    }
}

/* ---- writing, on a fiber ---- */

static gboolean
complete (const Feed *feed)
{
  const SyncChanges *changes = feed->changes;

  return feed->over || changes->left <= 0
         || (changes->feed == SYNC_FEED_LONGPOLL && changes->n_rows > 0);
}

/* The rows go to the others before this client is waited for. */
static CsStatus
read_for_all (Feed *feed, SyncWake *wake)
{
  SyncChanges *changes = feed->changes;
  CsSlice rows;
  gboolean more = FALSE;
  CsStatus status;

  wake->upto = feed->told;
  status = sync_changes_page (changes, wake->rows, &more);
  wake->ref_count++;
  end_reading (sync_worker_feeds (changes->self), wake, status == CS_OK && !more, changes);
  rows = cs_slice (wake->rows->str, wake->rows->len);
  if (status == CS_OK && rows.len > 0)
    status = cs_http_write (changes->exchange, &rows, 1);
  sync_wake_unref (wake);
  return status == CS_OK && more ? sync_changes_stream (changes) : status;
}

/* CS_NOT_FOUND: not for this client any more. */
static CsStatus
read_new (Feed *feed)
{
  SyncWake *wake = g_steal_pointer (&feed->wake);

  if (!has_right (feed))
    {
      if (wake != NULL)
        end_reading (sync_worker_feeds (feed->changes->self), wake, FALSE, feed->changes);
      return CS_NOT_FOUND;
    }
  return wake != NULL ? read_for_all (feed, wake) : sync_changes_stream (feed->changes);
}

/* Writes what is new, and waits for more without the fiber. */
static void
run (CsHttpExchange *exchange, gpointer data)
{
  Feed *feed = data;
  SyncChanges *changes = feed->changes;
  guint64 before = changes->n_rows;

  do
    {
      CsStatus status;

      feed->dirty = FALSE;
      status = read_new (feed);
      if (status == CS_NOT_FOUND)
        feed->over = TRUE;
      else if (status != CS_OK)
        {
          give_up (feed);
          return;
        }
    }
  while (feed->dirty && !complete (feed));

  if (complete (feed))
    {
      finish (feed, !feed->over);
      return;
    }
  if (changes->n_rows > before && changes->heartbeat == 0)
    start_timer (feed);
  cs_http_flush (exchange);
  feed->state = PARKED;
  cs_http_park (exchange, on_gone, feed);
}

static void
begin (SyncChanges *changes)
{
  sync_begin (changes->exchange, changes->feed == SYNC_FEED_EVENTSOURCE ? "text/event-stream"
                                                                        : "application/json");
  if (changes->feed == SYNC_FEED_LONGPOLL)
    cs_http_write_str (changes->exchange, "{\"results\":[\n");
  else if (changes->feed == SYNC_FEED_EVENTSOURCE)
    cs_http_write_str (changes->exchange, "\n");
}

void
sync_feed_run (SyncChanges *changes)
{
  Feed *feed = cs_http_alloc (changes->exchange, sizeof *feed);

  memset (feed, 0, sizeof *feed);
  feed->changes = changes;
  feed->generation = changes->db->generation;
  feed->watch.changed = on_changed;
  cs_stat_add (changes->self->feeds_waiting, 1);
  /* Before the first reading, so that no commit falls between it and the wait. */
  cs_store_watch (changes->db->db, &feed->watch);
  begin (changes);
  start_timer (feed);
  run (changes->exchange, feed);
}
