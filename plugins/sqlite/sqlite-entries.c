/* sqlite-entries.c: a page of an index: entries in order of keys, each with its record.
 *
 * Read in steps that visit a bounded number of entries, as sqlite-range.c does.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"
#include "sqlite-rows.h"

#define LIMIT_MAX 1000
/* Each entry leads to a record elsewhere: fewer a step than of a range of records. */
#define STEP_ENTRIES 250

typedef struct
{
  CsStoreEntries base;
  SqliteRows *rows;
  GArray *keys; /* CsSlice, in the arena of rows */
} SqliteEntries;

typedef struct
{
  SqliteDb *db;
  CsSlice name;
  const CsStoreIndexRange *range;
  SqliteEntries *entries;
  guint limit;

  CsSlice key, id;    /* the next step begins beyond this entry */
  gboolean unbounded; /* descending, from the very last */
  gboolean done;
  gboolean more;
} SqliteEntryWalk;

static gboolean
past_end (const CsStoreIndexRange *range, CsSlice key)
{
  if (range->descending)
    return range->low != NULL && cs_slice_compare (key, *range->low) < 0;
  return range->high != NULL && cs_slice_compare (key, *range->high) >= 0;
}

/* Takes the entry that the statement stands on; FALSE: no more are wanted. */
static gboolean
take_entry (SqliteEntryWalk *walk, sqlite3_stmt *st)
{
  SqliteRows *rows = walk->entries->rows;
  CsSlice key = sqlite_column_slice (st, 10);

  if (past_end (walk->range, key))
    {
      walk->done = TRUE;
      return FALSE;
    }
  if (sqlite3_column_int (st, 2) != 0)
    return TRUE;
  if (sqlite_rows_full (rows, walk->limit))
    {
      walk->more = walk->done = TRUE;
      return FALSE;
    }
  key = sqlite_arena_copy (&rows->arena, key);
  g_array_append_val (walk->entries->keys, key);
  sqlite_rows_add (rows, st, walk->range->what);
  return TRUE;
}

static SqliteStatement
which_statement (const SqliteEntryWalk *walk)
{
  guint what = walk->range->what & 3;

  if (!walk->range->descending)
    return SQLITE_ST_ENTRIES + what;
  return (walk->unbounded ? SQLITE_ST_ENTRIES_LAST : SQLITE_ST_ENTRIES_DOWN) + what;
}

/* What has been visited is not visited again; `st` still stands on it. */
static void
go_on_after (SqliteEntryWalk *walk, sqlite3_stmt *st)
{
  SqliteArena *arena = &walk->entries->rows->arena;

  walk->id = sqlite_arena_copy (arena, sqlite_column_slice (st, 1));
  walk->key = sqlite_arena_copy (arena, sqlite_column_slice (st, 10));
  walk->unbounded = FALSE;
}

static CsStatus
step_entries (SqliteConn *conn, SqliteEntryWalk *walk)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, which_statement (walk));
  CsStatus status;
  guint visited = 0;
  gint64 ix;
  guint64 seq;

  if (st == NULL)
    return CS_FAILED;
  status = sqlite_index_find (conn, walk->db, walk->name, &ix, &seq);
  if (status != CS_OK)
    return status;
  sqlite3_bind_int64 (st, 1, ix);
  sqlite3_bind_int64 (st, 2, walk->db->number);
  if (!walk->unbounded)
    {
      sqlite_bind_slice (st, 3, walk->key);
      sqlite_bind_slice (st, 4, walk->id);
    }
  while ((status = sqlite_conn_step (conn, st)) == CS_OK && take_entry (walk, st))
    if (++visited == STEP_ENTRIES)
      {
        go_on_after (walk, st);
        break;
      }
  sqlite3_reset (st);
  if (status == CS_NOT_FOUND)
    walk->done = TRUE;
  return status == CS_NOT_FOUND ? CS_OK : status;
}

/* A step that has to be done again leaves no trace. */
static CsStatus
run_step (SqliteConn *conn, gpointer data)
{
  SqliteEntryWalk *walk = data;
  SqliteEntryWalk before = *walk;
  guint n = walk->entries->rows->base.n;
  gsize bytes = walk->entries->rows->bytes;
  CsStatus status = step_entries (conn, walk);

  if (status != CS_OK)
    {
      *walk = before;
      walk->entries->rows->base.n = n;
      walk->entries->rows->bytes = bytes;
      g_array_set_size (walk->entries->keys, n);
    }
  return status;
}

static CsStatus
walk_all (SqliteEntryWalk *walk)
{
  CsStatus status = CS_OK;

  while (status == CS_OK && !walk->done)
    {
      status = sqlite_shard_read (walk->db->shard, run_step, walk);
      if (status == CS_OK && !walk->done && cs_fiber_self () != NULL)
        status = cs_sleep (0);
    }
  return status;
}

static void
begin (SqliteEntryWalk *walk)
{
  const CsStoreIndexRange *range = walk->range;

  walk->key = walk->id = cs_slice ("", 0);
  if (range->after_key != NULL)
    {
      walk->key = *range->after_key;
      walk->id = *range->after_id;
    }
  else if (range->descending)
    {
      walk->unbounded = range->high == NULL;
      walk->key = range->high != NULL ? *range->high : walk->key;
    }
  else if (range->low != NULL)
    walk->key = *range->low;
}

static SqliteEntries *
entries_new (guint limit)
{
  SqliteEntries *self = g_new0 (SqliteEntries, 1);

  self->rows = sqlite_rows_new (MIN (limit, 32));
  self->keys = g_array_sized_new (FALSE, FALSE, sizeof (CsSlice), MIN (limit, 32));
  return self;
}

CsStatus
sqlite_index_range (CsStoreDb *base, CsSlice name, const CsStoreIndexRange *range,
                    CsStoreEntries **entries)
{
  SqliteEntryWalk walk = { .db = (SqliteDb *) base, .name = name, .range = range };
  CsStatus status = sqlite_db_usable (walk.db);

  *entries = NULL;
  if (status != CS_OK)
    return status;
  walk.limit = range->limit > 0 && range->limit < LIMIT_MAX ? range->limit : LIMIT_MAX;
  walk.entries = entries_new (walk.limit);
  begin (&walk);
  status = walk_all (&walk);
  walk.entries->base =
    (CsStoreEntries){ .records = walk.entries->rows->records,
                      .keys = (const CsSlice *) (gpointer) walk.entries->keys->data,
                      .n = walk.entries->rows->base.n,
                      .more = walk.more };
  *entries = &walk.entries->base;
  if (status != CS_OK)
    sqlite_entries_free (g_steal_pointer (entries));
  return status;
}

void
sqlite_entries_free (CsStoreEntries *base)
{
  SqliteEntries *self = (SqliteEntries *) base;

  sqlite_rows_free (&self->rows->base);
  g_array_unref (self->keys);
  g_free (self);
}
