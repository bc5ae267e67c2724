/* sqlite-range.c: records in sequence order or in byte order of their ids.
 *
 * A range is read in steps that visit a bounded number of rows; between steps the fiber lets others
 * run, and no statement is open.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"
#include "sqlite-rows.h"

#define LIMIT_MAX 1000
/* Rows one step may visit: those passed over cost less than those given. */
#define STEP_ROWS 2000

typedef struct
{
  SqliteDb *db;
  const CsStoreRange *range;
  SqliteRows *rows;
  guint limit;

  /* Where the next step begins. */
  guint64 seq_low, seq_high; /* changes: low < seq <= high */
  GByteArray *id;            /* ids: the first that may come; with `ended` none */
  gboolean unbounded;        /* ids, descending: from the very last */
  SqliteStatement which;     /* changes: how they are found */
  guint skip;
  gboolean done;
  gboolean more;
} SqliteWalk;

static gboolean
wanted (SqliteWalk *walk, const CsStoreRange *range, sqlite3_stmt *st, gboolean with_deleted)
{
  if ((!with_deleted || range->live_only) && sqlite3_column_int (st, 2) != 0)
    return FALSE;
  if (range->created_from != 0 && sqlite3_column_int64 (st, 6) < range->created_from)
    return FALSE;
  if (range->updated_from != 0 || range->updated_to != 0)
    {
      gint64 updated = sqlite3_column_int64 (st, 7);

      if (updated < range->updated_from
          || (range->updated_to != 0 && updated >= range->updated_to))
        return FALSE;
    }
  if (walk->skip > 0)
    {
      walk->skip--;
      return FALSE;
    }
  return TRUE;
}

/* Takes the row that the statement stands on; FALSE when the answer is full. */
static gboolean
take_row (SqliteWalk *walk, sqlite3_stmt *st, gboolean with_deleted)
{
  if (!wanted (walk, walk->range, st, with_deleted))
    return TRUE;
  if (sqlite_rows_full (walk->rows, walk->limit))
    {
      walk->more = walk->done = TRUE;
      return FALSE;
    }
  sqlite_rows_add (walk->rows, st, walk->range->what);
  return TRUE;
}

/* ---- by sequence ---- */

static void
bind_filter (const SqliteWalk *walk, sqlite3_stmt *st)
{
  if (walk->which != SQLITE_ST_CHANGES_USER && walk->which != SQLITE_ST_CHANGES_CREATED)
    return;
  sqlite3_bind_int64 (st, 3, walk->db->number);
  if (walk->which == SQLITE_ST_CHANGES_USER)
    sqlite_bind_slice (st, 4, *walk->range->user);
  else
    sqlite3_bind_int64 (st, 4, walk->range->created_from);
}

static CsStatus
step_changes (SqliteConn *conn, SqliteWalk *walk)
{
  const CsStoreRange *range = walk->range;
  sqlite3_stmt *st = sqlite_conn_statement (conn, walk->which + (range->what & 3));
  CsStatus status;
  guint visited = 0;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, SQLITE_KEY (walk->db->number, walk->seq_low));
  sqlite3_bind_int64 (st, 2, SQLITE_KEY (walk->db->number, walk->seq_high));
  bind_filter (walk, st);
  while ((status = sqlite_conn_step (conn, st)) == CS_OK && take_row (walk, st, TRUE))
    {
      guint64 seq = SQLITE_KEY_SEQ (sqlite3_column_int64 (st, 0));

      if (range->descending)
        walk->seq_high = seq - 1;
      else
        walk->seq_low = seq;
      if (++visited == STEP_ROWS)
        break;
    }
  sqlite3_reset (st);
  if (status == CS_NOT_FOUND)
    walk->done = TRUE;
  return status == CS_NOT_FOUND ? CS_OK : status;
}

/* ---- by id ---- */

static gboolean
past_end (const CsStoreRange *range, CsSlice id)
{
  int order;

  if (range->to == NULL)
    return FALSE;
  order = cs_slice_compare (id, *range->to);
  if (range->descending)
    order = -order;
  return order > 0 || (order == 0 && range->to_exclusive);
}

static void
go_on_after (SqliteWalk *walk, CsSlice id)
{
  g_byte_array_set_size (walk->id, 0);
  g_byte_array_append (walk->id, (const guint8 *) id.data, id.len);
  /* Upwards the next possible id is this one and a zero byte; downwards equality is passed over. */
  if (!walk->range->descending)
    g_byte_array_append (walk->id, (const guint8 *) "", 1);
  walk->unbounded = FALSE;
}

