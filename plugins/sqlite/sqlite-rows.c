/* sqlite-rows.c: copies what a statement shows, so that it can end before anybody waits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-rows.h"

#include "sqlite-conn.h"
#include "sqlite-engine.h"

#define BLOCK 4000
#define FULL_BYTES (4 * 1024 * 1024)

struct _SqliteBlock
{
  SqliteBlock *next;
  gsize used, size;
  char data[];
};

CsSlice
sqlite_arena_copy (SqliteArena *arena, CsSlice slice)
{
  SqliteBlock *block = arena->blocks;
  char *to;

  if (slice.len == 0)
    return cs_slice ("", 0);
  if (block == NULL || block->size - block->used < slice.len)
    {
      /* Blocks grow, so that a long answer takes few of them. */
      gsize size = MAX (block == NULL ? BLOCK : MIN (block->size * 2, 256 * 1024), slice.len);

      block = g_malloc (sizeof *block + size);
      block->next = arena->blocks;
      block->used = 0;
      block->size = size;
      arena->blocks = block;
    }
  to = block->data + block->used;
  memcpy (to, slice.data, slice.len);
  block->used += slice.len;
  return cs_slice (to, slice.len);
}

void
sqlite_arena_clear (SqliteArena *arena)
{
  while (arena->blocks != NULL)
    {
      SqliteBlock *next = arena->blocks->next;

      g_free (arena->blocks);
      arena->blocks = next;
    }
}

SqliteRows *
sqlite_rows_new (guint expected)
{
  SqliteRows *rows = g_new0 (SqliteRows, 1);

  rows->size = CLAMP (expected, 1, 64);
  rows->records = g_new (CsStoreRecord, rows->size);
  return rows;
}

void
sqlite_rows_reset (SqliteRows *rows)
{
  rows->base.n = 0;
  rows->bytes = 0;
  sqlite_arena_clear (&rows->arena);
}

static CsStoreRecord *
next_record (SqliteRows *rows)
{
  if (rows->base.n == rows->size)
    {
      rows->size *= 4;
      rows->records = g_renew (CsStoreRecord, rows->records, rows->size);
    }
  return &rows->records[rows->base.n++];
}

CsStoreRecord *
sqlite_rows_add (SqliteRows *rows, sqlite3_stmt *st, guint what)
{
  CsStoreRecord *record = next_record (rows);

  record->seq = SQLITE_KEY_SEQ (sqlite3_column_int64 (st, 0));
  record->id = sqlite_arena_copy (&rows->arena, sqlite_column_slice (st, 1));
  record->deleted = sqlite3_column_int (st, 2) != 0;
  record->summary = sqlite_arena_copy (&rows->arena, sqlite_column_slice (st, 3));
  record->body_ref = sqlite3_column_int64 (st, 4);
  record->user = sqlite_arena_copy (&rows->arena, sqlite_column_slice (st, 5));
  record->created = sqlite3_column_int64 (st, 6);
  record->updated = sqlite3_column_int64 (st, 7);
  /* Each column asked for costs a call into SQLite, which a long feed feels. */
  record->tree = record->body = cs_slice (NULL, 0);
  if (what & CS_STORE_TREE)
    record->tree = sqlite_arena_copy (&rows->arena, sqlite_column_slice (st, 8));
  if ((what & CS_STORE_BODY) && sqlite3_column_type (st, 9) != SQLITE_NULL)
    record->body = sqlite_arena_copy (&rows->arena, sqlite_column_slice (st, 9));
  rows->bytes += record->tree.len + record->body.len;
  return record;
}

gboolean
sqlite_rows_full (const SqliteRows *rows, guint limit)
{
  return rows->base.n == limit || rows->bytes >= FULL_BYTES;
}

void
sqlite_rows_add_missing (SqliteRows *rows, CsSlice id)
{
  CsStoreRecord *record = next_record (rows);

  memset (record, 0, sizeof *record);
  record->id = sqlite_arena_copy (&rows->arena, id);
}

CsStoreRows *
sqlite_rows_done (SqliteRows *rows, guint64 last_seq, gboolean more)
{
  guint64 seen = rows->base.n > 0 ? rows->records[rows->base.n - 1].seq : 0;

  rows->base.records = rows->records;
  rows->base.last_seq = MAX (last_seq, seen);
  rows->base.more = more;
  return &rows->base;
}

void
sqlite_rows_free (CsStoreRows *base)
{
  SqliteRows *rows = (SqliteRows *) base;

  sqlite_arena_clear (&rows->arena);
  g_free (rows->records);
  g_free (rows);
}

SqliteBodies *
sqlite_bodies_new (guint n)
{
  SqliteBodies *bodies = g_malloc0 (sizeof *bodies + n * sizeof (CsSlice));

  bodies->base.bodies = bodies->bodies;
  bodies->base.n = n;
  return bodies;
}

void
sqlite_bodies_free (CsStoreBodies *base)
{
  SqliteBodies *bodies = (SqliteBodies *) base;

  sqlite_arena_clear (&bodies->arena);
  g_free (bodies);
}
