/* http-parser.c: the request line and the field lines of an HTTP/1 head.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-parser.h"
#include "http-chars.h"
#include "http-framing.h"

#include <string.h>

#define METHOD_BYTES_MAX 32

void
http_head_reset (HttpHead *head, HttpField *fields)
{
  *head = (HttpHead){ .fields = fields };
}

static HttpMethod
method_of (const guint8 *text, gsize length)
{
  static const struct
  {
    guint8 length;
    char text[8];
  } methods[] = {
    [HTTP_METHOD_OTHER] = { 0, "" },           [HTTP_METHOD_GET] = { 3, "GET" },
    [HTTP_METHOD_HEAD] = { 4, "HEAD" },        [HTTP_METHOD_POST] = { 4, "POST" },
    [HTTP_METHOD_PUT] = { 3, "PUT" },          [HTTP_METHOD_DELETE] = { 6, "DELETE" },
    [HTTP_METHOD_OPTIONS] = { 7, "OPTIONS" },  [HTTP_METHOD_PATCH] = { 5, "PATCH" },
    [HTTP_METHOD_CONNECT] = { 7, "CONNECT" },
  };

  for (guint i = HTTP_METHOD_GET; i < G_N_ELEMENTS (methods); i++)
    if (methods[i].length == length && memcmp (methods[i].text, text, length) == 0)
      return i;
  return HTTP_METHOD_OTHER;
}

/* Splits `path[?query]`. An empty path (`http://host`) stands for "/". */
static gboolean
split_path (HttpHead *head, const guint8 *data, guint32 at, guint32 length)
{
  const guint8 *text = data + at;
  const guint8 *mark = memchr (text, '?', length);

  if (memchr (text, '#', length) != NULL)
    return http_head_refuse (head, 400, "a fragment in the request target");
  head->path = (HttpSlice){ at, mark != NULL ? mark - text : length };
  if (mark != NULL)
    head->query = (HttpSlice){ mark + 1 - data, length - head->path.length - 1 };
  return TRUE;
}

static gboolean
absolute_target (HttpHead *head, const guint8 *data)
{
  const guint8 *text = data + head->target.at;
  gsize length = head->target.length;
  gsize at;
  gsize rest;

  if (length > 7 && HTTP_EQUALS (text, 7, "http://"))
    at = 7;
  else if (length > 8 && HTTP_EQUALS (text, 8, "https://"))
    at = 8;
  else
    return http_head_refuse (head, 400, "the request target is neither a path nor a URL");
  for (rest = at; rest < length && text[rest] != '/' && text[rest] != '?'; rest++)
    ;
  if (!http_host_valid (text + at, rest - at))
    return http_head_refuse (head, 400, "the request target has no valid host");
  head->https = at == 8;
  head->absolute = TRUE;
  head->authority = (HttpSlice){ head->target.at + at, rest - at };
  return split_path (head, data, head->target.at + rest, length - rest);
}

/* The four forms of RFC 9112 §3.2. */
static gboolean
target_form (HttpHead *head, const guint8 *data)
{
  const guint8 *text = data + head->target.at;

  if (head->method == HTTP_METHOD_CONNECT)
    {
      if (!http_host_valid (text, head->target.length))
        return http_head_refuse (head, 400, "CONNECT needs a host and a port");
      head->authority = head->target;
      return TRUE;
    }
  if (text[0] == '/')
    return split_path (head, data, head->target.at, head->target.length);
  if (head->target.length == 1 && text[0] == '*')
    return head->method == HTTP_METHOD_OPTIONS
           || http_head_refuse (head, 400, "only OPTIONS may ask for *");
  return absolute_target (head, data);
}

static gboolean
version (HttpHead *head, const guint8 *text)
{
  if (memcmp (text, "HTTP/1.1", 8) == 0)
    {
      head->minor = 1;
      return TRUE;
    }
  if (memcmp (text, "HTTP/", 5) != 0 || !http_is (text[5], HTTP_CHAR_DIGIT) || text[6] != '.'
      || !http_is (text[7], HTTP_CHAR_DIGIT))
    return http_head_refuse (head, 400, "the request line does not end with a version");
  if (text[5] != '1')
    return http_head_refuse (head, 505, "only HTTP/1 is spoken here");
  head->minor = text[7] - '0';
  return TRUE;
}

/* The line readers return the byte after the line, or NULL: refused when head->status is set, else
 * the line has not ended within the buffer. */
static const guint8 *
refuse (HttpHead *head, guint status, const char *reason)
{
  http_head_refuse (head, status, reason);
  return NULL;
}

