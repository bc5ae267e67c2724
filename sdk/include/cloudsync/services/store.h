/* store.h: contract store=1: databases of opaque records with a change feed.
 *
 * The engine knows ids, sequence numbers and who wrote when; what a record's tree and bodies mean is
 * its user's. Calls that wait are for fibers; on a thread that is no worker they block it, and so
 * does reading in worker_start ().
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SERVICES_STORE_H
#define CS_SERVICES_STORE_H

#include <cloudsync/error.h>
#include <cloudsync/service.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

#define CS_STORE CsStore, "store", 1

typedef struct _CsStore CsStore;

/* An open database. Reference counted; any thread. A dropped one stays valid and answers
 * CS_NOT_FOUND. Its table is the store's, so that calls need one pointer. */
typedef struct _CsStoreDb CsStoreDb;

/* A record. Slices live as long as the CsStoreRows that hold it. */
typedef struct
{
  CsSlice id;
  guint64 seq; /* 0: no such record */
  gboolean deleted;
  CsSlice summary; /* the user's own few bytes about the record, for lists: never needs the tree */
  CsSlice tree;    /* with CS_STORE_TREE */
  guint64 body_ref; /* of the body that lists show; 0: none */
  CsSlice body;    /* with CS_STORE_BODY */
  CsSlice user;    /* identity of the last writer; len 0: none */
  gint64 created;  /* server's wall clock, microseconds UTC, monotonic within a database */
  gint64 updated;
} CsStoreRecord;

typedef enum
{
  CS_STORE_TREE = 1 << 0,
  CS_STORE_BODY = 1 << 1
} CsStoreWhat;

/* The answer of a reading; to be given back by cs_store_rows_free (). */
typedef struct
{
  const CsStoreRecord *records;
  guint n;
  gboolean more;    /* the range goes on after the last record */
  guint64 last_seq; /* the database's, as of the reading */
} CsStoreRows;

/* Bodies by reference, in the order asked for; data NULL where there is none. */
typedef struct
{
  const CsSlice *bodies;
  guint n;
} CsStoreBodies;

/* Which records, in sequence order or in byte order of ids. A page may hold fewer than `limit`, so that
 * large bodies do not fill the memory: `more` tells whether there are others. */
typedef struct
{
  gsize size;
  guint64 since;     /* changes: seq > since (descending: seq <= until) */
  guint64 until;     /* changes: 0: no bound */
  const CsSlice *from; /* ids: first (descending: highest) id; NULL: no bound */
  const CsSlice *to;   /* ids: last (descending: lowest) id */
  gboolean from_exclusive;
  gboolean to_exclusive;
  gboolean descending;
  gboolean with_deleted; /* ids: also deleted records; changes always have them */
  gint64 updated_from; /* 0: no bound; updated >= */
  gint64 updated_to;   /* 0: no bound; updated < */
  guint skip;          /* records to pass over first */
  guint limit;         /* at most 1,000; 0: 1,000; what is large ends a page sooner */
  guint what;          /* CsStoreWhat */
  /* changes, upwards only (else CS_UNSUPPORTED): */
  const CsSlice *user; /* last written by; NULL: anybody */
  gint64 created_from; /* 0: no bound; created >= */
  gboolean live_only;  /* pass over what is deleted */
} CsStoreRange;

typedef struct
{
  gsize size;
  guint64 last_seq;
  guint64 n_records; /* not deleted */
  guint64 n_deleted;
  guint64 epoch;    /* the current one; tokens are `seq-epoch` */
  gint64 created;
  guint64 bytes_data; /* of live records and bodies, as far as the engine counts them */
  guint64 bytes_file; /* on disk */
  char uuid[37];
} CsStoreInfo;

/* What a record's entries in an index are from now on; n_keys 0: none. */
typedef struct
{
  CsSlice id;
  const CsSlice *keys; /* opaque bytes; one twice counts once */
  guint n_keys;
  gboolean fresh; /* the index has no entry of this record yet: none is looked for */
} CsStoreIndexRow;

