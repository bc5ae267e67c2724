/* sqlite-sweep.c: a drop only marks a database or an index; this gives its pages back, between other people's
 * transactions. Whatever is interrupted begins again: each slice removes rows that are still there.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-sweep.h"

#include "sqlite-engine.h"

#define SLICE 500
#define BODY_SLICE 2000

typedef enum
{
  SWEEP_NEXT,
  SWEEP_DOCS,
  SWEEP_BODIES,
  SWEEP_LOCALS,
  SWEEP_REST,
  SWEEP_ENTRIES /* of an index, whose number it is then */
} SweepPhase;

struct _SqliteSweep
{
  SqliteConn *conn;
  gboolean wanted;
  SweepPhase phase;
  gint64 number;
  gint64 body, last_body;
};

SqliteSweep *
sqlite_sweep_new (SqliteConn *conn)
{
  SqliteSweep *self = g_new0 (SqliteSweep, 1);

  self->conn = conn;
  self->wanted = TRUE;
  return self;
}

void
sqlite_sweep_free (SqliteSweep *self)
{
  g_free (self);
}

void
sqlite_sweep_want (SqliteSweep *self)
{
  self->wanted = TRUE;
}

gboolean
sqlite_sweep_wanted (SqliteSweep *self)
{
  return self->wanted;
}

/* Runs a statement with up to three numbers; *changed is how many rows it changed. */
static CsStatus
run (SqliteSweep *self, const char *sql, gint64 a, gint64 b, gint64 c, int *changed)
{
  sqlite3_stmt *st = NULL;
  int before = sqlite3_total_changes (self->conn->db);
  int rc = sqlite3_prepare_v2 (self->conn->db, sql, -1, &st, NULL);

  if (rc == SQLITE_OK)
    {
      sqlite3_bind_int64 (st, 1, a);
      sqlite3_bind_int64 (st, 2, b);
      sqlite3_bind_int64 (st, 3, c);
      rc = sqlite3_step (st);
    }
  sqlite3_finalize (st);
  *changed = sqlite3_total_changes (self->conn->db) - before;
  return sqlite_status (rc);
}

static CsStatus
find_index (SqliteSweep *self)
{
  sqlite3_stmt *st = NULL;
  int rc = sqlite3_prepare_v2 (self->conn->db, "SELECT ix FROM ordering WHERE state = 1 LIMIT 1", -1,
                               &st, NULL);

  if (rc == SQLITE_OK)
    rc = sqlite3_step (st);
  if (rc == SQLITE_ROW)
    {
      self->number = sqlite3_column_int64 (st, 0);
      self->phase = SWEEP_ENTRIES;
    }
  else if (rc == SQLITE_DONE)
    self->wanted = FALSE;
  sqlite3_finalize (st);
  return sqlite_status (rc);
}

static CsStatus
find_next (SqliteSweep *self)
{
  sqlite3_stmt *st = NULL;
  int rc = sqlite3_prepare_v2 (self->conn->db,
                               "SELECT d.db, d.first_body, coalesce (t.last_body, 0)"
                               " FROM database d LEFT JOIN tally t ON t.db = d.db"
                               " WHERE d.state = 1 LIMIT 1",
                               -1, &st, NULL);

  if (rc == SQLITE_OK)
    rc = sqlite3_step (st);
  if (rc == SQLITE_ROW)
    {
      self->number = sqlite3_column_int64 (st, 0);
      self->body = sqlite3_column_int64 (st, 1);
      self->last_body = sqlite3_column_int64 (st, 2);
      self->phase = SWEEP_DOCS;
    }
  sqlite3_finalize (st);
  return rc == SQLITE_DONE ? find_index (self) : sqlite_status (rc);
}

