/* sync-export.c: `cloudsyncctl export`: a database as JSON lines.
 *
 * A head, a line for each leaf revision as `_bulk_docs` takes it with `new_edits: false`, local documents, an end that
 * counts. Documents come in order of their last change; one that is written meanwhile comes again. Local documents
 * are read first and written last: what they claim of a database is then true of the export and of an import that
 * is interrupted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync-access.h"
#include "sync-lines.h"
#include "sync-view.h"

#define PAGE_ROWS 200
#define FLUSH_AT (256 * 1024)
#define LOOK_EVERY_MS 200

typedef struct
{
  Sync *self;
  SyncDb *db;
  int fd;
  gboolean regular; /* a file: writing to it does not wait for anybody */
  SyncScratch scratch;
  GString *out;
  GString *locals;
  CsStoreInfo info;
  guint64 since;
  guint64 last_seq;
  guint64 n_documents, n_revisions, n_locals, bytes;
  gsize start;     /* of the line at hand, in `out` */
  gboolean passed; /* some of it is written already */
  GError **error;
} Export;

static gboolean
fail (Export *self, CsStatus status, const char *what)
{
  g_set_error (self->error, CS_ERROR, (gint) status, "%s%s%s", what != NULL ? what : "",
               what != NULL ? ": " : "", cs_status_text (status));
  return FALSE;
}

/* ---- writing ---- */

/* A pipe whose reader is slow must not keep us from seeing that nobody waits any more: only what fits at once
 * (PIPE_BUF) is written. */
static gboolean
may_write (Export *self)
{
  struct pollfd poller = { .fd = self->fd, .events = POLLOUT };

  while (!self->regular && !cs_command_cancelled ())
    {
      int n = poll (&poller, 1, LOOK_EVERY_MS);

      if (n > 0 || (n < 0 && errno != EINTR))
        break;
    }
  return !cs_command_cancelled ();
}

static gboolean
flush (Export *self)
{
  gsize at = 0;

  while (at < self->out->len)
    {
      gsize len = self->regular ? self->out->len - at : MIN (self->out->len - at, 4096);
      gssize n;

      if (!may_write (self))
        return fail (self, CS_CANCELLED, NULL);
      n = write (self->fd, self->out->str + at, len);
      if (n < 0 && (errno == EINTR || errno == EAGAIN))
        continue;
      if (n < 0)
        return fail (self, errno == ENOSPC ? CS_NO_SPACE : CS_IO,
                     errno == EPIPE ? "nobody reads what is written" : g_strerror (errno));
      at += (gsize) n;
    }
  self->bytes += self->out->len;
  g_string_truncate (self->out, 0);
  return TRUE;
}

static void
begin_line (Export *self)
{
  self->start = self->out->len;
  self->passed = FALSE;
}

static gboolean
end_line (Export *self)
{
  sync_line_join (self->out->str + self->start, self->out->len - self->start);
  g_string_append_c (self->out, '\n');
  return self->out->len < FLUSH_AT || flush (self);
}

/* ---- lines ---- */

static gboolean
append_head (Export *self)
{
  g_autoptr (GBytes) security = NULL;
  CsStatus status = cs_store_meta_get (self->self->store, self->db->db, "security", &security);

  if (status != CS_OK && status != CS_NOT_FOUND)
    return fail (self, status, "_security");
  g_string_append_printf (self->out, "{\"" SYNC_EXPORT_HEAD "\":%d,\"db_name\":",
                          SYNC_EXPORT_VERSION);
  sync_json_append_string (self->out, cs_slice_str (self->db->key));
  if (self->since > 0)
    g_string_append_printf (self->out, ",\"since\":%" G_GUINT64_FORMAT, self->since);
  g_string_append_printf (self->out, ",\"revs_limit\":%" G_GUINT64_FORMAT, self->db->revs_limit);
  if (security != NULL)
    {
      g_string_append (self->out, ",\"_security\":");
      g_string_append_len (self->out, g_bytes_get_data (security, NULL),
                           (gssize) g_bytes_get_size (security));
    }
  g_string_append_c (self->out, '}');
  return end_line (self);
}