/* Which entries of an index, in byte order of keys, then of ids. */
typedef struct
{
  gsize size;
  const CsSlice *low;  /* key >= low; NULL: no bound */
  const CsSlice *high; /* key < high; NULL: no bound */
  const CsSlice *after_key; /* with after_id: only entries beyond this one, in the direction read; or NULL */
  const CsSlice *after_id;
  gboolean descending;
  guint limit; /* at most 1,000; 0: 1,000; what is large ends a page sooner */
  guint what;  /* CsStoreWhat of the records */
} CsStoreIndexRange;

/* Entries with their records as of the same reading; to be given back by cs_store_entries_free (). */
typedef struct
{
  const CsStoreRecord *records;
  const CsSlice *keys;
  guint n;
  gboolean more;
} CsStoreEntries;

/* One record inside a commit. Valid during the merge only. */
typedef struct _CsStoreEdit CsStoreEdit;

/* Called in the engine's write transaction, on a thread of its own, once for each id of the batch in
 * order; a later row of the same id sees the earlier one's outcome. Pure: no waiting, no I/O, no
 * parsing of documents. The engine may repeat the whole transaction: the callee then gets the same
 * rows again and overwrites what it had noted. Returning CS_OK without cs_store_edit_put () changes
 * nothing; a status that is not CS_OK undoes and ends the whole batch with that status. A conflict is
 * the row's result, kept in the callee's own data: return CS_OK. */
typedef CsStatus (*CsStoreMerge) (CsStoreEdit *edit, guint row, gpointer data);

typedef struct
{
  gsize size;
  gboolean deleted;
  CsSlice summary;
  CsSlice tree;
  guint64 body_ref;
  CsSlice user;
  gboolean keep_seq; /* housekeeping: no new sequence number, feeds are not woken */
} CsStorePut;

typedef struct
{
  gsize size;
  guint64 (*add_body) (CsStoreEdit *edit, const CsSlice *parts, guint n);
  CsStatus (*read_body) (CsStoreEdit *edit, guint64 ref, CsSlice *body);
  void (*remove_body) (CsStoreEdit *edit, guint64 ref);
  void (*put) (CsStoreEdit *edit, const CsStorePut *put);
  void (*erase) (CsStoreEdit *edit);
  guint64 (*add_blob) (CsStoreEdit *edit, CsSlice name, guint64 length);
} CsStoreEditTable;

struct _CsStoreEdit
{
  const CsStoreEditTable *table;
  const CsStoreRecord *record; /* as it is now, with its tree; seq 0: new */
  guint64 seq;                 /* the number that put () will give */
  gint64 now;                  /* what `updated` will be */
};

/* A watcher, embedded in its user's struct; belongs to the worker that started it. */
typedef struct _CsStoreWatch CsStoreWatch;
struct _CsStoreWatch
{
  /* On that worker, off any fiber, after a commit became visible (last_seq is at least that of the
   * commit; several may be joined), or the database was dropped (dropped TRUE, the last call). The
   * callee may unwatch itself. */
  void (*changed) (CsStoreWatch *watch, guint64 last_seq, gboolean dropped);
  gpointer private_[4];
};

typedef gboolean (*CsStoreNameFunc) (CsSlice name, gpointer data);

