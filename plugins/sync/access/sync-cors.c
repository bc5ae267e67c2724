/* sync-cors.c: cross-origin requests of browsers (Fetch standard, CORS protocol), off unless set.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync.h"

#define METHODS "GET, PUT, POST, HEAD, DELETE"
#define EXPOSED                                                                                    \
  "content-type, cache-control, accept-ranges, etag, server, x-couch-request-id, "                 \
  "x-couch-update-newrev, x-couchdb-body-time"

static gboolean
list_has (char **list, CsSlice word)
{
  for (gsize i = 0; list != NULL && list[i] != NULL; i++)
    if (strlen (list[i]) == word.len && g_ascii_strncasecmp (list[i], word.data, word.len) == 0)
      return TRUE;
  return FALSE;
}

/* The origin of the request when it may call; data NULL otherwise. */
static CsSlice
allowed_origin (CsHttpExchange *exchange, const SyncSettings *settings)
{
  CsSlice origin = cs_slice (NULL, 0);

  if (settings->cors_origins == NULL)
    return origin;
  origin = cs_http_header (exchange, "Origin");
  if (origin.data == NULL || list_has (settings->cors_origins, cs_slice_str ("*"))
      || list_has (settings->cors_origins, origin))
    return origin;
  return cs_slice (NULL, 0);
}

static char *
copy (CsHttpExchange *exchange, CsSlice text)
{
  char *memory = cs_http_alloc (exchange, text.len + 1);

  memcpy (memory, text.data, text.len);
  memory[text.len] = '\0';
  return memory;
}

static void
set_origin (CsHttpExchange *exchange, const SyncSettings *settings, CsSlice origin)
{
  cs_http_set_header (exchange, "Access-Control-Allow-Origin", copy (exchange, origin));
  cs_http_add_header (exchange, "Vary", "Origin");
  if (settings->cors_credentials)
    cs_http_set_header (exchange, "Access-Control-Allow-Credentials", "true");
}

static gboolean
next_word (CsSlice *list, CsSlice *word)
{
  const char *comma;

  while (list->len > 0 && strchr (" ,\t", list->data[0]) != NULL)
    *list = cs_slice (list->data + 1, list->len - 1);
  if (list->len == 0)
    return FALSE;
  comma = memchr (list->data, ',', list->len);
  *word = cs_slice (list->data, comma != NULL ? (gsize) (comma - list->data) : list->len);
  *list = cs_slice (list->data + word->len, list->len - word->len);
  while (word->len > 0 && strchr (" \t", word->data[word->len - 1]) != NULL)
    word->len--;
  return TRUE;
}

static gboolean
headers_allowed (const SyncSettings *settings, CsSlice asked)
{
  CsSlice word;

  while (next_word (&asked, &word))
    if (!list_has (settings->cors_headers, word))
      return FALSE;
  return TRUE;
}

static gboolean
method_allowed (CsSlice method)
{
  static const char *const methods[] = { "GET", "PUT", "POST", "HEAD", "DELETE", NULL };

  return method.data != NULL && list_has ((char **) methods, method);
}

/* Beside those that every path is told of, what a preflight may ask for: COPY, and PATCH, which CouchDB has not
 * but what other plugins serve below the mount may. */
static gboolean
also_allowed (CsHttpExchange *exchange, Sync *self, CsSlice method)
{
  const char *owner;

  if (cs_slice_is (method, "COPY"))
    return TRUE;
  if (!cs_slice_is (method, "PATCH"))
    return FALSE;
  owner = cs_http_lookup (self->http, "PATCH",
                          copy (exchange, cs_http_request (exchange)->path), NULL);
  return owner != NULL && strcmp (owner, cs_name (self)) != 0;
}

/* Before routing: a preflight carries no credentials. One that is not granted goes on as any other
 * request. */
static gboolean
preflight (CsHttpExchange *exchange, gpointer self)
{
  const SyncSettings *settings = cs_settings (self);
  CsSlice origin;
  CsSlice headers;
  CsSlice method;
  gboolean also;

  if (settings->cors_origins == NULL
      || !cs_slice_is (cs_http_request (exchange)->method, "OPTIONS"))
    return TRUE;
  origin = allowed_origin (exchange, settings);
  headers = cs_http_header (exchange, "Access-Control-Request-Headers");
  method = cs_http_header (exchange, "Access-Control-Request-Method");
  also = also_allowed (exchange, self, method);
  if (origin.data == NULL || !(also || method_allowed (method))
      || !headers_allowed (settings, headers))
    return TRUE;

  set_origin (exchange, settings, origin);
  cs_http_set_header (exchange, "Access-Control-Allow-Methods", METHODS);
  if (also)
    cs_http_set_header (exchange, "Access-Control-Allow-Methods",
                        cs_slice_is (method, "COPY") ? METHODS ", COPY" : METHODS ", PATCH");
  if (headers.data != NULL)
    cs_http_set_header (exchange, "Access-Control-Allow-Headers", copy (exchange, headers));
  {
    g_autofree char *age
      = g_strdup_printf ("%" G_GINT64_FORMAT, settings->cors_max_age / G_USEC_PER_SEC);

    cs_http_set_header (exchange, "Access-Control-Max-Age", age);
  }
  cs_http_reply (exchange, 204, NULL, NULL, 0);
  return FALSE;
}

static gboolean
grant (CsHttpExchange *exchange, gpointer self)
{
  const SyncSettings *settings = cs_settings (self);
  CsSlice origin;

  if (settings->cors_origins == NULL
      || (cs_http_status (exchange) == 204
          && cs_slice_is (cs_http_request (exchange)->method, "OPTIONS")))
    return TRUE;
  origin = allowed_origin (exchange, settings);
  if (origin.data != NULL)
    {
      set_origin (exchange, settings, origin);
      cs_http_set_header (exchange, "Access-Control-Expose-Headers", EXPOSED);
    }
  return TRUE;
}

gboolean
sync_cors_add (Sync *self, GError **error)
{
  const SyncSettings *settings = cs_settings (self);
  const CsHttpFilter filters[] = {
    { .phase = CS_HTTP_PHASE_ACCESS, .prefix = settings->mount, .func = preflight, .early = TRUE },
    { .phase = CS_HTTP_PHASE_RESPOND, .prefix = settings->mount, .func = grant },
  };

  return cs_http_add_filters (self->http, self, CS_ROWS (filters), error);
}