static gboolean
fail_document (Export *self, const SyncView *view, CsStatus status)
{
  g_autofree char *id = g_strndup (view->record->id.data, view->record->id.len);
  g_autofree char *what = g_strdup_printf ("document '%s'", id);

  return fail (self, status, what);
}

/* In the middle of large attachments. */
static CsStatus
pass (gpointer data, GString *out)
{
  Export *self = data;

  if (out->len < FLUSH_AT)
    return CS_OK;
  sync_line_join (out->str + self->start, out->len - self->start);
  self->passed = TRUE;
  self->start = 0;
  return flush (self) ? CS_OK : CS_CANCELLED;
}

/* A body that is gone since the record was read was replaced: the document comes again. */
static gboolean
append_leaf (Export *self, SyncView *view, gint node)
{
  CsStatus status;

  begin_line (self);
  status = sync_view_append (view, node, self->out);
  if (status == CS_NOT_FOUND && !self->passed)
    {
      g_string_truncate (self->out, self->start);
      return TRUE;
    }
  if (status != CS_OK)
    return *self->error == NULL ? fail_document (self, view, status) : FALSE;
  self->n_revisions++;
  return end_line (self);
}

static gboolean
append_record (Export *self, const CsStoreRecord *stored)
{
  CsStoreRecord record = *stored;
  SyncView view = { .db = self->db,
                    .arena = &self->scratch.arena,
                    .record = &record,
                    .flags = SYNC_VIEW_REVS | SYNC_VIEW_ATTACHMENTS,
                    .pass = pass,
                    .pass_data = self };
  gint *leaves;
  guint n, i;

  sync_scratch_reset (&self->scratch);
  record.body_ref = 0; /* no body was read with it */
  if (!sync_view_tree (&view))
    return fail (self, CS_CORRUPT, "a document's revisions");
  n = sync_tree_leaves (&view.tree, &leaves);
  for (i = 0; i < n; i++)
    if (!append_leaf (self, &view, leaves[i]))
      return FALSE;
  self->n_documents++;
  self->last_seq = record.seq;
  return TRUE;
}

static gboolean
append_page (Export *self, gboolean *more)
{
  CsStoreRange range = { .size = sizeof range, .since = self->last_seq, .limit = PAGE_ROWS,
                         .what = CS_STORE_TREE };
  CsStoreRows *rows = NULL;
  CsStatus status = cs_store_changes (self->db->db, &range, &rows);
  gboolean good = TRUE;
  guint i;

  if (status != CS_OK)
    return fail (self, status, "changes");
  for (i = 0; good && i < rows->n; i++)
    good = append_record (self, &rows->records[i]);
  *more = rows->more;
  cs_store_rows_free (self->db->db, rows);
  cs_command_progress ("exporting", MIN (self->last_seq, self->info.last_seq) - self->since,
                       self->info.last_seq - self->since);
  return good;
}

/* ---- local documents ---- */

static gboolean
note_id (CsSlice id, gpointer data)
{
  g_ptr_array_add (data, g_bytes_new (id.data, id.len));
  return TRUE;
}

static gboolean
read_local (Export *self, GBytes *bytes)
{
  CsSlice id = cs_slice (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (GBytes) stored = NULL;
  gsize start = self->locals->len;
  guint64 version;
  CsStatus status = cs_store_local_get (self->db->db, id, &version, &stored);

  if (status == CS_NOT_FOUND)
    return TRUE;
  if (status != CS_OK)
    return fail (self, status, "local documents");
  sync_local_append (self->locals, id, version, stored);
  sync_line_join (self->locals->str + start, self->locals->len - start);
  g_string_append (self->locals, "}\n");
  self->n_locals++;
  return TRUE;
}

static gboolean
read_locals (Export *self)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  CsStoreRange range = { .size = sizeof range, .limit = PAGE_ROWS, .from_exclusive = TRUE };
  guint done = 0, before;
  CsSlice from;

  do
    {
      CsStatus status = cs_store_local_list (self->db->db, &range, note_id, ids);

      if (status != CS_OK)
        return fail (self, status, "local documents");
      for (before = done; done < ids->len; done++)
        if (!read_local (self, ids->pdata[done]))
          return FALSE;
      if (done > before)
        from = cs_slice (g_bytes_get_data (ids->pdata[done - 1], NULL),
                         g_bytes_get_size (ids->pdata[done - 1]));
      range.from = &from;
    }
  while (done - before == PAGE_ROWS);
  return TRUE;
}

