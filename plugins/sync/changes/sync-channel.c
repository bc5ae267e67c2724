/* sync-channel.c: a database's feed of changes as the broker's channel `db:NAME`.
 * SPDX-License-Identifier: Apache-2.0
 *
 * While somebody subscribes on a worker, a watch of the database starts a fiber there after a
 * commit, which reads the new rows as `_changes` does and hands them over one by one. A write costs
 * nothing more than the waking of one more feed, and nothing at all when nobody subscribes. The
 * position is the pair that sequence tokens carry, so that one cursor serves both ways. */
#include "sync-access.h"
#include "sync-channel.h"

#define PAGE_ROWS 100 /* then others on the worker have their turn */
#define RETRY CS_MS (100)

/* One reference is the open feed's, one the running fiber's. */
typedef struct
{
  guint ref_count;
  CsFeed *feed; /* NULL: closed */
  SyncChanges changes;
  CsStoreWatch watch;
  CsTimer retry;
  GList link; /* in the worker's channels */
  guint8 running;
  guint8 dirty;
  guint8 dropped;
} Channel;

static Channel *
channel_of_watch (CsStoreWatch *watch)
{
  return (Channel *) ((char *) watch - G_STRUCT_OFFSET (Channel, watch));
}

static void
channel_unref (Channel *channel)
{
  if (--channel->ref_count > 0)
    return;
  sync_db_unref (channel->changes.db);
  g_free (channel);
}

/* Nothing is read for it any more. */
static void
release (Channel *channel)
{
  Sync *self = channel->changes.self;

  channel->feed = NULL;
  cs_timer_stop (&channel->retry);
  cs_store_unwatch (channel->changes.db->db, &channel->watch);
  g_queue_unlink (sync_worker_channels (self), &channel->link);
  g_atomic_int_add (&self->n_channels, -1);
  cs_stat_add (self->channels_open, -1);
  channel_unref (channel);
}

static void
end (Channel *channel)
{
  CsFeed *feed = channel->feed;

  channel->feed = NULL;
  cs_broker_feed_event (channel->changes.self->broker, feed, CS_BROKER_ENDED);
  release (channel);
}

/* ---- rows ---- */

static CsStatus
row_data (SyncChanges *changes, const CsStoreRecord *record, SyncScratch *scratch, GBytes **data)
{
  GString *text = g_string_sized_new (256);
  CsStatus status = sync_changes_row (changes, record, &scratch->arena, text);

  sync_scratch_reset (scratch);
  if (status == CS_OK)
    *data = g_string_free_to_bytes (text);
  else
    g_string_free (text, TRUE);
  return status;
}

static CsStatus
read_page (const SyncChanges *changes, guint limit, CsStoreRows **rows)
{
  CsStoreRange range = { .size = sizeof range, .since = changes->since, .limit = limit };

  range.what = changes->include_docs ? CS_STORE_BODY : 0;
  return cs_store_changes (changes->db->db, &range, rows);
}

static CsStatus
hand_over_rows (Channel *channel, const CsStoreRows *rows)
{
  SyncChanges *changes = &channel->changes;
  SyncScratch scratch;
  CsStatus status = CS_OK;

  sync_scratch_init (&scratch);
  for (guint i = 0; status == CS_OK && channel->feed != NULL && i < rows->n; i++)
    {
      CsPosition position = { rows->records[i].seq, changes->epoch };
      g_autoptr (GBytes) data = NULL;

      status = row_data (changes, &rows->records[i], &scratch, &data);
      if (status != CS_OK || channel->feed == NULL)
        break;
      changes->since = position.offset;
      cs_broker_feed (changes->self->broker, channel->feed, data, &position);
    }
  sync_scratch_clear (&scratch);
  return status;
}

/* After a restore or a failover the numbers go on from where the epochs part. */
static CsStatus
follow_epoch (SyncChanges *changes)
{
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status = cs_store_info (changes->db->db, &info);

  if (status != CS_OK || info.epoch == changes->epoch)
    return status;
  if (cs_store_resolve (changes->db->db, changes->epoch, changes->since, &changes->since) != CS_OK)
    changes->since = 0;
  changes->epoch = info.epoch;
  return CS_OK;
}

static CsStatus
hand_over (Channel *channel)
{
  SyncChanges *changes = &channel->changes;
  CsStatus status = follow_epoch (changes);
  gboolean more = TRUE;

  while (status == CS_OK && more && channel->feed != NULL)
    {
      CsStoreRows *rows = NULL;

      status = read_page (changes, PAGE_ROWS, &rows);
      if (status != CS_OK)
        break;
      more = rows->more;
      status = hand_over_rows (channel, rows);
      cs_store_rows_free (changes->db->db, rows);
      if (more && status == CS_OK)
        status = cs_sleep (1);
    }
  return status;
}

/* ---- waking ---- */

static void start (Channel *channel);

static void
on_retry (CsTimer *timer, gpointer data)
{
  start (data);
}

