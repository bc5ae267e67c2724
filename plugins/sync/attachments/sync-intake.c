/* sync-intake.c: see sync-intake.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-intake.h"

#define ROOM_FIRST 16384
#define STORED_MAX ((gint64) 64 << 20) /* in the store, and so in memory */
#define PIECE_DIGITS (64 * 1024)       /* of base64; a multiple of 4 */

/* ---- what is held ---- */

static void
close_blob (gpointer blob)
{
  cs_blob_close (blob);
}

void
sync_held_init (SyncHeld *held)
{
  held->memory = g_ptr_array_new_with_free_func (g_free);
  held->blobs = g_ptr_array_new_with_free_func (close_blob);
}

void
sync_held_clear (SyncHeld *held)
{
  g_clear_pointer (&held->memory, g_ptr_array_unref);
  g_clear_pointer (&held->blobs, g_ptr_array_unref);
}

/* ---- begin ---- */

static gsize
threshold (const SyncIntake *intake)
{
  const SyncSettings *settings = cs_settings (intake->self);

  return intake->self->blobs != NULL ? settings->blob_threshold : STORED_MAX + 1;
}

/* What is streamed may take as long as its bytes do: the server watches over its pace. */
static CsStatus
begin_blob (SyncIntake *intake)
{
  cs_fiber_set_deadline (CS_NEVER);
  return cs_blob_begin (intake->self->blobs, intake->expected, &intake->writer);
}

CsStatus
sync_intake_begin (SyncIntake *intake, Sync *self, SyncHeld *held, gint64 expected, guint64 most)
{
  const SyncSettings *settings = cs_settings (self);
  gint64 allowed = settings->max_attachment;

  if (self->blobs == NULL)
    allowed = MIN (allowed, STORED_MAX);
  *intake = (SyncIntake){ .self = self, .held = held, .expected = expected };
  intake->most = MIN (most, (guint64) allowed);
  if (expected > 0 && (guint64) expected > intake->most)
    return CS_TOO_LARGE;
  return expected >= 0 && (gsize) expected >= threshold (intake) ? begin_blob (intake) : CS_OK;
}

void
sync_intake_clear (SyncIntake *intake)
{
  cs_blob_abort (g_steal_pointer (&intake->writer));
  g_clear_pointer (&intake->memory, g_free);
}

/* ---- bytes ---- */

/* They are many after all. */
static CsStatus
move_to_blob (SyncIntake *intake)
{
  CsStatus status = begin_blob (intake);

  if (status == CS_OK)
    status = cs_blob_write (intake->writer, cs_slice (intake->memory, intake->length));
  g_clear_pointer (&intake->memory, g_free);
  return status;
}

static void
grow (SyncIntake *intake)
{
  gsize room = MAX (ROOM_FIRST, intake->room * 2);

  if (intake->room == 0 && intake->expected >= 0)
    room = intake->expected;
  intake->room = CLAMP (room, intake->length + 1, threshold (intake) + intake->length);
  intake->memory = g_realloc (intake->memory, intake->room);
}

CsStatus
sync_intake_room (SyncIntake *intake, gpointer *buffer, gsize *len)
{
  CsStatus status = CS_OK;

  if (intake->writer == NULL && intake->length >= threshold (intake))
    status = move_to_blob (intake);
  if (status != CS_OK)
    return status;
  if (intake->writer != NULL)
    return cs_blob_room (intake->writer, buffer, len);
  if (intake->length == intake->room)
    grow (intake);
  *buffer = intake->memory + intake->length;
  *len = intake->room - intake->length;
  return CS_OK;
}

CsStatus
sync_intake_wrote (SyncIntake *intake, gsize len)
{
  if (intake->writer != NULL)
    cs_blob_wrote (intake->writer, len);
  intake->length += len;
  return intake->length > intake->most ? CS_TOO_LARGE : CS_OK;
}

CsStatus
sync_intake_add (SyncIntake *intake, CsSlice bytes)
{
  CsStatus status = CS_OK;

  while (bytes.len > 0 && status == CS_OK)
    {
      gpointer buffer;
      gsize len;

      status = sync_intake_room (intake, &buffer, &len);
      if (status != CS_OK)
        break;
      len = MIN (len, bytes.len);
      memcpy (buffer, bytes.data, len);
      status = sync_intake_wrote (intake, len);
      bytes = cs_slice (bytes.data + len, bytes.len - len);
    }
  return status;
}

/* ---- gzip ---- */

typedef struct
{
  SyncGunzip *gunzip;
  CsSlice packed;
  gpointer buffer;
  gsize room;
  gsize n;
  gboolean good;
} Unpacking;

static void
unpack (gpointer data)
{
  Unpacking *self = data;

  self->good = sync_gunzip_step (self->gunzip, &self->packed, self->buffer, self->room, &self->n);
}