static gboolean
append_end (Export *self)
{
  g_string_append_len (self->out, self->locals->str, (gssize) self->locals->len);
  begin_line (self);
  g_string_append_printf (self->out,
                          "{\"" SYNC_EXPORT_END "\":{\"revisions\":%" G_GUINT64_FORMAT
                          ",\"locals\":%" G_GUINT64_FORMAT ",\"update_seq\":",
                          self->n_revisions, self->n_locals);
  sync_seq_append (self->out, self->last_seq, self->info.epoch);
  g_string_append (self->out, "}}");
  return end_line (self) && flush (self);
}

/* ---- the whole ---- */

static gboolean
begin (Export *self, const char *since)
{
  CsStatus status = cs_store_info (self->db->db, &self->info);

  if (status != CS_OK)
    return fail (self, status, self->db->key);
  if (since != NULL
      && !sync_seq_parse (self->db->db, &self->info, cs_slice_str (since), &self->since))
    return fail (self, CS_INVALID, "since: not a sequence");
  self->since = MIN (self->since, self->info.last_seq);
  self->last_seq = self->since;
  /* Checkpoints speak of a whole database. */
  return since != NULL || read_locals (self);
}

static gboolean
run (Export *self, const char *since)
{
  gboolean more = TRUE;

  if (!begin (self, since) || !append_head (self))
    return FALSE;
  while (more)
    {
      if (cs_command_cancelled ())
        return fail (self, CS_CANCELLED, NULL);
      if (!append_page (self, &more))
        return FALSE;
    }
  return append_end (self);
}

static void
describe (const Export *self, GString *output)
{
  g_string_append_printf (output,
                          "{\"documents\":%" G_GUINT64_FORMAT ",\"revisions\":%" G_GUINT64_FORMAT
                          ",\"locals\":%" G_GUINT64_FORMAT ",\"bytes\":%" G_GUINT64_FORMAT
                          ",\"update_seq\":",
                          self->n_documents, self->n_revisions, self->n_locals, self->bytes);
  sync_seq_append (output, self->last_seq, self->info.epoch);
  g_string_append_c (output, '}');
}

static gboolean
parse_args (const char *const *args, const char **since, GError **error)
{
  *since = NULL;
  if (args[0] != NULL && args[1] != NULL && g_str_has_prefix (args[1], "since="))
    *since = args[1] + strlen ("since=");
  if (args[0] != NULL && (args[1] == NULL || (*since != NULL && args[2] == NULL)))
    return TRUE;
  g_set_error_literal (error, CS_ERROR, CS_INVALID, "usage: export DB [since=SEQUENCE]");
  return FALSE;
}

static gboolean
export_run (gpointer data, const char *const *args, GString *output, GError **error)
{
  Export export = { .self = data, .fd = cs_command_fd (), .error = error };
  struct stat st;
  const char *since;
  CsStatus status;
  gboolean good;

  if (!parse_args (args, &since, error))
    return FALSE;
  if (export.fd < 0)
    return fail (&export, CS_INVALID, "the request brings no descriptor to write to; cloudsyncctl does");
  export.regular = fstat (export.fd, &st) == 0 && S_ISREG (st.st_mode);
  status = sync_control_open (data, args[0], &export.db);
  if (status != CS_OK)
    return fail (&export, status, args[0]);
  export.info.size = sizeof export.info;
  export.out = g_string_sized_new (2 * FLUSH_AT);
  export.locals = g_string_new (NULL);
  sync_scratch_init (&export.scratch);
  good = run (&export, since);
  if (good)
    describe (&export, output);
  sync_scratch_clear (&export.scratch);
  g_string_free (export.locals, TRUE);
  g_string_free (export.out, TRUE);
  sync_db_unref (export.db);
  return good;
}

static const CsNodeCommand export_command
  = { "export", "DB [since=SEQUENCE]: writes a database as JSON lines", export_run };

void
sync_export_add (Sync *self)
{
  cs_add_command (self, &export_command);
}
