/* sync-import.c: `cloudsyncctl import`: JSON lines, as `export` writes them, into a database.
 *
 * Revisions are grafted, as replication does it: what is there already is left alone, so that a run that failed is
 * simply run again. Batches are durable as they go; a bad line ends the run with its number.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync-access.h"
#include "sync-intake.h"
#include "sync-lines.h"

#define BATCH_MAX 500
#define BATCH_BYTES (8 * 1024 * 1024)
#define LONG_LINE (1024 * 1024) /* is a batch of its own, and not copied */
#define LOOK_EVERY_MS 200
#define SECURITY_BYTES_MAX 65536

typedef struct
{
  Sync *self;
  SyncDb *db;
  const char *name;
  int fd;
  guint64 total; /* bytes, 0: not known */
  gboolean made; /* the database was not there */
  SyncLines lines;
  gboolean headed, ended;

  SyncScratch scratch; /* of the batch */
  SyncEdit edits[BATCH_MAX];
  guint64 numbers[BATCH_MAX]; /* their lines */
  guint n;
  gsize batch_bytes;
  SyncHeld held;

  guint64 n_revisions, n_stored, n_locals, n_locals_kept;
  GError **error;
} Import;

static gboolean
fail (Import *self, CsStatus status, const char *what)
{
  g_set_error (self->error, CS_ERROR, (gint) status, "%s", what != NULL ? what
                                                                       : cs_status_text (status));
  return FALSE;
}

static gboolean
fail_line (Import *self, guint64 number, CsStatus status, const char *what)
{
  g_set_error (self->error, CS_ERROR, (gint) status,
               "line %" G_GUINT64_FORMAT ": %s (%" G_GUINT64_FORMAT " revisions before it are stored; "
               "run it again when that is mended, nothing is stored twice)", number, what,
               self->n_revisions);
  return FALSE;
}

/* ---- reading ---- */

/* Somebody else may hold the other end of a pipe for ever. */
static gboolean
may_read (Import *self)
{
  struct pollfd poller = { .fd = self->fd, .events = POLLIN };

  while (!cs_command_cancelled ())
    if (poll (&poller, 1, LOOK_EVERY_MS) != 0)
      return TRUE;
  return FALSE;
}

static gssize
read_some (gpointer data, char *buffer, gsize len, CsStatus *status)
{
  Import *self = data;
  gssize n = -1;

  *status = CS_CANCELLED;
  while (may_read (self))
    {
      n = read (self->fd, buffer, len);
      if (n >= 0)
        return n;
      *status = CS_IO;
      if (errno != EINTR && errno != EAGAIN)
        break;
    }
  return -1;
}

/* ---- the batch ---- */

static const char *
outcome_text (const SyncEdit *edit)
{
  switch (edit->outcome)
    {
    case SYNC_EDIT_STORED:
    case SYNC_EDIT_KNOWN:
      return NULL;
    case SYNC_EDIT_REFUSED:
      return edit->refusal.reason;
    case SYNC_EDIT_MISSING_STUB:
      return "an attachment is a stub, and the database does not have its bytes";
    default:
      return "the revision cannot be grafted";
    }
}

static gboolean
commit (Import *self)
{
  CsStatus status;
  guint i;

  if (self->n == 0)
    return TRUE;
  status = sync_commit (self->self, self->db, sync_control_identity (), self->edits, self->n);
  if (status != CS_OK)
    return fail_line (self, self->numbers[0], status, cs_status_text (status));
  for (i = 0; i < self->n; i++)
    {
      const char *text = outcome_text (&self->edits[i]);

      if (text != NULL)
        return fail_line (self, self->numbers[i], CS_INVALID, text);
      self->n_revisions++;
      self->n_stored += self->edits[i].outcome == SYNC_EDIT_STORED;
    }
  self->n = 0;
  self->batch_bytes = 0;
  sync_held_clear (&self->held);
  sync_held_init (&self->held);
  sync_scratch_reset (&self->scratch);
  return TRUE;
}

/* ---- lines ---- */

/* The line's text goes with the next line: what a batch keeps is copied. */
static CsSlice
keep (Import *self, CsSlice line)
{
  char *copy = sync_alloc (&self->scratch.arena, line.len);

  memcpy (copy, line.data, line.len);
  return cs_slice (copy, line.len);
}

static gboolean
read_document (Import *self, CsSlice line, SyncDoc *doc)
{
  const SyncSettings *settings = cs_settings (self->self);
  SyncError error;
  SyncJson value;

  sync_json_parse (line, (guint) settings->max_depth, &value);
  if (!sync_doc_read (doc, value, &self->scratch.arena, &error)
      || (doc->id.data != NULL && !sync_doc_id_check (doc->id, &error)))
    return fail_line (self, self->lines.number, CS_INVALID, error.reason);
  if (doc->id.data == NULL)
    return fail_line (self, self->lines.number, CS_INVALID, "a document without _id");
  if ((gint64) doc->length > settings->max_document)
    return fail_line (self, self->lines.number, CS_TOO_LARGE,
                      "the document is larger than sync.max-document");
  return TRUE;
}

