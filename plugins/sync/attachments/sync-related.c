/* sync-related.c: reads multipart/related: a document, then the bytes of its attachments in the
 * order of its members.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-related.h"

#include "sync-view.h"
#include "sync-write.h"

#define BUFFER_BYTES 16384
#define DOCUMENT_EXTRA (64 * 1024 * 1024) /* special members, attachments inline among them */

static gboolean
refuse (SyncRelated *self, const char *reason)
{
  sync_reply_error (self->exchange, 400, "bad_request", reason);
  return FALSE;
}

static gboolean
too_large (SyncRelated *self)
{
  sync_reply_error (self->exchange, 413, "document_too_large",
                    "the document is larger than sync.max-document");
  return FALSE;
}

gboolean
sync_related_begin (SyncRelated *self, CsHttpExchange *exchange, Sync *sync)
{
  CsSlice boundary;

  memset (self, 0, sizeof *self);
  if (!sync_multipart_boundary (cs_http_header (exchange, "Content-Type"), "multipart/related",
                                &boundary))
    return FALSE;
  self->exchange = exchange;
  self->self = sync;
  self->arena = sync_exchange_arena (exchange);
  self->buffer = sync_alloc (&self->arena, BUFFER_BYTES);
  self->document = g_string_sized_new (1024);
  sync_multipart_init (&self->parser, boundary);
  sync_held_init (&self->held);
  cs_http_limit_body (exchange, SYNC_UPLOAD_MAX);
  return TRUE;
}

void
sync_related_clear (SyncRelated *self)
{
  if (self->document == NULL)
    return;
  g_string_free (self->document, TRUE);
  sync_held_clear (&self->held);
}

/* INVALID also for a body that ends early or cannot be read. */
static SyncMultipartEvent
next (SyncRelated *self, CsSlice *data)
{
  for (;;)
    {
      SyncMultipartEvent event = sync_multipart_next (&self->parser, &self->input, data);
      gssize n;

      if (event != SYNC_MULTIPART_MORE)
        return event;
      n = cs_http_read (self->exchange, self->buffer, BUFFER_BYTES);
      if (n <= 0)
        return SYNC_MULTIPART_INVALID;
      self->input = cs_slice (self->buffer, n);
    }
}

gboolean
sync_related_document (SyncRelated *self, CsSlice *text)
{
  const SyncSettings *settings = cs_settings (self->self);
  SyncMultipartEvent event;
  CsSlice data;

  if (next (self, &data) != SYNC_MULTIPART_PART)
    return refuse (self, "the request is not the multipart/related it is said to be");
  while ((event = next (self, &data)) == SYNC_MULTIPART_DATA)
    {
      if (self->document->len + data.len > (gsize) settings->max_document + DOCUMENT_EXTRA)
        return too_large (self);
      g_string_append_len (self->document, data.data, data.len);
    }
  *text = cs_slice (self->document->str, self->document->len);
  return event == SYNC_MULTIPART_PART_END
         || refuse (self, "the document's part does not end");
}

/* FALSE: answered. */
static gboolean
failed (SyncRelated *self, CsStatus status)
{
  if (status == CS_INVALID)
    return refuse (self, "an attachment is not the gzip it is said to be");
  sync_intake_reply (self->exchange, status);
  return FALSE;
}

/* What a part is read into. */
typedef struct
{
  SyncIntake intake;
  SyncGunzip *gunzip; /* NULL: it comes plain */
  GChecksum *md5;     /* of the packed bytes */
  guint64 left;       /* of the part, as it was said to be long */
} Part;

static void
part_clear (Part *part)
{
  sync_intake_clear (&part->intake);
  g_clear_pointer (&part->gunzip, sync_gunzip_free);
  g_clear_pointer (&part->md5, g_checksum_free);
}