static void
retry_later (Channel *channel)
{
  channel->dirty = TRUE;
  cs_timer_start (channel->changes.self, &channel->retry, cs_now () + RETRY, on_retry, channel);
}

static void
run (gpointer data)
{
  Channel *channel = data;
  CsStatus status = CS_OK;

  while (channel->dirty && channel->feed != NULL && status == CS_OK)
    {
      channel->dirty = FALSE;
      status = hand_over (channel);
    }
  channel->running = FALSE;
  if (channel->feed != NULL && (channel->dropped || status == CS_NOT_FOUND))
    end (channel);
  else if (channel->feed != NULL && status != CS_OK && status != CS_CANCELLED)
    retry_later (channel);
  channel_unref (channel);
}

static void
start (Channel *channel)
{
  if (channel->running)
    return;
  channel->running = TRUE;
  channel->ref_count++;
  if (cs_fiber_start (channel->changes.self, run, channel, CS_NEVER) == CS_OK)
    return;
  channel->running = FALSE;
  channel->ref_count--;
  retry_later (channel);
}

static void
on_changed (CsStoreWatch *watch, guint64 last_seq, gboolean dropped)
{
  Channel *channel = channel_of_watch (watch);

  channel->dropped = channel->dropped || dropped;
  if (dropped && !channel->running)
    end (channel);
  else if (!dropped && last_seq > channel->changes.since)
    {
      channel->dirty = TRUE;
      start (channel);
    }
}

/* ---- the owner's functions ---- */

/* What follows `db:` in the name that is subscribed to: the database's in the store. */
static CsStatus
open_database (Sync *self, CsSlice channel, SyncDb **db)
{
  CsSlice key = cs_slice (channel.data + 3, channel.len - 3);
  char text[SYNC_KEY_MAX + 1];

  *db = NULL;
  if (sync_worker_channels (self) == NULL)
    return CS_CLOSED;
  if (key.len == 0 || key.len > SYNC_KEY_MAX || memchr (key.data, '\0', key.len) != NULL)
    return CS_NOT_FOUND;
  memcpy (text, key.data, key.len);
  text[key.len] = '\0';
  return sync_open_key (self, text, db);
}

static CsStatus
begin_changes (SyncChanges *changes, Sync *self, SyncDb *db, guint variant, CsStoreInfo *info)
{
  *changes = (SyncChanges){ .self = self, .db = db, .include_docs = variant != 0 };
  info->size = sizeof *info;
  if (cs_store_info (db->db, info) != CS_OK)
    return CS_NOT_FOUND;
  changes->epoch = info->epoch;
  return CS_OK;
}

static CsStatus
channel_open (gpointer data, CsFeed *feed)
{
  Sync *self = data;
  Channel *channel = g_new0 (Channel, 1);
  CsStoreInfo info;
  SyncDb *db;
  CsStatus status = open_database (self, feed->channel, &db);

  if (status == CS_OK)
    {
      channel->watch.changed = on_changed;
      status = cs_store_watch (db->db, &channel->watch);
    }
  if (status == CS_OK && begin_changes (&channel->changes, self, db, feed->variant, &info) != CS_OK)
    {
      cs_store_unwatch (db->db, &channel->watch);
      status = CS_NOT_FOUND;
    }
  if (status != CS_OK)
    {
      sync_db_unref (db);
      g_free (channel);
      return status;
    }
  channel->ref_count = 1;
  channel->feed = feed;
  channel->changes.since = info.last_seq;
  channel->link.data = channel;
  g_queue_push_tail_link (sync_worker_channels (self), &channel->link);
  g_atomic_int_inc (&self->n_channels);
  cs_stat_add (self->channels_open, 1);
  feed->data = channel;
  feed->position = (CsPosition){ info.last_seq, info.epoch };
  return CS_OK;
}

static void
channel_close (gpointer self, CsFeed *feed)
{
  release (feed->data);
}

/* Where a reading goes on from `since`; FALSE: it is not one of this database's positions. */
static gboolean
since_position (SyncDb *db, const CsStoreInfo *info, const CsPosition *since, guint64 *from)
{
  *from = since->offset;
  if (since->epoch != 0 && cs_store_resolve (db->db, since->epoch, since->offset, from) != CS_OK)
    return FALSE;
  return *from <= info->last_seq;
}

static CsStatus
show_rows (SyncChanges *changes, CsSlice channel, const CsStoreRows *rows, CsHistoryFunc func,
           gpointer data, gboolean *more)
{
  SyncScratch scratch;
  CsStatus status = CS_OK;

  sync_scratch_init (&scratch);
  for (guint i = 0; status == CS_OK && *more && i < rows->n; i++)
    {
      g_autoptr (GBytes) text = NULL;
      CsPublication row = { .size = sizeof row,
                            .channel = channel,
                            .position = { rows->records[i].seq, changes->epoch },
                            .time = rows->records[i].updated };

      status = row_data (changes, &rows->records[i], &scratch, &text);
      if (status != CS_OK)
        break;
      changes->since = row.position.offset;
      changes->left--;
      row.data = text;
      *more = func (&row, data) && changes->left > 0;
    }
  sync_scratch_clear (&scratch);
  return status;
}