static gboolean
take_attachments (Import *self, SyncEdit *edit)
{
  const SyncAttachment *failed = NULL;
  g_autofree char *what = NULL;
  CsStatus status
    = sync_intake_decode (self->self, &self->held, edit->attachments, edit->n_attachments, &failed);

  if (status == CS_OK)
    return TRUE;
  what = g_strdup_printf ("attachment '%.*s': %s", (int) MIN (failed->name.len, 200),
                          failed->name.data,
                          status == CS_INVALID ? "not base64"
                          : status == CS_TOO_LARGE ? "larger than sync.max-attachment"
                                                   : cs_status_text (status));
  return fail_line (self, self->lines.number, status, what);
}

static gboolean
take_document (Import *self, CsSlice line)
{
  gboolean is_long = line.len > LONG_LINE;
  SyncEdit *edit;
  SyncError error;
  SyncDoc doc;

  if (is_long && !commit (self))
    return FALSE;
  edit = &self->edits[self->n];
  if (!read_document (self, is_long ? line : keep (self, line), &doc))
    return FALSE;
  if (!sync_design_check (self->self, self->db, &doc, &error)
      || !sync_edit_init (edit, &doc, TRUE, &self->scratch.arena, &error))
    return fail_line (self, self->lines.number, CS_INVALID, error.reason);
  if (!take_attachments (self, edit))
    return FALSE;
  self->numbers[self->n++] = self->lines.number;
  self->batch_bytes += line.len;
  return (!is_long && self->n < BATCH_MAX && self->batch_bytes < BATCH_BYTES) || commit (self);
}

static gboolean
local_version (CsSlice rev, guint64 *version)
{
  g_autofree char *text = g_strndup (rev.data != NULL ? rev.data : "", rev.len);

  return g_str_has_prefix (text, "0-")
         && g_ascii_string_to_unsigned (text + 2, 10, 1, G_MAXINT64, version, NULL);
}

/* One that is there is its client's present one. */
static gboolean
take_local (Import *self, CsSlice line)
{
  g_autoptr (GBytes) bytes = NULL;
  const guint64 none = 0;
  guint64 version;
  GByteArray *text;
  SyncDoc doc;
  CsStatus status;
  guint i;

  if (!commit (self) || !read_document (self, line, &doc))
    return FALSE;
  if (!local_version (doc.rev, &version))
    return fail_line (self, self->lines.number, CS_INVALID, "a local document's _rev is 0-N");
  text = g_byte_array_new ();
  for (i = 0; i < doc.n_parts; i++)
    g_byte_array_append (text, (const guint8 *) doc.parts[i].data, (guint) doc.parts[i].len);
  bytes = g_byte_array_free_to_bytes (text);
  status = cs_store_local_put (self->db->db, doc.id, &none, version, bytes);
  sync_scratch_reset (&self->scratch);
  self->n_locals += status == CS_OK;
  self->n_locals_kept += status == CS_CONFLICT;
  return status == CS_OK || status == CS_CONFLICT
         || fail_line (self, self->lines.number, status, cs_status_text (status));
}

static CsStatus
set_security (Import *self, SyncJson object)
{
  SyncSecurity security = { 0 };
  g_autoptr (GBytes) bytes = NULL;
  gboolean good = object.type == SYNC_JSON_OBJECT && object.text.len <= SECURITY_BYTES_MAX
                  && sync_json_valid (object.text, 32)
                  && sync_security_parse (object.text, &security);

  sync_security_clear (&security);
  if (!good)
    return CS_INVALID;
  bytes = g_bytes_new (object.text.data, object.text.len);
  return cs_store_meta_set (self->self->store, self->db->db, "security", bytes);
}

/* What a database has been told stays; one that this run made gets what the export had. */
static gboolean
take_head (Import *self, SyncJson head)
{
  SyncJson security = sync_json_member (head, "_security");
  guint64 version, limit;
  CsStatus status = CS_OK;

  if (self->headed || self->n > 0 || self->n_revisions > 0)
    return fail_line (self, self->lines.number, CS_INVALID, "a second head: two exports in one file");
  self->headed = TRUE;
  if (!sync_json_unsigned (sync_json_member (head, SYNC_EXPORT_HEAD), &version)
      || version != SYNC_EXPORT_VERSION)
    return fail_line (self, self->lines.number, CS_UNSUPPORTED,
                      "an export of a later version: import it with that server");
  if (!self->made)
    return TRUE;
  if (security.type != SYNC_JSON_NONE)
    status = set_security (self, security);
  if (status != CS_OK)
    return fail_line (self, self->lines.number, status, "_security cannot be taken");
  if (!sync_json_unsigned (sync_json_member (head, "revs_limit"), &limit) || limit == 0
      || limit > sync_revs_limit.max)
    limit = self->db->revs_limit;
  status = sync_number_set (self->self, self->db->db, &sync_revs_limit, limit);
  sync_databases_changed (self->self);
  self->db->revs_limit = limit;
  return status == CS_OK || fail_line (self, self->lines.number, status, cs_status_text (status));
}

