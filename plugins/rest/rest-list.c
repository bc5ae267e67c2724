/* rest-list.c: GET of a collection: documents in pages, by who wrote them and by time.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

typedef struct
{
  CsHttpExchange *exchange;
  Rest *self;
  CsDocumentQuery query;
} Listing;

static gboolean
refuse (Listing *listing, const char *detail)
{
  cs_http_reply_error (listing->exchange, 400, detail);
  return FALSE;
}

/* ---- parameters ---- */

static gboolean
read_user (Listing *listing, CsSlice value)
{
  listing->query.user = value;
  return TRUE;
}

static gboolean
read_created (Listing *listing, CsSlice value)
{
  return rest_time_parse (value, &listing->query.created_after)
         || refuse (listing, "created_after: is no RFC 3339 timestamp such as 2026-01-31T08:00:00Z");
}

static gboolean
read_updated (Listing *listing, CsSlice value)
{
  return rest_time_parse (value, &listing->query.updated_after)
         || refuse (listing, "updated_after: is no RFC 3339 timestamp such as 2026-01-31T08:00:00Z");
}

static gboolean
read_limit (Listing *listing, CsSlice value)
{
  const RestSettings *settings = cs_settings (listing->self);
  g_autofree char *detail
    = g_strdup_printf ("limit: is a whole number from 1 to %" G_GINT64_FORMAT,
                       settings->max_page_size);
  guint64 limit = 0;

  for (gsize i = 0; i < value.len && i < 10; i++)
    limit = g_ascii_isdigit (value.data[i]) ? limit * 10 + (value.data[i] - '0') : G_MAXUINT64 / 16;
  if (value.len == 0 || value.len > 10 || limit < 1 || (gint64) limit > settings->max_page_size)
    return refuse (listing, detail);
  listing->query.limit = limit;
  return TRUE;
}

static gboolean
read_cursor (Listing *listing, CsSlice value)
{
  char *text = cs_http_alloc (listing->exchange, value.len + 1);

  memcpy (text, value.data, value.len);
  text[value.len] = '\0';
  listing->query.cursor = text;
  return TRUE;
}

static const struct
{
  const char *name;
  gboolean (*read) (Listing *listing, CsSlice value);
} parameters[] = {
  { "user_id", read_user },       { "created_after", read_created }, { "updated_after", read_updated },
  { "limit", read_limit },        { "cursor", read_cursor },
};

/* A misspelt filter must not give more than was asked for. */
static gboolean
read_parameter (Listing *listing, CsSlice name, CsSlice value, guint *seen)
{
  g_autofree char *detail = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (parameters); i++)
    {
      if (!cs_slice_is (name, parameters[i].name))
        continue;
      if (*seen & 1u << i)
        return refuse (listing, "a parameter is given twice");
      *seen |= 1u << i;
      return parameters[i].read (listing, value);
    }
  detail = g_strdup_printf ("there is no parameter \"%.*s\"; there are user_id, created_after, "
                            "updated_after, limit and cursor",
                            (int) MIN (name.len, 100), name.data);
  return refuse (listing, detail);
}

static gboolean
read_query (Listing *listing)
{
  const RestSettings *settings = cs_settings (listing->self);
  gsize at = 0;
  guint seen = 0;
  CsSlice name;
  CsSlice value;

  listing->query.size = sizeof listing->query;
  listing->query.limit = settings->page_size;
  while (cs_http_query_next (listing->exchange, &at, &name, &value))
    if (!read_parameter (listing, name, value, &seen))
      return FALSE;
  return TRUE;
}

/* ---- the answer ---- */

static void
append_item (GString *json, const CsDocument *document)
{
  g_string_append_c (json, '{');
  rest_append_meta (json, document->id, document->version, document->created, document->updated);
  g_string_append (json, ",\"user_id\":");
  if (document->user.len > 0)
    rest_append_string (json, document->user);
  else
    g_string_append (json, "null");
  g_string_append (json, ",\"document\":");
  g_string_append_len (json, document->body.data, document->body.len);
  g_string_append_c (json, '}');
}

/* The same request with the next cursor (RFC 8288). */
static void
set_next_link (Listing *listing, const char *cursor)
{
  CsHttpExchange *exchange = listing->exchange;
  const RestSettings *settings = cs_settings (listing->self);
  g_autoptr (GString) link = g_string_new ("<");
  gsize at = 0;
  CsSlice name;
  CsSlice value;

  g_string_append_printf (link, "%s/", settings->mount);
  rest_append_encoded (link, cs_http_param (exchange, 0));
  g_string_append (link, "?cursor=");
  rest_append_encoded (link, cs_slice_str (cursor));
  while (cs_http_query_next (exchange, &at, &name, &value))
    {
      if (cs_slice_is (name, "cursor"))
        continue;
      g_string_append_c (link, '&');
      rest_append_encoded (link, name);
      g_string_append_c (link, '=');
      rest_append_encoded (link, value);
    }
  g_string_append (link, ">; rel=\"next\"");
  cs_http_set_header (exchange, "Link", link->str);
}

static void
reply_list (Listing *listing, const CsDocumentList *list)
{
  g_autoptr (GString) json = g_string_sized_new (256 * list->n + 64);
  CsSlice part;

  g_string_append (json, "{\"items\":[");
  for (guint i = 0; i < list->n; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      append_item (json, &list->documents[i]);
    }
  g_string_append (json, "],\"next\":");
  if (list->more)
    {
      rest_append_string (json, cs_slice_str (list->cursor));
      set_next_link (listing, list->cursor);
    }
  else
    g_string_append (json, "null");
  g_string_append (json, "}\n");
  part = cs_slice (json->str, json->len);
  cs_http_set_header (listing->exchange, "Cache-Control", "private, no-cache");
  cs_http_reply (listing->exchange, 200, "application/json", &part, 1);
}

void
rest_list (CsHttpExchange *exchange, gpointer data)
{
  Rest *self = data;
  Listing listing = { .exchange = exchange, .self = self };
  CsDocumentsDb *db = rest_open (exchange, self, CS_DOCUMENTS_READ);
  CsDocumentList *list = NULL;
  CsStatus status;

  if (db == NULL)
    return;
  status = read_query (&listing) ? cs_documents_list (db, &listing.query, &list) : CS_AGAIN;
  if (status == CS_OK)
    reply_list (&listing, list);
  else if (status == CS_INVALID)
    refuse (&listing, "cursor: is not one that this collection gave");
  else if (status != CS_AGAIN) /* answered already */
    rest_reply_status (exchange, status);
  cs_document_list_free (self->documents, list);
  cs_documents_close (db);
}
