/* http-gzip.c: compresses answers for clients that ask for it (RFC 9110 §8.4.1.3).
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-accept.h"
#include "http.h"

#include <string.h>
#include <zlib.h>

/* 8 KiB of window and small tables: 48 KiB a stream instead of 256, for 1 to 3 % of size. */
#define WINDOW_BITS 13
#define MEMORY_LEVEL 6
#define GZIP_FRAMING 16
#define KEEP_STREAMS 8
#define OUTPUT_BYTES 4096

struct _HttpGzip
{
  z_stream stream;
  int level;
  HttpGzip *next;
};

static gboolean
compressible (const char *type)
{
  static const char *const kinds[]
    = { "application/json", "application/javascript", "application/xml",
        "application/openmetrics-text", "application/x-ndjson", "application/problem+json",
        "image/svg+xml" };
  gsize length;

  if (type == NULL)
    return FALSE;
  if (g_str_has_prefix (type, "text/"))
    return TRUE;
  length = strcspn (type, "; ");
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strlen (kinds[i]) == length && g_ascii_strncasecmp (type, kinds[i], length) == 0)
      return TRUE;
  return FALSE;
}

/* Another representation has another validator, or none that is strong. */
static void
change_etag (HttpExchange *self)
{
  gboolean strong = self->route != NULL && (self->route->row.flags & CS_HTTP_STRONG_GZIP);
  const HttpOut *tag = http_exchange_out (self, "ETag");
  gsize size;
  char *changed;

  if (tag == NULL || tag->value[0] != '"')
    return;
  size = tag->value_length + sizeof CS_HTTP_GZIP_TAG + 2;
  changed = http_exchange_alloc (self, size);
  if (strong)
    g_snprintf (changed, size, "%.*s" CS_HTTP_GZIP_TAG "\"", (int) tag->value_length - 1, tag->value);
  else
    g_snprintf (changed, size, "W/%s", tag->value);
  http_set_header (&self->exchange, "ETag", changed);
}

/* Whether to compress; sets the headers that say so. `length`: of the body, < 0 if not known. */
gboolean
http_gzip_wanted (HttpExchange *self, gint64 length)
{
  const HttpSettings *settings = http_plugin_settings (self->plugin);
  const HttpField *field;

  if (!settings->gzip || (length >= 0 && length < settings->gzip_min)
      || (self->status != 200 && self->status != 201) || !compressible (self->type)
      || (self->route != NULL
          && (self->route->row.admission == CS_ADMIT_FEED
              || (self->route->row.flags & CS_HTTP_RANGES) != 0))
      || http_exchange_out (self, "Content-Encoding") != NULL)
    return FALSE;
  http_add_header (&self->exchange, "Vary", "Accept-Encoding");
  field = http_head_find (&self->head, self->text, "accept-encoding", 15);
  if (field == NULL
      || http_accept_coding ((const char *) self->text + field->value, field->value_length, "gzip")
           == 0)
    return FALSE;
  http_set_header (&self->exchange, "Content-Encoding", "gzip");
  change_etag (self);
  return TRUE;
}

HttpGzip *
http_gzip_begin (HttpWorker *worker, int level)
{
  HttpGzip *self = worker->gzips;

  if (self != NULL && self->level == level)
    {
      worker->gzips = self->next;
      worker->n_gzips--;
      deflateReset (&self->stream);
      return self;
    }
  self = g_new0 (HttpGzip, 1);
  self->level = level;
  if (deflateInit2 (&self->stream, level, Z_DEFLATED, WINDOW_BITS + GZIP_FRAMING, MEMORY_LEVEL,
                    Z_DEFAULT_STRATEGY)
      != Z_OK)
    g_error ("out of memory for a compressor");
  return self;
}

static void
gzip_free (HttpGzip *self)
{
  deflateEnd (&self->stream);
  g_free (self);
}

void
http_gzip_end (HttpWorker *worker, HttpGzip *self)
{
  if (worker->n_gzips >= KEEP_STREAMS)
    {
      gzip_free (self);
      return;
    }
  self->next = worker->gzips;
  worker->gzips = self;
  worker->n_gzips++;
}

void
http_gzip_free_all (HttpWorker *worker)
{
  while (worker->gzips != NULL)
    {
      HttpGzip *first = worker->gzips;

      worker->gzips = first->next;
      gzip_free (first);
    }
  worker->n_gzips = 0;
}

/* Runs the compressor until it wants more input, or has said all. */
static void
pump (HttpGzip *self, int flush, void (*put) (gpointer data, const char *bytes, gsize length),
      gpointer data)
{
  Bytef output[OUTPUT_BYTES];
  gsize made;

  do
    {
      self->stream.next_out = output;
      self->stream.avail_out = sizeof output;
      deflate (&self->stream, flush);
      made = sizeof output - self->stream.avail_out;
      if (made > 0)
        put (data, (const char *) output, made);
    }
  while (self->stream.avail_out == 0);
}

void
http_gzip_run (HttpGzip *self, const CsSlice *parts, guint n, HttpGzipMode mode,
               void (*put) (gpointer data, const char *bytes, gsize length), gpointer data)
{
  static const int flushes[] = { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH };

  for (guint i = 0; i < n; i++)
    {
      self->stream.next_in = (Bytef *) parts[i].data;
      self->stream.avail_in = parts[i].len;
      pump (self, Z_NO_FLUSH, put, data);
    }
  if (mode != HTTP_GZIP_MORE)
    pump (self, flushes[mode], put, data);
}