static gboolean
take_end (Import *self, SyncJson end)
{
  guint64 revisions = 0, locals = 0;

  if (!commit (self))
    return FALSE;
  if (!sync_json_unsigned (sync_json_member (end, "revisions"), &revisions)
      || !sync_json_unsigned (sync_json_member (end, "locals"), &locals)
      || revisions != self->n_revisions || locals != self->n_locals + self->n_locals_kept)
    return fail_line (self, self->lines.number, CS_CORRUPT, "lines are missing before the end");
  self->ended = TRUE;
  return TRUE;
}

static gboolean
take_line (Import *self, CsSlice line)
{
  const SyncSettings *settings = cs_settings (self->self);
  SyncJson object;

  if (self->ended)
    return fail_line (self, self->lines.number, CS_INVALID, "something follows the end");
  switch (sync_line_kind (line, (guint) settings->max_depth, &object))
    {
    case SYNC_LINE_DOCUMENT:
      return take_document (self, line);
    case SYNC_LINE_LOCAL:
      return take_local (self, line);
    case SYNC_LINE_HEAD:
      return take_head (self, object);
    case SYNC_LINE_END:
      return take_end (self, object);
    default:
      return fail_line (self, self->lines.number, CS_INVALID, "not a JSON object in UTF-8, or nested "
                        "deeper than sync.max-depth");
    }
}

/* ---- the whole ---- */

static gboolean
finish (Import *self)
{
  if (!commit (self))
    return FALSE;
  if (!self->headed || self->ended)
    return TRUE;
  return fail_line (self, self->lines.number + 1, CS_CORRUPT,
                    "the export is cut short: its last line is missing");
}

static gboolean
run (Import *self)
{
  CsSlice line;
  CsStatus status;

  while ((status = sync_lines_next (&self->lines, &line)) == CS_OK)
    {
      if (!take_line (self, line))
        return FALSE;
      cs_command_progress ("importing", self->lines.bytes - self->lines.len, self->total);
    }
  if (status == CS_NOT_FOUND)
    return finish (self);
  return fail_line (self, self->lines.number + (status != CS_TOO_LARGE), status,
                    status == CS_TOO_LARGE ? "longer than sync.max-document and its attachments can be"
                                           : cs_status_text (status));
}

/* Opens the database, making it when there is none. */
static gboolean
open_database (Import *self)
{
  CsIdentity *identity = sync_control_identity ();
  CsSlice name = cs_slice_str (self->name);
  CsStatus status = sync_control_open (self->self, self->name, &self->db);

  if (status != CS_NOT_FOUND)
    return status == CS_OK || fail (self, status, NULL);
  status = sync_create_for (self->self, identity, name);
  if (status == CS_INVALID || status == CS_UNSUPPORTED)
    return fail (self, status, "no database can have that name: lower-case letters, digits and _$()+-/, "
                 "a letter first, and no other plugin's path");
  self->made = status == CS_OK;
  if (status == CS_OK || status == CS_EXISTS)
    status = sync_control_open (self->self, self->name, &self->db);
  return status == CS_OK || fail (self, status, NULL);
}

static void
describe (const Import *self, GString *output)
{
  g_string_append (output, "{\"database\":");
  sync_json_append_string (output, cs_slice_str (self->name));
  g_string_append_printf (
    output,
    ",\"made\":%s,\"revisions\":%" G_GUINT64_FORMAT ",\"stored\":%" G_GUINT64_FORMAT
    ",\"locals\":%" G_GUINT64_FORMAT ",\"locals_kept\":%" G_GUINT64_FORMAT ",\"whole\":%s}",
    self->made ? "true" : "false", self->n_revisions, self->n_stored, self->n_locals,
    self->n_locals_kept, self->ended ? "true" : "null");
}

static gboolean
import_run (gpointer data, const char *const *args, GString *output, GError **error)
{
  const SyncSettings *settings = cs_settings (data);
  g_autofree Import *self = g_new0 (Import, 1);
  struct stat st;
  gboolean good;

  self->self = data;
  self->name = args[0];
  self->fd = cs_command_fd ();
  self->error = error;
  if (args[0] == NULL || args[1] != NULL)
    return fail (self, CS_INVALID, "usage: import DB");
  if (self->fd < 0)
    return fail (self, CS_INVALID, "the request brings no descriptor to read from; cloudsyncctl does");
  if (fstat (self->fd, &st) == 0 && S_ISREG (st.st_mode))
    self->total = (guint64) st.st_size;
  if (!open_database (self))
    return FALSE;
  sync_scratch_init (&self->scratch);
  sync_held_init (&self->held);
  sync_lines_init (&self->lines, read_some, self,
                   (gsize) settings->max_document * 2 + (gsize) settings->max_attachment * 2);
  good = run (self);
  if (good)
    describe (self, output);
  sync_lines_clear (&self->lines);
  sync_held_clear (&self->held);
  sync_scratch_clear (&self->scratch);
  sync_db_unref (self->db);
  return good;
}

static const CsNodeCommand import_command
  = { "import", "DB: reads JSON lines, as export writes them, into a database", import_run };

void
sync_import_add (Sync *self)
{
  cs_add_command (self, &import_command);
}