static CsStatus
begin_part (SyncRelated *self, Part *part, const SyncAttachment *attachment)
{
  const SyncSettings *settings = cs_settings (self->self);
  guint64 left = settings->max_attachment - MIN (self->unpacked, settings->max_attachment);

  part->left = attachment->packed ? attachment->packed_length : attachment->length;
  if (!attachment->packed)
    return sync_intake_begin (&part->intake, self->self, &self->held, attachment->length,
                              attachment->length);
  /* Few bytes can be packed many: all of them together may unpack to one large attachment. */
  if (attachment->length > left)
    return CS_TOO_LARGE;
  self->unpacked += attachment->length;
  part->gunzip = sync_gunzip_new ();
  part->md5 = g_checksum_new (G_CHECKSUM_MD5);
  return sync_intake_begin (&part->intake, self->self, &self->held, attachment->length,
                            attachment->length);
}

static CsStatus
add_to_part (Part *part, CsSlice data)
{
  CsStatus status;

  part->left -= data.len;
  if (part->gunzip == NULL)
    return sync_intake_add (&part->intake, data);
  g_checksum_update (part->md5, (const guchar *) data.data, data.len);
  status = sync_intake_add_packed (&part->intake, part->gunzip, data);
  return status == CS_TOO_LARGE ? CS_INVALID : status; /* more than it was said to be */
}

/* FALSE: answered. */
static gboolean
read_content (SyncRelated *self, Part *part)
{
  SyncMultipartEvent event;
  CsStatus status = CS_OK;
  CsSlice data;

  if (next (self, &data) != SYNC_MULTIPART_PART)
    return refuse (self, "an attachment that should follow is missing");
  while ((event = next (self, &data)) == SYNC_MULTIPART_DATA)
    {
      if (data.len > part->left)
        return refuse (self, "attachment longer than expected");
      status = add_to_part (part, data);
      if (status != CS_OK)
        return failed (self, status);
    }
  if (event != SYNC_MULTIPART_PART_END)
    return refuse (self, "an attachment does not end");
  return part->left == 0 || refuse (self, "attachment shorter than expected");
}

/* The digest is that of the bytes as they were sent; what is stored is plain. */
static gboolean
check_digest (SyncRelated *self, const Part *part, const guint8 *wanted, const guint8 *stored)
{
  guint8 packed[16];
  gsize size = sizeof packed;

  if (part->md5 != NULL)
    g_checksum_get_digest (part->md5, packed, &size);
  if (memcmp (part->md5 != NULL ? packed : stored, wanted, sizeof packed) == 0)
    return TRUE;
  sync_reply_error (self->exchange, 400, "content_md5_mismatch", "Possible message corruption.");
  return FALSE;
}

static gboolean
end_part (SyncRelated *self, Part *part, SyncAttachment *attachment)
{
  guint8 wanted[sizeof attachment->digest];
  CsStatus status = CS_OK;

  memcpy (wanted, attachment->digest, sizeof wanted);
  if (part->gunzip != NULL
      && (!sync_gunzip_ended (part->gunzip) || part->intake.length != attachment->length))
    status = CS_INVALID;
  if (status == CS_OK)
    status = sync_intake_finish (&part->intake, attachment);
  if (status != CS_OK)
    return failed (self, status);
  return !attachment->has_digest || check_digest (self, part, wanted, attachment->digest);
}

static gboolean
read_attachment (SyncRelated *self, SyncAttachment *attachment)
{
  Part part = { .gunzip = NULL };
  CsStatus status = begin_part (self, &part, attachment);
  gboolean good = status == CS_OK ? read_content (self, &part) && end_part (self, &part, attachment)
                                  : failed (self, status);

  part_clear (&part);
  return good;
}

gboolean
sync_related_attachments (SyncRelated *self, SyncEdit *edit)
{
  CsSlice data;

  for (guint i = 0; i < edit->n_attachments; i++)
    if (edit->attachments[i].follows && !read_attachment (self, &edit->attachments[i]))
      return FALSE;
  return next (self, &data) == SYNC_MULTIPART_END
         || refuse (self, "the request does not end after the last attachment");
}
