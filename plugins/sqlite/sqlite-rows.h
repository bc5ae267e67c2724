/* sqlite-rows.h: answers of readings: records and bodies with the memory behind them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_ROWS_H
#define SQLITE_ROWS_H

#include <cloudsync/sdk.h>
#include <sqlite3.h>

typedef struct _SqliteBlock SqliteBlock;

/* Memory that only grows, given back at once. */
typedef struct
{
  SqliteBlock *blocks; /* newest first */
} SqliteArena;

typedef struct
{
  CsStoreRows base;
  CsStoreRecord *records;
  guint size;
  gsize bytes; /* of their trees and bodies */
  SqliteArena arena;
} SqliteRows;

typedef struct
{
  CsStoreBodies base;
  SqliteArena arena;
  CsSlice bodies[];
} SqliteBodies;

CsSlice sqlite_arena_copy (SqliteArena *arena, CsSlice slice);
void sqlite_arena_clear (SqliteArena *arena);

/* With room for `expected` records at first. */
SqliteRows *sqlite_rows_new (guint expected);
/* Forgets the records, for a reading that is done again. */
void sqlite_rows_reset (SqliteRows *rows);
/* Appends the record that a statement of SQLITE_ST_READ's shape stands on. */
CsStoreRecord *sqlite_rows_add (SqliteRows *rows, sqlite3_stmt *statement, guint what);
/* There are `limit` records, or as many bytes as an answer is to hold. */
gboolean sqlite_rows_full (const SqliteRows *rows, guint limit);
/* Appends one that does not exist. */
void sqlite_rows_add_missing (SqliteRows *rows, CsSlice id);
CsStoreRows *sqlite_rows_done (SqliteRows *rows, guint64 last_seq, gboolean more);
void sqlite_rows_free (CsStoreRows *rows);

SqliteBodies *sqlite_bodies_new (guint n);
void sqlite_bodies_free (CsStoreBodies *bodies);

#endif