CsStatus
sync_intake_add_packed (SyncIntake *intake, SyncGunzip *gunzip, CsSlice packed)
{
  Unpacking unpacking = { .gunzip = gunzip, .packed = packed };
  CsStatus status;

  do
    {
      status = sync_intake_room (intake, &unpacking.buffer, &unpacking.room);
      if (status == CS_OK)
        status = cs_pool_run (intake->self, unpack, &unpacking);
      if (status == CS_OK && !unpacking.good)
        status = CS_INVALID;
      if (status == CS_OK)
        status = sync_intake_wrote (intake, unpacking.n);
    }
  while (status == CS_OK && (unpacking.packed.len > 0 || unpacking.n == unpacking.room));
  return status;
}

/* ---- the end ---- */

static CsStatus
finish_blob (SyncIntake *intake, SyncAttachment *attachment)
{
  CsBlobInfo info = { .size = sizeof info };
  CsBlob *blob = NULL;
  CsStatus status = cs_blob_finish (g_steal_pointer (&intake->writer), &blob);

  if (status != CS_OK)
    return status;
  g_ptr_array_add (intake->held->blobs, blob);
  cs_blob_info (blob, &info);
  attachment->is_blob = TRUE;
  attachment->blob = info.id;
  memcpy (attachment->digest, info.md5, sizeof attachment->digest);
  return CS_OK;
}

CsStatus
sync_intake_finish (SyncIntake *intake, SyncAttachment *attachment)
{
  CsStatus status = CS_OK;

  if (intake->writer == NULL && intake->length >= threshold (intake))
    status = move_to_blob (intake);
  if (status != CS_OK)
    return status;
  attachment->length = intake->length;
  if (intake->writer != NULL)
    return finish_blob (intake, attachment);
  attachment->data = cs_slice (intake->memory != NULL ? intake->memory : "", intake->length);
  if (intake->memory != NULL)
    g_ptr_array_add (intake->held->memory, g_steal_pointer (&intake->memory));
  sync_md5 (attachment->data, attachment->digest);
  return CS_OK;
}

/* ---- base64 ---- */

static CsStatus
add_digits (SyncIntake *intake, CsSlice digits, gboolean goes_on, guint8 *memory)
{
  gsize n;

  if (!sync_base64_decode_into (digits, goes_on, memory, &n))
    return CS_INVALID;
  return sync_intake_add (intake, cs_slice (memory, n));
}

static CsStatus
decode (Sync *self, SyncHeld *held, SyncAttachment *attachment, guint8 *memory)
{
  g_auto (SyncIntake) intake = { 0 };
  CsSlice rest = attachment->encoded;
  CsStatus status = sync_intake_begin (&intake, self, held, -1, G_MAXUINT64);

  while (status == CS_OK && rest.len > PIECE_DIGITS)
    {
      status = add_digits (&intake, cs_slice (rest.data, PIECE_DIGITS), TRUE, memory);
      rest = cs_slice (rest.data + PIECE_DIGITS, rest.len - PIECE_DIGITS);
    }
  if (status == CS_OK)
    status = add_digits (&intake, rest, FALSE, memory);
  return status == CS_OK ? sync_intake_finish (&intake, attachment) : status;
}

void
sync_intake_reply (CsHttpExchange *exchange, CsStatus status)
{
  if (status == CS_TOO_LARGE)
    sync_reply_error (exchange, 413, "attachment_too_large",
                      "the attachment is larger than sync.max-attachment");
  else
    sync_reply_status (exchange, status);
}

static void
reply_undecoded (CsHttpExchange *exchange, const SyncAttachment *attachment, CsStatus status)
{
  g_autofree char *reason = NULL;

  if (status != CS_INVALID)
    {
      sync_intake_reply (exchange, status);
      return;
    }
  reason = g_strdup_printf ("Invalid attachment data for %.*s", (int) attachment->name.len,
                            attachment->name.data);
  sync_reply_error (exchange, 400, "bad_request", reason);
}

CsStatus
sync_intake_decode (Sync *self, SyncHeld *held, SyncAttachment *attachments, guint n,
                    const SyncAttachment **failed)
{
  g_autofree guint8 *memory = NULL;

  for (guint i = 0; i < n; i++)
    {
      CsStatus status;

      if (attachments[i].encoded.len == 0)
        continue;
      if (memory == NULL)
        memory = g_malloc (PIECE_DIGITS / 4 * 3 + 3);
      status = decode (self, held, &attachments[i], memory);
      *failed = &attachments[i];
      if (status != CS_OK)
        return status;
    }
  return CS_OK;
}

gboolean
sync_intake_encoded (CsHttpExchange *exchange, Sync *self, SyncHeld *held,
                     SyncAttachment *attachments, guint n)
{
  const SyncAttachment *failed = NULL;
  CsStatus status = sync_intake_decode (self, held, attachments, n, &failed);

  if (status != CS_OK)
    reply_undecoded (exchange, failed, status);
  return status == CS_OK;
}
