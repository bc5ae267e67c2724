/* sync-parts.c: answers of several parts (RFC 2046 §5.1), sent one attachment at a time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-parts.h"

#include "sync-stored.h"

#include <openssl/rand.h>

#define SEND_AT 65536

/* Nobody can foretell it, and so put it into what is sent. */
static void
make_boundary (char *boundary)
{
  guint8 bytes[16];

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    g_error ("no random bytes");
  for (guint i = 0; i < sizeof bytes; i++)
    g_snprintf (boundary + 2 * i, 3, "%02x", bytes[i]);
}

void
sync_parts_init (SyncParts *self, CsHttpExchange *exchange, const char *type)
{
  gsize size = strlen (type) + SYNC_BOUNDARY_SIZE + 16;
  char *text = cs_http_alloc (exchange, size);

  memset (self, 0, sizeof *self);
  self->exchange = exchange;
  self->out = g_string_sized_new (1024);
  self->json = g_string_new (NULL);
  make_boundary (self->boundary);
  g_snprintf (text, size, "%s; boundary=\"%s\"", type, self->boundary);
  self->type = text;
}

void
sync_parts_clear (SyncParts *self)
{
  if (self->out == NULL)
    return;
  g_string_free (self->out, TRUE);
  g_string_free (self->json, TRUE);
}

/* ---- sending ---- */

static CsStatus
send (SyncParts *self, CsSlice bytes)
{
  CsSlice parts[] = { cs_slice (self->out->str, self->out->len), bytes };
  CsStatus status;

  if (!self->begun)
    {
      cs_http_set_header (self->exchange, "Cache-Control", "must-revalidate");
      cs_http_begin (self->exchange, 200, self->type, -1);
      self->begun = TRUE;
    }
  status = cs_http_write (self->exchange, parts, G_N_ELEMENTS (parts));
  g_string_truncate (self->out, 0);
  return status;
}

static CsStatus
append (SyncParts *self, CsSlice bytes)
{
  if (self->out->len + bytes.len > SEND_AT)
    return send (self, bytes);
  g_string_append_len (self->out, bytes.data, bytes.len);
  return CS_OK;
}

void
sync_parts_end (SyncParts *self, CsStatus status)
{
  CsSlice all;

  if (status == CS_OK)
    g_string_append_printf (self->out, "%s--%s--", self->n > 0 ? "\r\n" : "", self->boundary);
  all = cs_slice (self->out->str, self->out->len);
  if (!self->begun && status != CS_OK)
    sync_reply_status (self->exchange, status);
  else if (!self->begun)
    {
      cs_http_set_header (self->exchange, "Cache-Control", "must-revalidate");
      cs_http_reply (self->exchange, 200, self->type, &all, 1);
    }
  else if (status == CS_OK && send (self, cs_slice ("", 0)) == CS_OK)
    cs_http_end (self->exchange);
  else
    cs_http_abort (self->exchange);
}

/* ---- parts ---- */

static void
begin_part (SyncParts *self, const char *type)
{
  g_string_append_printf (self->out, "%s--%s\r\nContent-Type: %s\r\n\r\n",
                          self->n > 0 ? "\r\n" : "", self->boundary, type);
  self->n++;
}

GString *
sync_parts_add_error (SyncParts *self)
{
  begin_part (self, "application/json; error=\"true\"");
  return self->out;
}

/* A name may be anything in UTF-8; what would end the parameter or the line is percent-encoded. */
static void
append_filename (GString *out, CsSlice name)
{
  for (gsize i = 0; i < name.len; i++)
    {
      guint8 byte = name.data[i];

      if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f)
        g_string_append_printf (out, "%%%02X", byte);
      else
        g_string_append_c (out, byte);
    }
}

static CsStatus
append_attachment (SyncParts *self, SyncDb *db, const SyncAttachment *attachment,
                   const char *boundary)
{
  GString *out = self->out;
  g_auto (SyncStored) stored = { 0 };
  CsStatus status = sync_stored_open (&stored, db, attachment);
  CsSlice bytes;

  if (status == CS_OK)
    status = sync_stored_read (&stored, 0, &bytes);
  if (status != CS_OK)
    return status;
  g_string_append_printf (out, "\r\n--%s\r\nContent-Disposition: attachment; filename=\"",
                          boundary);
  append_filename (out, attachment->name);
  g_string_append (out, "\"\r\nContent-Type: ");
  g_string_append_len (out, attachment->type.data, attachment->type.len);
  g_string_append_printf (out, "\r\nContent-Length: %" G_GUINT64_FORMAT "\r\n\r\n",
                          attachment->length);
  for (guint64 at = 0; status == CS_OK && bytes.len > 0;)
    {
      status = append (self, bytes);
      at += bytes.len;
      if (status == CS_OK)
        status = sync_stored_read (&stored, at, &bytes);
    }
  return status;
}

/* The document, then what follows it, between boundaries of their own. */
static CsStatus
append_related (SyncParts *self, const SyncView *view, const GString *json, const char *boundary)
{
  CsStatus status;

  g_string_append_printf (self->out, "--%s\r\nContent-Type: application/json\r\n\r\n", boundary);
  status = append (self, cs_slice (json->str, json->len));
  for (guint i = 0; status == CS_OK && i < view->n_following; i++)
    status = append_attachment (self, view->db, &view->following[i], boundary);
  return status;
}

static CsStatus
add_nested (SyncParts *self, const SyncView *view)
{
  char boundary[SYNC_BOUNDARY_SIZE];
  char type[SYNC_BOUNDARY_SIZE + 40];
  CsStatus status;

  make_boundary (boundary);
  g_snprintf (type, sizeof type, "multipart/related; boundary=\"%s\"", boundary);
  begin_part (self, type);
  status = append_related (self, view, self->json, boundary);
  g_string_append_printf (self->out, "\r\n--%s--", boundary);
  return status;
}

CsStatus
sync_parts_add (SyncParts *self, SyncView *view, gint node)
{
  CsStatus status;

  g_string_truncate (self->json, 0);
  status = sync_view_append (view, node, self->json);
  if (status != CS_OK)
    return status;
  if (view->n_following > 0)
    return add_nested (self, view);
  begin_part (self, "application/json");
  return append (self, cs_slice (self->json->str, self->json->len));
}

/* ---- one document ---- */

gboolean
sync_parts_related_wanted (CsHttpExchange *exchange)
{
  static const char *const offered[] = { "multipart/related", "application/json", NULL };
  CsSlice accept = cs_http_header (exchange, "Accept");

  return accept.len > 0 && g_strstr_len (accept.data, accept.len, offered[0]) != NULL
         && cs_http_accept (exchange, offered) == 0;
}

void
sync_parts_reply_related (CsHttpExchange *exchange, const SyncView *view, const GString *json)
{
  g_auto (SyncParts) parts = { 0 };
  CsStatus status;

  sync_parts_init (&parts, exchange, "multipart/related");
  status = append_related (&parts, view, json, parts.boundary);
  parts.n = 1;
  sync_parts_end (&parts, status);
}