typedef struct
{
  gsize size;
  CsStatus (*create) (CsStore *store, CsSlice name, CsStoreDb **db);
  CsStatus (*open) (CsStore *store, CsSlice name, CsStoreDb **db);
  CsStatus (*drop) (CsStore *store, CsSlice name);
  CsStatus (*list) (CsStore *store, CsSlice prefix, CsStoreNameFunc func, gpointer data);
  void (*unref) (CsStoreDb *db);
  CsStatus (*info) (CsStoreDb *db, CsStoreInfo *info);
  CsStatus (*read) (CsStoreDb *db, const CsSlice *ids, guint n, guint what, CsStoreRows **rows);
  CsStatus (*bodies) (CsStoreDb *db, const guint64 *refs, guint n, CsStoreBodies **bodies);
  CsStatus (*changes) (CsStoreDb *db, const CsStoreRange *range, CsStoreRows **rows);
  CsStatus (*ids) (CsStoreDb *db, const CsStoreRange *range, CsStoreRows **rows);
  void (*rows_free) (CsStoreRows *rows);
  void (*bodies_free) (CsStoreBodies *bodies);
  CsStatus (*commit) (CsStoreDb *db, const CsSlice *ids, guint n, CsStoreMerge merge,
                      gpointer data);
  CsStatus (*local_get) (CsStoreDb *db, CsSlice id, guint64 *version, GBytes **data);
  CsStatus (*local_put) (CsStoreDb *db, CsSlice id, const guint64 *expect, guint64 version,
                         GBytes *data);
  CsStatus (*local_list) (CsStoreDb *db, const CsStoreRange *range, CsStoreNameFunc func,
                          gpointer data);
  CsStatus (*meta_get) (CsStore *store, CsStoreDb *db, const char *key, GBytes **value);
  CsStatus (*meta_set) (CsStore *store, CsStoreDb *db, const char *key, GBytes *value);
  CsStatus (*resolve) (CsStoreDb *db, guint64 epoch, guint64 seq, guint64 *since);
  CsStatus (*watch) (CsStoreDb *db, CsStoreWatch *watch);
  void (*unwatch) (CsStoreDb *db, CsStoreWatch *watch);
  CsStatus (*count) (CsStoreDb *db, guint64 since, guint64 *n);
  CsStatus (*blobs_named) (CsStore *store, const CsSlice *names, guint n, gboolean *named);
  CsStatus (*blobs_list) (CsStore *store, CsSlice after, CsStoreNameFunc func, gpointer data);
  CsStatus (*index_seq) (CsStoreDb *db, CsSlice name, guint64 *seq);
  CsStatus (*index_update) (CsStoreDb *db, CsSlice name, guint64 expect, guint64 seq,
                            const CsStoreIndexRow *rows, guint n);
  CsStatus (*index_drop) (CsStoreDb *db, CsSlice name);
  CsStatus (*index_list) (CsStoreDb *db, CsStoreNameFunc func, gpointer data);
  CsStatus (*index_range) (CsStoreDb *db, CsSlice name, const CsStoreIndexRange *range,
                           CsStoreEntries **entries);
  void (*entries_free) (CsStoreEntries *entries);
} CsStoreTable;

struct _CsStore
{
  const CsStoreTable *table;
};

struct _CsStoreDb
{
  const CsStoreTable *table;
};

/* ---- databases: names are opaque bytes, 1 to 512; all calls may wait ---- */

/* CS_OK and a reference; CS_EXISTS. Durable when it returns. */
static inline CsStatus
cs_store_create (CsStore *store, CsSlice name, CsStoreDb **db)
{
  return store->table->create (store, name, db);
}

/* CS_OK and a reference; CS_NOT_FOUND. Does not wait for one that is in use. */
static inline CsStatus
cs_store_open (CsStore *store, CsSlice name, CsStoreDb **db)
{
  return store->table->open (store, name, db);
}

/* Gone for everyone when it returns; its space comes back in the background. */
static inline CsStatus
cs_store_drop (CsStore *store, CsSlice name)
{
  return store->table->drop (store, name);
}

/* Names with the prefix in byte order; func returns FALSE to end. It is called on the caller's thread. */
static inline CsStatus
cs_store_list (CsStore *store, CsSlice prefix, CsStoreNameFunc func, gpointer data)
{
  return store->table->list (store, prefix, func, data);
}

static inline void
cs_store_db_unref (CsStoreDb *db)
{
  if (db != NULL)
    db->table->unref (db);
}

/* Fills `info`, whose size the caller has set. Does not wait for the disk. */
static inline CsStatus
cs_store_info (CsStoreDb *db, CsStoreInfo *info)
{
  return db->table->info (db, info);
}

/* ---- reading: a consistent view of all that was acknowledged before the call; may wait ---- */

/* One record for each id, in the same order. */
static inline CsStatus
cs_store_read (CsStoreDb *db, const CsSlice *ids, guint n, guint what, CsStoreRows **rows)
{
  return db->table->read (db, ids, n, what, rows);
}

static inline CsStatus
cs_store_bodies (CsStoreDb *db, const guint64 *refs, guint n, CsStoreBodies **bodies)
{
  return db->table->bodies (db, refs, n, bodies);
}

