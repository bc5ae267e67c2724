/* http-request.c: what a handler may ask of the request.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-accept.h"
#include "http-chars.h"
#include "http-uri.h"
#include "http.h"

#include <string.h>

#define ID_MAX 64

/* ---- the head ---- */

static gboolean
same_name (const guint8 *text, gsize length, const char *name, gsize name_length)
{
  return length == name_length && g_ascii_strncasecmp ((const char *) text, name, length) == 0;
}

static CsSlice
field_value (const HttpExchange *self, const HttpField *field)
{
  return cs_slice (self->text + field->value, field->value_length);
}

static CsSlice
join (HttpExchange *self, CsSlice first, CsSlice second)
{
  char *joined = http_exchange_alloc (self, first.len + 2 + second.len + 1);

  memcpy (joined, first.data, first.len);
  memcpy (joined + first.len, ", ", 2);
  memcpy (joined + first.len + 2, second.data, second.len);
  joined[first.len + 2 + second.len] = '\0';
  return cs_slice (joined, first.len + 2 + second.len);
}

CsSlice
http_header (CsHttpExchange *exchange, const char *name)
{
  HttpExchange *self = (HttpExchange *) exchange;
  gsize name_length = strlen (name);
  CsSlice found = { NULL, 0 };

  for (guint i = 0; i < self->head.n_fields; i++)
    {
      const HttpField *field = &self->head.fields[i];

      if (!same_name (self->text + field->name, field->name_length, name, name_length))
        continue;
      found = found.data == NULL ? field_value (self, field)
                                 : join (self, found, field_value (self, field));
    }
  return found;
}

gboolean
http_header_each (CsHttpExchange *exchange, guint *cursor, CsSlice *name, CsSlice *value)
{
  const HttpExchange *self = (HttpExchange *) exchange;
  const HttpField *field;

  if (*cursor >= self->head.n_fields)
    return FALSE;
  field = &self->head.fields[(*cursor)++];
  *name = cs_slice (self->text + field->name, field->name_length);
  *value = field_value (self, field);
  return TRUE;
}

gint
http_accept (CsHttpExchange *exchange, const char *const *offered)
{
  CsSlice accept = http_header (exchange, "accept");

  return http_accept_choose (accept.data, accept.len, offered);
}

/* ---- the target ---- */

/* Percent-decoded, ending with a NUL; as it stands where nothing is encoded. */
static CsSlice
decode (HttpExchange *self, CsSlice text, HttpUriFlags flags)
{
  char *decoded;
  gssize length;

  if (memchr (text.data, '%', text.len) == NULL
      && ((flags & HTTP_URI_FORM) == 0 || memchr (text.data, '+', text.len) == NULL))
    return cs_slice (http_exchange_strndup (self, text.data, text.len), text.len);
  decoded = http_exchange_alloc (self, text.len + 1);
  length = http_uri_decode (text.data, text.len, flags, decoded);
  if (length < 0)
    return cs_slice (http_exchange_strndup (self, text.data, text.len), text.len);
  return cs_slice (decoded, length);
}

CsSlice
http_param (CsHttpExchange *exchange, guint index)
{
  HttpExchange *self = (HttpExchange *) exchange;

  gboolean form = self->route != NULL && (self->route->row.flags & CS_HTTP_PLUS_SPACE) != 0;

  if (index >= self->n_params)
    return cs_slice (NULL, 0);
  return decode (self, cs_slice (self->params[index].value, self->params[index].length),
                 form ? HTTP_URI_FORM : HTTP_URI_PATH);
}

gboolean
http_query (CsHttpExchange *exchange, const char *name, CsSlice *value)
{
  HttpExchange *self = (HttpExchange *) exchange;
  CsSlice query = http_exchange_slice (self, self->head.query);
  const char *found;
  gsize length;

  if (query.len == 0 || !http_query_find (query.data, query.len, name, &found, &length))
    return FALSE;
  *value = decode (self, cs_slice (found, length), HTTP_URI_FORM);
  return TRUE;
}