static SqliteStatement
ids_statement (SqliteWalk *walk)
{
  guint what = walk->range->what & 3;

  if (!walk->range->descending)
    return SQLITE_ST_IDS + what;
  return (walk->unbounded ? SQLITE_ST_IDS_LAST : SQLITE_ST_IDS_DOWN) + what;
}

static CsStatus
step_ids (SqliteConn *conn, SqliteWalk *walk, gboolean pass_first)
{
  sqlite3_stmt *st = sqlite_conn_statement (conn, ids_statement (walk));
  CsSlice first = cs_slice (walk->id->data, walk->id->len), id = { NULL, 0 };
  CsStatus status;
  guint visited = 0;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, walk->db->number);
  if (!walk->unbounded)
    sqlite_bind_slice (st, 2, first);
  while ((status = sqlite_conn_step (conn, st)) == CS_OK)
    {
      id = sqlite_column_slice (st, 1);
      if (pass_first && cs_slice_equal (id, first))
        continue;
      if (past_end (walk->range, id))
        walk->done = TRUE;
      if (walk->done || !take_row (walk, st, walk->range->with_deleted))
        break;
      if (++visited == STEP_ROWS)
        {
          g_autoptr (GByteArray) at = g_byte_array_new ();

          g_byte_array_append (at, (const guint8 *) id.data, id.len);
          sqlite3_reset (st);
          go_on_after (walk, cs_slice (at->data, at->len));
          return CS_OK;
        }
    }
  sqlite3_reset (st);
  if (status == CS_NOT_FOUND)
    walk->done = TRUE;
  return status == CS_NOT_FOUND ? CS_OK : status;
}

/* ---- steps ---- */

typedef struct
{
  SqliteWalk *walk;
  gboolean by_id;
  gboolean pass_first;
} SqliteStep;

/* A step that has to be done again leaves no trace. */
static CsStatus
run_step (SqliteConn *conn, gpointer data)
{
  SqliteStep *step = data;
  SqliteWalk before = *step->walk;
  guint n = before.rows->base.n;
  gsize bytes = before.rows->bytes;
  CsStatus status = step->by_id ? step_ids (conn, step->walk, step->pass_first)
                                : step_changes (conn, step->walk);

  if (status != CS_OK)
    {
      *step->walk = before;
      before.rows->base.n = n;
      before.rows->bytes = bytes;
    }
  return status;
}

static CsStatus
walk_all (SqliteWalk *walk, gboolean by_id, gboolean pass_first)
{
  SqliteStep step = { walk, by_id, pass_first };
  CsStatus status = CS_OK;

  while (status == CS_OK && !walk->done)
    {
      status = sqlite_shard_read (walk->db->shard, run_step, &step);
      step.pass_first = walk->range->descending;
      if (status == CS_OK && !walk->done && cs_fiber_self () != NULL)
        status = cs_sleep (0);
    }
  return status;
}

/* ---- the guide's "changed between": `updated` never falls along the sequence ---- */

typedef struct
{
  SqliteDb *db;
  gint64 time;
  guint64 low, high; /* the first record at or after `time` has a number in (low, high] */
} SqliteSearch;

static CsStatus
search_updated (SqliteConn *conn, gpointer data)
{
  SqliteSearch *search = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_UPDATED_AT);
  guint64 low = search->low, high = search->high;
  CsStatus status = CS_OK;

  if (st == NULL)
    return CS_FAILED;
  while (status == CS_OK && high - low > 1)
    {
      guint64 middle = low + (high - low) / 2;

      sqlite3_bind_int64 (st, 1, SQLITE_KEY (search->db->number, middle));
      sqlite3_bind_int64 (st, 2, SQLITE_KEY (search->db->number, high));
      status = sqlite_conn_step (conn, st);
      if (status == CS_OK && sqlite3_column_int64 (st, 1) < search->time)
        low = SQLITE_KEY_SEQ (sqlite3_column_int64 (st, 0));
      else
        high = middle;
      sqlite3_reset (st);
      status = status == CS_NOT_FOUND ? CS_OK : status;
    }
  search->low = status == CS_OK ? low : search->low;
  return status;
}

/* Moves *seq so that no record up to it was updated at or after `time`. */
static CsStatus
seq_before (SqliteDb *db, gint64 time, guint64 low, guint64 high, guint64 *seq)
{
  SqliteSearch search = { db, time, low, high + 1 };
  CsStatus status = sqlite_shard_read (db->shard, search_updated, &search);

  *seq = search.low;
  return status;
}

/* What was created at some time was not updated before it. */
static gint64
earliest (const CsStoreRange *range)
{
  return MAX (range->updated_from, range->created_from);
}