/* Records in sequence order, each at its latest sequence number. */
static inline CsStatus
cs_store_changes (CsStoreDb *db, const CsStoreRange *range, CsStoreRows **rows)
{
  return db->table->changes (db, range, rows);
}

/* Records in byte order of their ids. */
static inline CsStatus
cs_store_ids (CsStoreDb *db, const CsStoreRange *range, CsStoreRows **rows)
{
  return db->table->ids (db, range, rows);
}

/* How many records have a sequence number above `since`. */
static inline CsStatus
cs_store_count (CsStoreDb *db, guint64 since, guint64 *n)
{
  return db->table->count (db, since, n);
}

static inline void
cs_store_rows_free (CsStoreDb *db, CsStoreRows *rows)
{
  if (rows != NULL)
    db->table->rows_free (rows);
}

static inline void
cs_store_bodies_free (CsStoreDb *db, CsStoreBodies *bodies)
{
  if (bodies != NULL)
    db->table->bodies_free (bodies);
}

/* ---- writing: durable when CS_OK is returned; a failure has changed nothing ---- */

/* Calls merge for each id inside one transaction; sequence numbers are given in commit order without
 * a gap that a reader could see. CS_CANCELLED and CS_TIMED_OUT only while the batch was still queued;
 * CS_OVERLOADED, CS_NO_SPACE, CS_IO, CS_READ_ONLY, CS_NOT_FOUND (dropped). `ids` and `data` are used
 * until it returns. */
static inline CsStatus
cs_store_commit (CsStoreDb *db, const CsSlice *ids, guint n, CsStoreMerge merge, gpointer data)
{
  return db->table->commit (db, ids, n, merge, data);
}

/* In a merge: */

/* Stores a body, the parts joined, and gives its reference (never 0). */
static inline guint64
cs_store_edit_add_body (CsStoreEdit *edit, const CsSlice *parts, guint n)
{
  return edit->table->add_body (edit, parts, n);
}

/* A body of this record; valid until the merge returns. */
static inline CsStatus
cs_store_edit_read_body (CsStoreEdit *edit, guint64 ref, CsSlice *body)
{
  return edit->table->read_body (edit, ref, body);
}

/* Keeps an object of blob=1 alive for this record, `length` bytes large, and gives a reference like that
 * of a body (never 0): remove_body () ends it. It has no bytes here. The caller has the object pinned
 * until the commit is over. */
static inline guint64
cs_store_edit_add_blob (CsStoreEdit *edit, CsSlice name, guint64 length)
{
  return edit->table->add_blob (edit, name, length);
}

static inline void
cs_store_edit_remove_body (CsStoreEdit *edit, guint64 ref)
{
  edit->table->remove_body (edit, ref);
}

/* Writes the record. At most once in a merge. */
static inline void
cs_store_edit_put (CsStoreEdit *edit, const CsStorePut *put)
{
  edit->table->put (edit, put);
}

/* Removes the record as if it had never been (its bodies are removed one by one). */
static inline void
cs_store_edit_erase (CsStoreEdit *edit)
{
  edit->table->erase (edit);
}

/* ---- local documents: outside the sequence, never in feeds ---- */

/* CS_OK with the version and a reference; CS_NOT_FOUND. */
static inline CsStatus
cs_store_local_get (CsStoreDb *db, CsSlice id, guint64 *version, GBytes **data)
{
  return db->table->local_get (db, id, version, data);
}

/* Writes version `version`; data NULL removes. With `expect` only when the stored version is *expect (0:
 * absent), else CS_CONFLICT. Durable. */
static inline CsStatus
cs_store_local_put (CsStoreDb *db, CsSlice id, const guint64 *expect, guint64 version, GBytes *data)
{
  return db->table->local_put (db, id, expect, version, data);
}

/* Ids of local documents in byte order, within range->from, to, descending, skip and limit. */
static inline CsStatus
cs_store_local_list (CsStoreDb *db, const CsStoreRange *range, CsStoreNameFunc func, gpointer data)
{
  return db->table->local_list (db, range, func, data);
}