gboolean
http_query_each (CsHttpExchange *exchange, gsize *cursor, CsSlice *name, CsSlice *value)
{
  HttpExchange *self = (HttpExchange *) exchange;
  CsSlice query = http_exchange_slice (self, self->head.query);
  HttpQuery pairs;
  const char *key;
  const char *text;
  gsize key_length;
  gsize length;

  if (*cursor >= query.len)
    return FALSE;
  http_query_init (&pairs, query.data + *cursor, query.len - *cursor);
  if (!http_query_next (&pairs, &key, &key_length, &text, &length))
    return FALSE;
  *cursor = pairs.at - query.data;
  *name = decode (self, cs_slice (key, key_length), HTTP_URI_FORM);
  *value = decode (self, cs_slice (text != NULL ? text : "", length), HTTP_URI_FORM);
  return TRUE;
}

/* ---- the rest ---- */

static gboolean
well_formed_id (CsSlice id)
{
  if (id.len == 0 || id.len > ID_MAX)
    return FALSE;
  for (gsize i = 0; i < id.len; i++)
    if (!http_is ((guint8) id.data[i], HTTP_CHAR_TOKEN))
      return FALSE;
  return TRUE;
}

static void
put_hex (char text[17], guint64 number)
{
  for (guint i = 16; i-- > 0; number >>= 4)
    text[i] = "0123456789abcdef"[number & 15];
  text[16] = '\0';
}

const char *
http_exchange_id (HttpExchange *self)
{
  CsSlice given;
  char *id;

  if (self->id != NULL)
    return self->id;
  given = http_header (&self->exchange, "x-request-id");
  if (well_formed_id (given))
    return self->id = http_exchange_strndup (self, given.data, given.len);
  id = http_exchange_alloc (self, 17);
  put_hex (id, self->worker->id_base + self->worker->id_next++ * G_GUINT64_CONSTANT (0x9e3779b9));
  return self->id = id;
}

static CsHttpRequest *
describe (HttpExchange *self)
{
  CsHttpRequest *request = http_exchange_alloc (self, sizeof *request);
  const HttpHead *head = &self->head;

  *request = (CsHttpRequest){
    .size = sizeof *request,
    .method = http_exchange_slice (self, head->method_text),
    .path = head->path.length > 0 ? http_exchange_slice (self, head->path) : cs_slice ("/", 1),
    .query = http_exchange_slice (self, head->query),
    .authority = http_exchange_slice (self, head->host),
    .minor_version = MIN (head->minor, 1),
    .received = self->received,
    .content_length = head->chunked ? -1 : (gint64) head->content_length,
    .secure = self->connection->secure,
    .peer_loopback = self->connection->loopback,
    .peer = self->connection->peer,
    .id = http_exchange_id (self),
    .listener = self->connection->listener->name,
    .local = http_exchange_is_local (self),
  };
  return request;
}

const CsHttpRequest *
http_request (CsHttpExchange *exchange)
{
  HttpExchange *self = (HttpExchange *) exchange;

  if (self->request == NULL)
    self->request = describe (self);
  return self->request;
}

const CsHttpRoute *
http_route (CsHttpExchange *exchange)
{
  const HttpExchange *self = (HttpExchange *) exchange;

  return self->route != NULL ? &self->route->row : NULL;
}

gpointer
http_alloc (CsHttpExchange *exchange, gsize length)
{
  return http_exchange_alloc ((HttpExchange *) exchange, length);
}

void
http_attach (CsHttpExchange *exchange, gconstpointer key, gpointer value)
{
  HttpExchange *self = (HttpExchange *) exchange;
  HttpAttached *each = self->attached;

  while (each != NULL && each->key != key)
    each = each->next;
  if (each == NULL)
    {
      each = http_exchange_alloc (self, sizeof *each);
      each->next = self->attached;
      each->key = key;
      self->attached = each;
    }
  each->value = value;
}

gpointer
http_attached (CsHttpExchange *exchange, gconstpointer key)
{
  const HttpAttached *each = ((HttpExchange *) exchange)->attached;

  while (each != NULL && each->key != key)
    each = each->next;
  return each != NULL ? each->value : NULL;
}
