/* files-check.c: reads and verifies every object, for `cloudsyncctl check`.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#define NAMED_MAX 100 /* damaged objects that the answer names */

typedef struct
{
  Files *files;
  GString *names;
  guint64 n, bytes;
  guint n_damaged;
  CsStatus status;
} Check;

/* CS_NOT_FOUND: it was removed meanwhile. */
static CsStatus
check_object (Check *self, const CsBlobId *id)
{
  CsBlob *blob = NULL;
  CsStatus status = files_open (&self->files->base, id, &blob);
  guint64 at = 0;
  CsSlice bytes;

  if (status != CS_OK)
    return status;
  do
    {
      status = files_read (blob, at, &bytes);
      at += bytes.len;
    }
  while (status == CS_OK && bytes.len > 0 && !cs_command_cancelled ());
  self->bytes += at;
  files_close (blob);
  return status;
}

static void
note_damaged (Check *self, const CsBlobId *id)
{
  char text[CS_BLOB_ID_TEXT];

  cs_blob_id_text (id, text);
  if (self->n_damaged++ < NAMED_MAX)
    g_string_append_printf (self->names, "%s\"%s\"", self->names->len > 0 ? "," : "", text);
}

static gboolean
check_entry (const CsBlobEntry *entry, gpointer data)
{
  Check *self = data;
  CsStatus status = check_object (self, &entry->id);

  if (status == CS_CORRUPT)
    note_damaged (self, &entry->id);
  else if (status != CS_OK && status != CS_NOT_FOUND)
    self->status = status;
  self->n++;
  /* Names are evenly spread: their first bytes tell how far it is. */
  cs_command_progress ("verifying objects", entry->id.bytes[0] << 8 | entry->id.bytes[1], 65536);
  return self->status == CS_OK && !cs_command_cancelled ();
}

gboolean
files_check_command (gpointer self, const char *const *args, GString *output, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  Check check = { .files = self, .names = names };
  CsStatus status = files_list (&check.files->base, NULL, check_entry, &check);

  if (status == CS_OK)
    status = check.status;
  if (status == CS_OK && cs_command_cancelled ())
    status = CS_CANCELLED;
  if (status != CS_OK)
    g_set_error (error, CS_ERROR, (gint) status, "not every object could be verified: %s",
                 cs_status_text (status));
  else if (check.n_damaged > 0)
    g_set_error (error, CS_ERROR, CS_CORRUPT,
                 "%u of %" G_GUINT64_FORMAT " objects are damaged: [%s]; restore them from a backup, "
                 "or put the same content again",
                 check.n_damaged, check.n, names->str);
  else
    g_string_append_printf (output,
                            "{\"objects\":%" G_GUINT64_FORMAT ",\"bytes\":%" G_GUINT64_FORMAT
                            ",\"damaged\":0}",
                            check.n, check.bytes);
  return status == CS_OK && check.n_damaged == 0;
}