/* ---- small values of a database, or of the whole store (db NULL) ---- */

static inline CsStatus
cs_store_meta_get (CsStore *store, CsStoreDb *db, const char *key, GBytes **value)
{
  return store->table->meta_get (store, db, key, value);
}

/* value NULL removes. Durable. */
static inline CsStatus
cs_store_meta_set (CsStore *store, CsStoreDb *db, const char *key, GBytes *value)
{
  return store->table->meta_set (store, db, key, value);
}

/* ---- objects of blob=1 that records keep alive ---- */

/* named[i]: some record of any database names names[i], a dropped one whose space is not back yet
 * included. May wait. */
static inline CsStatus
cs_store_blobs_named (CsStore *store, const CsSlice *names, guint n, gboolean *named)
{
  return store->table->blobs_named (store, names, n, named);
}

/* Names of all such objects after `after` (len 0: all) in byte order, each once; func returns FALSE to
 * end. It is called on the caller's thread, with nothing of the store held. May wait. */
static inline CsStatus
cs_store_blobs_list (CsStore *store, CsSlice after, CsStoreNameFunc func, gpointer data)
{
  return store->table->blobs_list (store, after, func, data);
}

/* ---- indexes of a database: entries (key, id) beside the records ----
 *
 * The user makes the keys, says up to which sequence number they are complete, and keeps them so from the
 * change feed. The engine keeps their order, drops them with their database, and removes those of a
 * record that is erased, which no feed tells of. */

/* Up to where the entries are complete. CS_NOT_FOUND: there is no such index. May wait. */
static inline CsStatus
cs_store_index_seq (CsStoreDb *db, CsSlice name, guint64 *seq)
{
  return db->table->index_seq (db, name, seq);
}

/* Replaces the entries of these records, and the index is complete up to `seq`: wholly or not at all,
 * and only when it was so up to `expect`; else CS_CONFLICT. expect 0 makes the index when there is none.
 * Rows of records that were erased meanwhile get no entries. Durable. The statuses of cs_store_commit (). */
static inline CsStatus
cs_store_index_update (CsStoreDb *db, CsSlice name, guint64 expect, guint64 seq,
                       const CsStoreIndexRow *rows, guint n)
{
  return db->table->index_update (db, name, expect, seq, rows, n);
}

/* Gone when it returns; its space comes back in the background. CS_NOT_FOUND. */
static inline CsStatus
cs_store_index_drop (CsStoreDb *db, CsSlice name)
{
  return db->table->index_drop (db, name);
}

/* Names in byte order, as cs_store_list () does it. May wait before the first call of func. */
static inline CsStatus
cs_store_index_list (CsStoreDb *db, CsStoreNameFunc func, gpointer data)
{
  return db->table->index_list (db, func, data);
}

/* A page of entries, each with its record; those of deleted records are passed over. CS_NOT_FOUND: no
 * such index. May wait. */
static inline CsStatus
cs_store_index_range (CsStoreDb *db, CsSlice name, const CsStoreIndexRange *range,
                      CsStoreEntries **entries)
{
  return db->table->index_range (db, name, range, entries);
}

static inline void
cs_store_entries_free (CsStoreDb *db, CsStoreEntries *entries)
{
  if (entries != NULL)
    db->table->entries_free (entries);
}

/* Where a reader that holds the token `seq-epoch` goes on so that it skips nothing: seq itself in the
 * current epoch, else at most the point where its epoch was forked. CS_NOT_FOUND: an epoch that this
 * database never had. Does not wait. */
static inline CsStatus
cs_store_resolve (CsStoreDb *db, guint64 epoch, guint64 seq, guint64 *since)
{
  return db->table->resolve (db, epoch, seq, since);
}

/* Worker only, does not wait. A commit that was visible before the call may or may not be told. */
static inline CsStatus
cs_store_watch (CsStoreDb *db, CsStoreWatch *watch)
{
  return db->table->watch (db, watch);
}

static inline void
cs_store_unwatch (CsStoreDb *db, CsStoreWatch *watch)
{
  db->table->unwatch (db, watch);
}

G_END_DECLS

#endif
