/* sync-feed.c: feeds that wait: parked without a fiber, woken by a commit, a timer or the client's end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-changes.h"

typedef struct
{
  SyncChanges *changes;
  CsStoreWatch watch;
  CsTimer timer;
  gboolean parked;
  gboolean dirty; /* a commit came while the feed was busy */
  gboolean over;  /* the database is gone, or the time is up */
  gint64 deadline; /* of the whole wait, without heartbeats */
} Feed;

static Feed *
feed_of_watch (CsStoreWatch *watch)
{
  return (Feed *) ((char *) watch - G_STRUCT_OFFSET (Feed, watch));
}

/* The feed's memory is the exchange's: nothing is to be touched after the exchange has ended. */
static void
release (Feed *feed)
{
  Sync *self = feed->changes->self;

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

/* ---- waiting ---- */

static void start_timer (Feed *feed);
static void run (CsHttpExchange *exchange, gpointer data);

static const char *
heartbeat_text (const SyncChanges *changes)
{
  return changes->feed == SYNC_FEED_EVENTSOURCE ? "event: heartbeat\ndata: \n\n" : "\n";
}

static void
on_timer (CsTimer *timer, gpointer data)
{
  Feed *feed = data;

  if (feed->changes->heartbeat == 0)
    {
      feed->over = TRUE;
      if (feed->parked)
        finish (feed, FALSE);
      return;
    }
  if (feed->parked)
    {
      cs_http_write_str (feed->changes->exchange, heartbeat_text (feed->changes));
      cs_http_flush (feed->changes->exchange);
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

static void
on_changed (CsStoreWatch *watch, guint64 last_seq, gboolean dropped)
{
  Feed *feed = feed_of_watch (watch);

  if (dropped)
    {
      feed->over = TRUE;
      if (feed->parked)
        finish (feed, FALSE);
      return;
    }
  feed->dirty = TRUE;
  if (!feed->parked || last_seq <= feed->changes->since)
    return;
  feed->parked = FALSE;
  cs_stat_add (feed->changes->self->feed_wakes, 1);
  if (cs_http_resume (feed->changes->exchange, run, feed) != CS_OK)
    feed->parked = TRUE; /* no fiber is free: the next commit or heartbeat tries again */
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
      status = sync_changes_stream (changes);
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
  feed->parked = TRUE;
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
  feed->watch.changed = on_changed;
  cs_stat_add (changes->self->feeds_waiting, 1);
  /* Before the first reading, so that no commit falls between it and the wait. */
  cs_store_watch (changes->db->db, &feed->watch);
  begin (changes);
  start_timer (feed);
  run (changes->exchange, feed);
}
