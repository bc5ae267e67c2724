/* rest-condition.c: preconditions (RFC 9110 §13): what must hold of a document for a write, or for a body.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

/* ---- entity tags ---- */

static const char *
skip (const char *at, const char *end, const char *bytes)
{
  while (at < end && *at != '\0' && strchr (bytes, *at) != NULL)
    at++;
  return at;
}

/* Both readings of a tag that ends as those of compressed answers do: a version may end so by itself. */
static gboolean
add_tag (CsSlice tag, CsSlice *tags, guint room, guint *n)
{
  static const gsize suffix = sizeof CS_HTTP_GZIP_TAG - 1;

  if (*n + 2 > room)
    return FALSE;
  tags[(*n)++] = tag;
  if (tag.len > suffix && memcmp (tag.data + tag.len - suffix, CS_HTTP_GZIP_TAG, suffix) == 0)
    tags[(*n)++] = cs_slice (tag.data, tag.len - suffix);
  return TRUE;
}

/* `W/"x"` or `"x"`; *at moves behind it. */
static gboolean
read_tag (const char **at, const char *end, CsSlice *tag, gboolean *weak)
{
  const char *close;

  *weak = end - *at >= 2 && (*at)[0] == 'W' && (*at)[1] == '/';
  *at += *weak ? 2 : 0;
  if (*at == end || **at != '"')
    return FALSE;
  close = memchr (*at + 1, '"', end - *at - 1);
  if (close == NULL)
    return FALSE;
  *tag = cs_slice (*at + 1, close - *at - 1);
  *at = close + 1;
  return TRUE;
}

/* RFC 9110 §8.8.3: no space, no control, no quote within. */
static gboolean
is_tag (CsSlice tag)
{
  for (gsize i = 0; i < tag.len; i++)
    if ((guint8) tag.data[i] <= 0x20 || tag.data[i] == 0x7f)
      return FALSE;
  return TRUE;
}

/* RFC 9110 §5.6.1: commas between, more of them than needed are allowed. FALSE: something else is there. */
static gboolean
next_tag (const char **at, const char *end, gboolean first)
{
  const char *start = skip (*at, end, " \t");

  *at = skip (start, end, " \t,");
  return first || *at == end || *start == ',';
}

gboolean
rest_tags_read (CsSlice text, gboolean strong, CsSlice *tags, guint room, guint *n, gboolean *any)
{
  const char *at = text.data;
  const char *end = text.data + text.len;
  gboolean first = TRUE;

  *n = 0;
  *any = cs_slice_is (text, "*");
  if (*any)
    return TRUE;
  for (; next_tag (&at, end, first); first = FALSE)
    {
      CsSlice tag;
      gboolean weak;

      if (at == end)
        return !first;
      if (!read_tag (&at, end, &tag, &weak) || !is_tag (tag))
        return FALSE;
      if (!(weak && strong) && !add_tag (tag, tags, room, n))
        return FALSE;
    }
  return FALSE;
}

static gboolean
read_tags (CsHttpExchange *exchange, const char *name, CsSlice text, gboolean strong,
           CsSlice *tags, guint *n, gboolean *any)
{
  g_autofree char *detail = NULL;

  if (rest_tags_read (text, strong, tags, REST_TAGS_MAX, n, any))
    return TRUE;
  detail = g_strdup_printf ("%s: is * or a list of at most %d entity tags in double quotes, as ETag "
                            "gives them",
                            name, REST_TAGS_MAX / 2);
  cs_http_reply_error (exchange, 400, detail);
  return FALSE;
}

/* A date that cannot be read is as none (§13.1.3). */
static gboolean
read_date (CsHttpExchange *exchange, Rest *self, const char *name, gint64 *time)
{
  CsSlice text = cs_http_header (exchange, name);

  return text.data != NULL && cs_http_parse_date (self->http, text, time);
}

/* ---- writes ---- */

static gboolean
read_match (CsHttpExchange *exchange, CsSlice text, RestCondition *condition)
{
  gboolean any;

  condition->condition.when = CS_DOCUMENT_MATCHES;
  if (!read_tags (exchange, "If-Match", text, TRUE, condition->versions,
                  &condition->condition.n_versions, &any))
    return FALSE;
  if (any)
    condition->condition.when = CS_DOCUMENT_PRESENT;
  return TRUE;
}