static CsStatus
remove_docs (SqliteSweep *self)
{
  int n;
  CsStatus status = run (self,
                         "DELETE FROM doc WHERE key IN"
                         " (SELECT key FROM doc WHERE key >= ?1 AND key < ?2 LIMIT ?3)",
                         SQLITE_KEY (self->number, 0), SQLITE_KEY (self->number + 1, 0), SLICE, &n);

  if (status == CS_OK && n == 0)
    self->phase = SWEEP_BODIES;
  return status;
}

static CsStatus
remove_bodies (SqliteSweep *self)
{
  int n;
  CsStatus status = run (self, "DELETE FROM body WHERE key >= ?1 AND key < ?2 AND db = ?3",
                         self->body, self->body + BODY_SLICE, self->number, &n);

  if (status == CS_OK)
    status = run (self, "DELETE FROM blob WHERE ref >= ?1 AND ref < ?2 AND db = ?3", self->body,
                  self->body + BODY_SLICE, self->number, &n);
  if (status == CS_OK)
    self->body += BODY_SLICE;
  if (self->body > self->last_body)
    self->phase = SWEEP_LOCALS;
  return status;
}

static CsStatus
remove_locals (SqliteSweep *self)
{
  int n;
  CsStatus status = run (self,
                         "DELETE FROM local WHERE db = ?1 AND id IN"
                         " (SELECT id FROM local WHERE db = ?1 LIMIT ?2)",
                         self->number, SLICE, 0, &n);

  if (status == CS_OK && n == 0)
    self->phase = SWEEP_REST;
  return status;
}

static CsStatus
remove_rest (SqliteSweep *self)
{
  static const char *const statements[]
    = { "UPDATE ordering SET name = NULL, state = 1 WHERE db = ?1",
        "DELETE FROM meta WHERE db = ?1", "DELETE FROM epoch WHERE db = ?1",
        "DELETE FROM tally WHERE db = ?1", "DELETE FROM database WHERE db = ?1" };
  CsStatus status = CS_OK;
  guint i;
  int n;

  for (i = 0; i < G_N_ELEMENTS (statements) && status == CS_OK; i++)
    status = run (self, statements[i], self->number, 0, 0, &n);
  if (status == CS_OK)
    self->phase = SWEEP_NEXT;
  return status;
}

static CsStatus
remove_entries (SqliteSweep *self)
{
  int n;
  CsStatus status = run (self,
                         "DELETE FROM entry WHERE ix = ?1 AND (key, id) IN"
                         " (SELECT key, id FROM entry WHERE ix = ?1 ORDER BY key, id LIMIT ?2)",
                         self->number, SLICE, 0, &n);

  if (status != CS_OK || n > 0)
    return status;
  self->phase = SWEEP_NEXT;
  return run (self, "DELETE FROM ordering WHERE ix = ?1", self->number, 0, 0, &n);
}

static CsStatus
step (SqliteSweep *self)
{
  switch (self->phase)
    {
    case SWEEP_DOCS:
      return remove_docs (self);
    case SWEEP_BODIES:
      return remove_bodies (self);
    case SWEEP_LOCALS:
      return remove_locals (self);
    case SWEEP_REST:
      return remove_rest (self);
    case SWEEP_ENTRIES:
      return remove_entries (self);
    default:
      return find_next (self);
    }
}

void
sqlite_sweep_slice (SqliteSweep *self)
{
  sqlite3 *db = self->conn->db;
  SqliteSweep before = *self;
  CsStatus status;

  if (self->phase == SWEEP_NEXT)
    status = find_next (self);
  else if ((status = sqlite_conn_exec (self->conn, "BEGIN IMMEDIATE", NULL)) == CS_OK)
    {
      status = step (self);
      if (status == CS_OK)
        status = sqlite_conn_exec (self->conn, "COMMIT", NULL);
    }
  if (status == CS_OK)
    return;
  if (!sqlite3_get_autocommit (db))
    sqlite_conn_exec (self->conn, "ROLLBACK", NULL);
  *self = before;
  self->wanted = FALSE;
  self->phase = SWEEP_NEXT;
}