static const guint8 *
request_line (HttpHead *head, const guint8 *data, const guint8 *line, const guint8 *end,
              const HttpHeadLimits *limits)
{
  const guint8 *method_end = http_skip_token (line, end);
  const guint8 *target;
  const guint8 *target_end;

  if (method_end - line > METHOD_BYTES_MAX)
    return refuse (head, 501, "the method is too long");
  if (method_end == end)
    return NULL;
  if (*method_end != ' ' || method_end == line)
    return refuse (head, 400, "the method is not a token");

  target = method_end + 1;
  target_end = http_skip_target (target, end);
  if ((gsize) (target_end - target) > limits->target_bytes)
    return refuse (head, 414, "the request target is too long");
  if (target_end == end)
    return NULL;
  if (*target_end != ' ' || target_end == target)
    return refuse (head, 400,
                   *target_end == '\r' || *target_end == '\n'
                     ? "the request line has no version"
                     : "the request target has a byte that must be encoded");

  if (end - target_end < 11)
    {
      if (memchr (target_end, '\n', end - target_end) != NULL)
        return refuse (head, 400, "the request line is cut short");
      return NULL;
    }
  if (!version (head, target_end + 1))
    return NULL;
  if (target_end[9] != '\r' || target_end[10] != '\n')
    return refuse (head, 400, "the request line must end with CR LF");

  head->method = method_of (line, method_end - line);
  head->method_text = (HttpSlice){ line - data, method_end - line };
  head->target = (HttpSlice){ target - data, target_end - target };
  return target_form (head, data) ? target_end + 11 : NULL;
}

static const char *
bad_name_reason (const guint8 *line, const guint8 *at)
{
  if (at == line)
    return http_is_blank (*at) ? "a folded field line" : "a field line without a name";
  return http_is_blank (*at) ? "space after a field name" : "a field name is not a token";
}

static const guint8 *
field_line (HttpHead *head, const guint8 *data, const guint8 *line, const guint8 *end)
{
  const guint8 *colon = http_skip_token (line, end);
  const guint8 *value;
  const guint8 *stop;
  const guint8 *value_end;
  HttpField *field;

  if (colon == end)
    return NULL;
  if (*colon != ':' || colon == line)
    return refuse (head, 400, bad_name_reason (line, colon));
  for (value = colon + 1; value < end && http_is_blank (*value); value++)
    ;
  stop = http_skip_text (value, end);
  if (stop == end || (end - stop == 1 && *stop == '\r'))
    return NULL;
  if (stop[0] != '\r' || stop[1] != '\n')
    return refuse (head, 400,
                   stop[0] == '\n' ? "a field line must end with CR LF"
                                   : "a control character in a field value");
  for (value_end = stop; value_end > value && http_is_blank (value_end[-1]); value_end--)
    ;

  if (head->n_fields == HTTP_MAX_FIELDS)
    return refuse (head, 431, "too many fields");
  if (colon - line > G_MAXUINT16)
    return refuse (head, 431, "a field name is too long");
  field = &head->fields[head->n_fields];
  field->name = line - data;
  field->name_length = colon - line;
  field->value = value - data;
  field->value_length = value_end - value;
  if (!http_framing_field (head, field, data))
    return NULL;
  head->n_fields++;
  return stop + 2;
}

/* RFC 9112 §2.2: one empty line before the request line is forgiven, not more. */
static const guint8 *
skip_empty_line (HttpHead *head, const guint8 *line, const guint8 *end)
{
  if (line < end && *line == '\r' && head->line == 0)
    {
      if (end - line < 2)
        return NULL;
      if (line[1] == '\n')
        return line + 2;
    }
  return line;
}

static HttpParse
unfinished (HttpHead *head, gsize length, const HttpHeadLimits *limits)
{
  if (head->status != 0)
    return HTTP_PARSE_REFUSED;
  head->scan = length;
  if (length < limits->head_bytes)
    return HTTP_PARSE_MORE;
  http_head_refuse (head, head->began ? 431 : 414,
                    head->began ? "the head is too long" : "the request line is too long");
  return HTTP_PARSE_REFUSED;
}

static HttpParse
finished (HttpHead *head, const guint8 *data, gsize length, const HttpHeadLimits *limits)
{
  head->length = length;
  if (length > limits->head_bytes)
    http_head_refuse (head, 431, "the head is too long");
  else if (http_framing_finish (head, data))
    return HTTP_PARSE_DONE;
  return HTTP_PARSE_REFUSED;
}

HttpParse
http_head_parse (HttpHead *head, const guint8 *data, gsize length, const HttpHeadLimits *limits)
{
  const guint8 *end = data + MIN (length, (gsize) limits->head_bytes + 1);
  const guint8 *line = data + head->line;

  /* A line that was cut is taken up again only when its end has come. */
  if (head->scan > head->line)
    {
      const guint8 *from = data + head->scan;

      if (from >= end || memchr (from, '\n', end - from) == NULL)
        return unfinished (head, length, limits);
    }
  if (!head->began)
    {
      line = skip_empty_line (head, line, end);
      if (line != NULL)
        line = request_line (head, data, line, end, limits);
      if (line == NULL)
        return unfinished (head, length, limits);
      head->began = TRUE;
    }
  for (;;)
    {
      head->line = line - data;
      if (end - line >= 2 && line[0] == '\r' && line[1] == '\n')
        return finished (head, data, line + 2 - data, limits);
      if (end - line == 1 && line[0] == '\r')
        return unfinished (head, length, limits);
      line = field_line (head, data, line, end);
      if (line == NULL)
        return unfinished (head, length, limits);
    }
}

const HttpField *
http_head_find (const HttpHead *head, const guint8 *data, const char *name, gsize name_length)
{
  for (guint i = 0; i < head->n_fields; i++)
    {
      const HttpField *field = &head->fields[i];

      if (field->name_length == name_length
          && http_equals (data + field->name, name_length, name, name_length))
        return field;
    }
  return NULL;
}