static CsStatus
show_pages (SyncChanges *changes, CsSlice channel, CsHistoryFunc func, gpointer data)
{
  gboolean more = changes->left > 0;
  CsStatus status = CS_OK;

  while (status == CS_OK && more)
    {
      CsStoreRows *rows = NULL;

      status = read_page (changes, (guint) MIN (changes->left, PAGE_ROWS), &rows);
      if (status != CS_OK)
        break;
      more = rows->n > 0;
      status = show_rows (changes, channel, rows, func, data, &more);
      more = more && rows->more;
      cs_store_rows_free (changes->db->db, rows);
    }
  return status;
}

static CsStatus
channel_read_since (gpointer self, CsSlice channel, guint variant, const CsPosition *since,
                    guint limit, CsHistoryFunc func, gpointer data, CsPosition *top)
{
  g_autoptr (SyncDb) db = NULL;
  SyncChanges changes;
  CsStoreInfo info;
  CsStatus status = open_database (self, channel, &db);

  *top = (CsPosition){ 0, 0 };
  if (status == CS_OK)
    status = begin_changes (&changes, self, db, variant, &info);
  if (status != CS_OK)
    return status;
  *top = (CsPosition){ info.last_seq, info.epoch };
  if (limit == 0)
    return CS_OK;
  if (!since_position (db, &info, since, &changes.since))
    return CS_NOT_FOUND;
  changes.left = limit;
  return show_pages (&changes, channel, func, data);
}

static CsStatus
channel_admits (gpointer self, CsSlice channel, CsIdentity *identity, char *actual)
{
  Sync *sync = self;
  CsSlice name = cs_slice (channel.data + 3, channel.len - 3);
  SyncDb *db = NULL;
  CsStatus status;

  if (sync_worker_channels (self) == NULL)
    return CS_CLOSED;
  status = cs_auth_recheck (sync->auth, identity, TRUE);
  if (status == CS_OK)
    status = sync_open_for (sync, identity, name, SYNC_READ, &db);
  if (status == CS_OK)
    g_snprintf (actual, CS_CHANNEL_MAX + 1, SYNC_CHANNEL_PREFIX "%s", db->key);
  sync_db_unref (db);
  return status;
}

static const CsStreamOwner channel_owner = {
  .size = sizeof (CsStreamOwner),
  .open = channel_open,
  .close = channel_close,
  .read_since = channel_read_since,
  .admits = channel_admits,
};

gboolean
sync_channels_own (Sync *self, GError **error)
{
  CsStatus status;

  self->broker = cs_require (self, CS_BROKER);
  if (self->broker == NULL)
    return TRUE;
  status = cs_broker_own (self->broker, self, cs_slice_str (SYNC_CHANNEL_PREFIX), &channel_owner);
  if (status == CS_OK || status == CS_UNSUPPORTED)
    return TRUE;
  g_set_error (error, CS_ERROR, (gint) status,
               "the channels " SYNC_CHANNEL_PREFIX "… belong to another plugin: %s",
               cs_status_text (status));
  return FALSE;
}

/* ---- all channels of a worker ---- */

/* The open ones, or those of one database, with references: what is told of them may close any. */
static GPtrArray *
open_channels (Sync *self, const char *key)
{
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) channel_unref);

  for (GList *link = sync_worker_channels (self)->head; link != NULL; link = link->next)
    {
      Channel *channel = link->data;

      if (key != NULL && strcmp (channel->changes.db->key, key) != 0)
        continue;
      channel->ref_count++;
      g_ptr_array_add (found, channel);
    }
  return found;
}

void
sync_channels_end (Sync *self)
{
  g_autoptr (GPtrArray) open = open_channels (self, NULL);

  for (guint i = 0; i < open->len; i++)
    if (((Channel *) open->pdata[i])->feed != NULL)
      end (open->pdata[i]);
}

typedef struct
{
  CsTask task;
  Sync *self;
  char key[];
} Review;

static void
review_here (CsTask *task)
{
  Review *review = (Review *) task;
  Sync *self = review->self;

  if (sync_worker_channels (self) != NULL)
    {
      g_autoptr (GPtrArray) open = open_channels (self, review->key);

      for (guint i = 0; i < open->len; i++)
        {
          Channel *channel = open->pdata[i];

          if (channel->feed != NULL)
            cs_broker_feed_event (self->broker, channel->feed, CS_BROKER_RULES);
        }
    }
  g_free (review);
}

void
sync_channels_review (Sync *self, const char *key)
{
  gsize len = strlen (key) + 1;

  if (g_atomic_int_get (&self->n_channels) == 0)
    return;
  for (guint i = 0; i < cs_n_workers (); i++)
    {
      Review *review = g_malloc (sizeof *review + len);

      review->task.run = review_here;
      review->self = self;
      memcpy (review->key, key, len);
      cs_post (i, &review->task);
    }
}
