/* sqlite-watch.c: wakes the feeds of a database on every worker.
 *
 * A worker that watches a database has one SqliteFeed for it with the watchers in a ring. The writer
 * posts it; posts that would come while one is on its way are joined.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"

/* The four private words of a CsStoreWatch. */
typedef struct _SqliteLink SqliteLink;
struct _SqliteLink
{
  SqliteLink *next, *prev; /* NULL: not in a ring */
  gpointer unused_[2];
};

struct _SqliteFeed
{
  CsTask task;
  SqliteDb *db;
  guint worker;
  gint posted; /* atomic */
  SqliteLink ring;
};

static CsStoreWatch *
watch_of (SqliteLink *link)
{
  return (CsStoreWatch *) ((char *) link - G_STRUCT_OFFSET (CsStoreWatch, private_));
}

static void
unlink_watch (SqliteLink *link)
{
  link->prev->next = link->next;
  link->next->prev = link->prev;
  link->next = link->prev = NULL;
}

static void
append_watch (SqliteLink *ring, SqliteLink *link)
{
  link->prev = ring->prev;
  link->next = ring;
  ring->prev->next = link;
  ring->prev = link;
}

/* On the feed's worker. A watcher may take away itself or any other, so those still to be told are
 * moved to a ring of their own and come back one by one. */
static void
tell (CsTask *task)
{
  SqliteFeed *feed = (SqliteFeed *) task;
  SqliteDb *db = feed->db;
  SqliteLink todo = { &todo, &todo, { NULL, NULL } };
  gboolean dropped;
  guint64 last_seq;

  g_atomic_int_set (&feed->posted, FALSE);
  dropped = sqlite_db_usable (db) != CS_OK;
  last_seq = __atomic_load_n (&db->last_seq, __ATOMIC_ACQUIRE);
  while (feed->ring.next != &feed->ring)
    {
      SqliteLink *link = feed->ring.next;

      unlink_watch (link);
      append_watch (&todo, link);
    }
  while (todo.next != &todo)
    {
      SqliteLink *link = todo.next;

      unlink_watch (link);
      if (!dropped)
        append_watch (&feed->ring, link);
      watch_of (link)->changed (watch_of (link), last_seq, dropped);
      if (dropped)
        sqlite_db_unref (db); /* the watcher's; it has left the ring */
    }
  sqlite_db_unref (db);
}

static void
post (SqliteFeed *feed)
{
  if (!g_atomic_int_compare_and_exchange (&feed->posted, FALSE, TRUE))
    return;
  sqlite_db_ref (feed->db);
  cs_post (feed->worker, &feed->task);
}

/* A mere wake-up, for whoever is not a watcher here; the position is the one that tokens carry. */
static void
publish (SqliteDb *db)
{
  gsize len;
  const char *name = g_bytes_get_data (db->name, &len);
  char channel[600];
  CsPosition position = { .offset = __atomic_load_n (&db->last_seq, __ATOMIC_ACQUIRE) };
  int n = g_snprintf (channel, sizeof channel, "$store/%.*s", (int) len, name);

  pthread_mutex_lock (&db->mutex);
  position.epoch = g_array_index (db->epochs, SqliteEpoch, db->epochs->len - 1).epoch;
  pthread_mutex_unlock (&db->mutex);
  cs_broker_wake (db->store->broker, cs_slice (channel, n), &position);
}

void
sqlite_watch_wake (SqliteDb *db)
{
  SqliteFeed **feeds = __atomic_load_n (&db->feeds, __ATOMIC_ACQUIRE);
  guint i, n = cs_n_workers ();

  for (i = 0; feeds != NULL && i < n; i++)
    {
      SqliteFeed *feed = __atomic_load_n (&feeds[i], __ATOMIC_ACQUIRE);

      if (feed != NULL)
        post (feed);
    }
  if (db->store->broker != NULL && sqlite_db_usable (db) == CS_OK)
    publish (db);
}

/* Any worker may be first to watch the database. */
static SqliteFeed **
feeds_of (SqliteDb *db)
{
  SqliteFeed **feeds = __atomic_load_n (&db->feeds, __ATOMIC_ACQUIRE), **expected = NULL;

  if (feeds != NULL)
    return feeds;
  feeds = g_new0 (SqliteFeed *, cs_n_workers ());
  if (__atomic_compare_exchange_n (&db->feeds, &expected, feeds, FALSE, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return feeds;
  g_free (feeds);
  return expected;
}

static SqliteFeed *
feed_of (SqliteDb *db)
{
  SqliteFeed **at = &feeds_of (db)[cs_worker ()];
  SqliteFeed *feed = __atomic_load_n (at, __ATOMIC_ACQUIRE);

  if (feed != NULL)
    return feed;
  feed = g_new0 (SqliteFeed, 1);
  feed->task.run = tell;
  feed->db = db;
  feed->worker = cs_worker ();
  feed->ring.next = feed->ring.prev = &feed->ring;
  __atomic_store_n (at, feed, __ATOMIC_SEQ_CST);
  return feed;
}

CsStatus
sqlite_watch (CsStoreDb *base, CsStoreWatch *watch)
{
  SqliteDb *db = (SqliteDb *) base;

  G_STATIC_ASSERT (sizeof (SqliteLink) <= sizeof watch->private_);
  if (sqlite_db_usable (db) != CS_OK)
    return CS_NOT_FOUND;
  append_watch (&feed_of (sqlite_db_ref (db))->ring, (SqliteLink *) watch->private_);
  return CS_OK;
}

void
sqlite_unwatch (CsStoreDb *base, CsStoreWatch *watch)
{
  SqliteLink *link = (SqliteLink *) watch->private_;

  if (link->next == NULL)
    return;
  unlink_watch (link);
  sqlite_db_unref ((SqliteDb *) base);
}

/* The last reference is gone: no watcher, no post on its way. */
void
sqlite_watch_free (SqliteDb *db)
{
  guint i, n = db->feeds != NULL ? cs_n_workers () : 0;

  for (i = 0; i < n; i++)
    g_free (db->feeds[i]);
  g_free (db->feeds);
}
