/* sync-related.c: reads multipart/related: a document, then the bytes of its attachments in the
 * order of its members.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-related.h"

#include "sync-view.h"
#include "sync-write.h"

#define BUFFER_BYTES 16384

static gboolean
refuse (SyncRelated *self, const char *reason)
{
  sync_reply_error (self->exchange, 400, "bad_request", reason);
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
  return TRUE;
}

void
sync_related_clear (SyncRelated *self)
{
  if (self->document != NULL)
    g_string_free (self->document, TRUE);
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
  SyncMultipartEvent event;
  CsSlice data;

  if (next (self, &data) != SYNC_MULTIPART_PART)
    return refuse (self, "the request is not the multipart/related it is said to be");
  while ((event = next (self, &data)) == SYNC_MULTIPART_DATA)
    g_string_append_len (self->document, data.data, data.len);
  *text = cs_slice (self->document->str, self->document->len);
  return event == SYNC_MULTIPART_PART_END
         || refuse (self, "the document's part does not end");
}

/* Memory is taken for one part at a time, once the part before it was as long as it was said to
 * be. */
static gboolean
read_part (SyncRelated *self, SyncAttachment *attachment, guint64 length)
{
  const SyncSettings *settings = cs_settings (self->self);
  SyncMultipartEvent event;
  CsSlice data;
  gsize n = 0;
  char *bytes;

  if (length > (guint64) settings->max_attachment)
    {
      sync_reply_error (self->exchange, 413, "attachment_too_large",
                        "the attachment is larger than sync.max-attachment");
      return FALSE;
    }
  if (next (self, &data) != SYNC_MULTIPART_PART)
    return refuse (self, "an attachment that should follow is missing");
  bytes = sync_alloc (&self->arena, length + 1);
  while ((event = next (self, &data)) == SYNC_MULTIPART_DATA)
    {
      if (data.len > length - n)
        return refuse (self, "attachment longer than expected");
      memcpy (bytes + n, data.data, data.len);
      n += data.len;
    }
  attachment->data = cs_slice (bytes, n);
  if (event != SYNC_MULTIPART_PART_END)
    return refuse (self, "an attachment does not end");
  return n == length || refuse (self, "attachment shorter than expected");
}

/* Few bytes can be packed many: all of them together may unpack to one large attachment. */
static gboolean
unpack (SyncRelated *self, SyncAttachment *attachment)
{
  const SyncSettings *settings = cs_settings (self->self);
  gsize left = settings->max_attachment - self->unpacked;
  CsStatus status = CS_TOO_LARGE;

  if (attachment->length <= left)
    status = sync_unpack (self->self, &self->arena, left, &attachment->data);
  self->unpacked += attachment->data.len;
  if (status == CS_INVALID || (status == CS_OK && attachment->data.len != attachment->length))
    return refuse (self, "an attachment is not the gzip it is said to be");
  if (status != CS_OK)
    sync_reply_status (self->exchange, status);
  return status == CS_OK;
}

/* The digest is that of the bytes as they were sent; what is stored is plain. */
static gboolean
read_attachment (SyncRelated *self, SyncAttachment *attachment)
{
  guint8 digest[16];

  if (!read_part (self, attachment,
                  attachment->packed ? attachment->packed_length : attachment->length))
    return FALSE;
  sync_md5 (attachment->data, digest);
  if (attachment->has_digest && memcmp (digest, attachment->digest, sizeof digest) != 0)
    {
      sync_reply_error (self->exchange, 400, "content_md5_mismatch",
                        "Possible message corruption.");
      return FALSE;
    }
  if (attachment->packed && !unpack (self, attachment))
    return FALSE;
  sync_md5 (attachment->data, attachment->digest);
  return TRUE;
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