static gboolean
read_none_match (CsHttpExchange *exchange, CsSlice text, RestCondition *condition)
{
  gboolean any;

  condition->condition.when = CS_DOCUMENT_DIFFERS;
  if (!read_tags (exchange, "If-None-Match", text, FALSE, condition->versions,
                  &condition->condition.n_versions, &any))
    return FALSE;
  if (any)
    condition->condition.when = CS_DOCUMENT_ABSENT;
  return TRUE;
}

static gboolean
without_condition (CsHttpExchange *exchange, Rest *self)
{
  const RestSettings *settings = cs_settings (self);

  if (!settings->require_condition)
    return TRUE;
  cs_http_reply_error (exchange, 428,
                       "say which version you write over: If-Match with the ETag you read, or "
                       "If-None-Match: * for a new document");
  return FALSE;
}

gboolean
rest_condition_read (CsHttpExchange *exchange, Rest *self, RestCondition *condition)
{
  CsSlice match = cs_http_header (exchange, "If-Match");
  CsSlice none_match = cs_http_header (exchange, "If-None-Match");

  condition->condition = (CsDocumentCondition){ .size = sizeof (CsDocumentCondition),
                                                .versions = condition->versions };
  if (match.data != NULL && none_match.data != NULL)
    {
      cs_http_reply_error (exchange, 400, "a write takes If-Match or If-None-Match, not both");
      return FALSE;
    }
  if (match.data != NULL)
    return read_match (exchange, match, condition);
  if (none_match.data != NULL)
    return read_none_match (exchange, none_match, condition);
  if (!read_date (exchange, self, "If-Unmodified-Since", &condition->condition.since))
    return without_condition (exchange, self);
  condition->condition.when = CS_DOCUMENT_UNMODIFIED;
  condition->condition.since += G_USEC_PER_SEC - 1; /* Last-Modified has no fraction */
  return TRUE;
}

/* ---- reads ---- */

static gboolean
has_version (const CsSlice *tags, guint n, const char *version)
{
  for (guint i = 0; i < n; i++)
    if (cs_slice_is (tags[i], version))
      return TRUE;
  return FALSE;
}

static gboolean
failed (CsHttpExchange *exchange)
{
  cs_http_reply_error (exchange, 412, "the document has another version");
  return TRUE;
}

/* §13.2.2, steps 1 and 2. */
static gboolean
match_answered (CsHttpExchange *exchange, Rest *self, const CsDocument *document)
{
  CsSlice text = cs_http_header (exchange, "If-Match");
  CsSlice tags[REST_TAGS_MAX];
  gint64 time;
  gboolean any;
  guint n;

  if (text.data == NULL)
    return read_date (exchange, self, "If-Unmodified-Since", &time)
           && document->updated >= time + G_USEC_PER_SEC && failed (exchange);
  if (!read_tags (exchange, "If-Match", text, TRUE, tags, &n, &any))
    return TRUE;
  return !any && !has_version (tags, n, document->version) && failed (exchange);
}

static gboolean
not_modified (CsHttpExchange *exchange)
{
  cs_http_reply (exchange, 304, NULL, NULL, 0);
  return TRUE;
}

/* Steps 3 and 4. */
gboolean
rest_condition_answered (CsHttpExchange *exchange, Rest *self, const CsDocument *document)
{
  CsSlice text = cs_http_header (exchange, "If-None-Match");
  CsSlice tags[REST_TAGS_MAX];
  gint64 time;
  gboolean any;
  guint n;

  if (match_answered (exchange, self, document))
    return TRUE;
  if (text.data == NULL)
    return read_date (exchange, self, "If-Modified-Since", &time)
           && document->updated < time + G_USEC_PER_SEC && not_modified (exchange);
  if (!read_tags (exchange, "If-None-Match", text, FALSE, tags, &n, &any))
    return TRUE;
  return (any || has_version (tags, n, document->version)) && not_modified (exchange);
}
