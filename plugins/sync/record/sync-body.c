/* sync-body.c: the stored form of a revision's body.
 *
 * The number of attachments; of each its name, type, digest, length, revpos and the reference of its bytes;
 * then, to the end, the document's ordinary members without braces. Where some attachment is an object of
 * blob=1, WITH_BLOBS is added to the number, and after each reference comes 0, or 1 and the object's id.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-body.h"

#include <string.h>

#include "sync-varint.h"

#define WITH_BLOBS ((guint64) 1 << 32)

/* Two lengths of text, digest, length, revpos, reference: what one takes at least. */
#define ATTACHMENT_MIN (2 + 16 + 3)

static void
read_blob (SyncReader *in, SyncAttachment *attachment)
{
  guint64 kind = sync_read_number (in);
  CsSlice id;

  in->failed |= kind > 1;
  attachment->is_blob = kind == 1;
  if (!attachment->is_blob)
    return;
  id = sync_read_bytes (in, CS_BLOB_ID_BYTES);
  if (!in->failed)
    memcpy (attachment->blob.bytes, id.data, id.len);
}

static void
read_attachment (SyncReader *in, gboolean with_blobs, SyncAttachment *attachment)
{
  CsSlice digest;

  memset (attachment, 0, sizeof *attachment);
  attachment->name = sync_read_bytes (in, sync_read_number (in));
  attachment->type = sync_read_bytes (in, sync_read_number (in));
  digest = sync_read_bytes (in, sizeof attachment->digest);
  if (!in->failed)
    memcpy (attachment->digest, digest.data, digest.len);
  attachment->length = sync_read_number (in);
  attachment->revpos = sync_read_number (in);
  attachment->ref = sync_read_number (in);
  if (with_blobs)
    read_blob (in, attachment);
}

gboolean
sync_body_decode (CsSlice bytes, const SyncArena *arena, SyncBody *body)
{
  SyncReader in = sync_reader (bytes);
  guint64 n = sync_read_number (&in);
  gboolean with_blobs = (n & WITH_BLOBS) != 0;

  n &= ~WITH_BLOBS;
  *body = (SyncBody){ .n_attachments = 0 };
  if (in.failed || n > bytes.len / ATTACHMENT_MIN)
    return FALSE;
  if (n > 0)
    body->attachments = sync_alloc (arena, n * sizeof (SyncAttachment));
  for (; body->n_attachments < n && !in.failed; body->n_attachments++)
    read_attachment (&in, with_blobs, &body->attachments[body->n_attachments]);
  body->text = cs_slice ((const char *) in.at, in.end - in.at);
  return !in.failed;
}

static guint8 *
write_text (guint8 *out, CsSlice text)
{
  out = sync_write_number (out, text.len);
  if (text.len > 0)
    memcpy (out, text.data, text.len);
  return out + text.len;
}

static gboolean
any_blob (const SyncAttachment *attachments, guint n)
{
  for (guint i = 0; i < n; i++)
    if (attachments[i].is_blob)
      return TRUE;
  return FALSE;
}

static guint8 *
write_blob (guint8 *out, const SyncAttachment *attachment)
{
  out = sync_write_number (out, attachment->is_blob);
  if (!attachment->is_blob)
    return out;
  memcpy (out, attachment->blob.bytes, CS_BLOB_ID_BYTES);
  return out + CS_BLOB_ID_BYTES;
}

CsSlice
sync_body_encode_table (const SyncAttachment *attachments, guint n, const SyncArena *arena)
{
  gboolean with_blobs = any_blob (attachments, n);
  gsize room = SYNC_VARINT_MAX;
  guint8 *bytes;
  guint8 *out;

  for (guint i = 0; i < n; i++)
    room += attachments[i].name.len + attachments[i].type.len + 16 + CS_BLOB_ID_BYTES
            + 6 * SYNC_VARINT_MAX;
  bytes = sync_alloc (arena, room);
  out = sync_write_number (bytes, n | (with_blobs ? WITH_BLOBS : 0));
  for (guint i = 0; i < n; i++)
    {
      out = write_text (out, attachments[i].name);
      out = write_text (out, attachments[i].type);
      memcpy (out, attachments[i].digest, 16);
      out = sync_write_number (out + 16, attachments[i].length);
      out = sync_write_number (out, attachments[i].revpos);
      out = sync_write_number (out, attachments[i].ref);
      if (with_blobs)
        out = write_blob (out, &attachments[i]);
    }
  return cs_slice (bytes, out - bytes);
}