static CsStatus
narrow (SqliteWalk *walk)
{
  const CsStoreRange *range = walk->range;
  guint64 low = walk->seq_low, high = walk->seq_high;
  CsStatus status = CS_OK;

  if (earliest (range) != 0 && low < high)
    status = seq_before (walk->db, earliest (range), low, high, &walk->seq_low);
  if (status == CS_OK && range->updated_to != 0 && low < high)
    status = seq_before (walk->db, range->updated_to, low, high, &walk->seq_high);
  return status;
}

/* ---- the other indexes ---- */

static CsStatus
count_created (SqliteConn *conn, gpointer data)
{
  SqliteWalk *walk = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_CREATED_COUNT);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite3_bind_int64 (st, 1, walk->db->number);
  sqlite3_bind_int64 (st, 2, walk->range->created_from);
  sqlite3_bind_int64 (st, 3, STEP_ROWS + 1);
  status = sqlite_conn_step (conn, st);
  if (status == CS_OK && sqlite3_column_int64 (st, 0) <= STEP_ROWS)
    walk->which = SQLITE_ST_CHANGES_CREATED;
  sqlite3_reset (st);
  return status;
}

/* Few that were created since among many that were updated since are found by their own index; a walk over
 * the feed passes over the others otherwise. */
static CsStatus
choose (SqliteWalk *walk)
{
  const CsStoreRange *range = walk->range;

  walk->which = range->descending ? SQLITE_ST_CHANGES_DOWN : SQLITE_ST_CHANGES;
  if (range->user != NULL)
    walk->which = SQLITE_ST_CHANGES_USER;
  else if (range->created_from != 0 && walk->seq_high - walk->seq_low > STEP_ROWS)
    return sqlite_shard_read (walk->db->shard, count_created, walk);
  return CS_OK;
}

static CsStatus
answer (SqliteWalk *walk, CsStatus status, guint64 last_seq, CsStoreRows **rows)
{
  *rows = sqlite_rows_done (walk->rows, last_seq, walk->more);
  if (status != CS_OK)
    sqlite_rows_free (g_steal_pointer (rows));
  return status;
}

static guint
row_limit (const CsStoreRange *range)
{
  return range->limit > 0 && range->limit < LIMIT_MAX ? range->limit : LIMIT_MAX;
}

CsStatus
sqlite_changes (CsStoreDb *base, const CsStoreRange *range, CsStoreRows **rows)
{
  SqliteDb *db = (SqliteDb *) base;
  SqliteWalk walk = { .db = db, .range = range, .limit = row_limit (range), .skip = range->skip };
  guint64 last_seq = __atomic_load_n (&db->last_seq, __ATOMIC_ACQUIRE);
  guint64 bound = (G_GUINT64_CONSTANT (1) << SQLITE_SEQ_BITS) - 1;
  CsStatus status = sqlite_db_usable (db);

  *rows = NULL;
  if (status == CS_OK && range->descending && (range->user != NULL || range->created_from != 0))
    status = CS_UNSUPPORTED;
  if (status != CS_OK)
    return status;
  walk.seq_low = MIN (range->since, bound);
  walk.seq_high = range->until > 0 ? MIN (range->until, bound) : bound;
  if (earliest (range) != 0 || range->updated_to != 0)
    walk.seq_high = MIN (walk.seq_high, last_seq);
  walk.done = walk.seq_low >= walk.seq_high;
  walk.rows = sqlite_rows_new (MIN (walk.limit, 64));
  status = narrow (&walk);
  if (status == CS_OK && !walk.done)
    status = choose (&walk);
  if (status == CS_OK)
    status = walk_all (&walk, FALSE, FALSE);
  return answer (&walk, status, last_seq, rows);
}

CsStatus
sqlite_ids (CsStoreDb *base, const CsStoreRange *range, CsStoreRows **rows)
{
  SqliteDb *db = (SqliteDb *) base;
  SqliteWalk walk = { .db = db, .range = range, .limit = row_limit (range), .skip = range->skip };
  g_autoptr (GByteArray) id = NULL;
  guint64 last_seq = __atomic_load_n (&db->last_seq, __ATOMIC_ACQUIRE);
  CsStatus status = sqlite_db_usable (db);

  *rows = NULL;
  if (status != CS_OK)
    return status;
  walk.id = id = g_byte_array_new ();
  walk.unbounded = range->descending && range->from == NULL;
  if (range->from != NULL)
    g_byte_array_append (id, (const guint8 *) range->from->data, range->from->len);
  walk.rows = sqlite_rows_new (MIN (walk.limit, 64));
  status = walk_all (&walk, TRUE, range->from != NULL && range->from_exclusive);
  answer (&walk, status, last_seq, rows);
  if (status == CS_OK)
    (*rows)->last_seq = last_seq;
  return status;
}
