/* http-framing.c: decides where a request ends, and refuses every head that leaves doubt.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-framing.h"
#include "http-chars.h"

#include <string.h>

gboolean
http_head_refuse (HttpHead *head, guint status, const char *reason)
{
  head->status = status;
  head->reason = reason;
  return FALSE;
}

/* Steps through a comma-separated list; an empty element comes back with length 0. */
static gboolean
next_element (const guint8 **at, const guint8 *end, const guint8 **element, gsize *length)
{
  const guint8 *comma;
  const guint8 *last;

  if (*at > end)
    return FALSE;
  comma = memchr (*at, ',', end - *at);
  last = comma != NULL ? comma : end;
  *element = *at;
  *at = last + 1;
  while (*element < last && http_is_blank (**element))
    (*element)++;
  while (last > *element && http_is_blank (last[-1]))
    last--;
  *length = last - *element;
  return TRUE;
}

/* RFC 9110 §8.6: 1*DIGIT and nothing else; lists and repetitions are refused. */
static gboolean
content_length (HttpHead *head, const guint8 *value, gsize length)
{
  guint64 total = 0;

  if (head->has_length)
    return http_head_refuse (head, 400, "Content-Length given twice");
  if (length == 0 || length > 19)
    return http_head_refuse (head, 400, "Content-Length is not a length");
  for (gsize i = 0; i < length; i++)
    {
      if (!http_is (value[i], HTTP_CHAR_DIGIT))
        return http_head_refuse (head, 400, "Content-Length is not a number");
      total = total * 10 + (value[i] - '0');
    }
  if (total > G_MAXINT64)
    return http_head_refuse (head, 400, "Content-Length is not a length");
  head->content_length = total;
  head->has_length = TRUE;
  return TRUE;
}

/* RFC 9112 §6.1: `chunked` exactly once and last, over all lines of the field. */
static gboolean
transfer_encoding (HttpHead *head, const guint8 *value, gsize length)
{
  const guint8 *at = value;
  const guint8 *coding;
  gsize coding_length;

  head->seen_coding = TRUE;
  while (next_element (&at, value + length, &coding, &coding_length))
    {
      if (head->chunked)
        return http_head_refuse (head, 400, "a transfer coding after chunked");
      if (coding_length == 0)
        return http_head_refuse (head, 400, "empty transfer coding");
      if (HTTP_EQUALS (coding, coding_length, "chunked"))
        head->chunked = TRUE;
      else
        head->unknown_coding = TRUE;
    }
  return TRUE;
}

static void
connection (HttpHead *head, const guint8 *value, gsize length)
{
  const guint8 *at = value;
  const guint8 *option;
  gsize option_length;

  while (next_element (&at, value + length, &option, &option_length))
    {
      if (HTTP_EQUALS (option, option_length, "close"))
        head->seen_close = TRUE;
      else if (HTTP_EQUALS (option, option_length, "keep-alive"))
        head->seen_keep_alive = TRUE;
      else if (HTTP_EQUALS (option, option_length, "upgrade"))
        head->wants_upgrade = TRUE;
    }
}

static gboolean
valid_port (const guint8 *text, gsize length)
{
  guint port = 0;

  if (length > 5)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      if (!http_is (text[i], HTTP_CHAR_DIGIT))
        return FALSE;
      port = port * 10 + (text[i] - '0');
    }
  return port <= 65535;
}

gboolean
http_host_valid (const guint8 *text, gsize length)
{
  gsize i = 0;

  if (length > 0 && text[0] == '[')
    {
      for (i = 1; i < length && text[i] != ']'; i++)
        if (!http_is (text[i], HTTP_CHAR_HEX) && text[i] != ':' && text[i] != '.')
          return FALSE;
      if (i == length || i == 1)
        return FALSE;
      i++;
    }
  else
    {
      while (i < length && http_is (text[i], HTTP_CHAR_HOST))
        i++;
      if (i == 0)
        return FALSE;
    }
  if (i == length)
    return TRUE;
  return text[i] == ':' && valid_port (text + i + 1, length - i - 1);
}

static gboolean
host (HttpHead *head, const HttpField *field, const guint8 *value)
{
  if (head->seen_host)
    return http_head_refuse (head, 400, "Host given twice");
  if (!http_host_valid (value, field->value_length))
    return http_head_refuse (head, 400, "Host is not a host");
  head->seen_host = TRUE;
  head->host = (HttpSlice){ field->value, field->value_length };
  return TRUE;
}

static HttpFieldId
identify (const guint8 *name, gsize length)
{
  switch (length)
    {
    case 4:
      return HTTP_EQUALS (name, length, "host") ? HTTP_FIELD_HOST : HTTP_FIELD_OTHER;
    case 6:
      return HTTP_EQUALS (name, length, "expect") ? HTTP_FIELD_EXPECT : HTTP_FIELD_OTHER;
    case 10:
      return HTTP_EQUALS (name, length, "connection") ? HTTP_FIELD_CONNECTION : HTTP_FIELD_OTHER;
    case 14:
      return HTTP_EQUALS (name, length, "content-length") ? HTTP_FIELD_CONTENT_LENGTH
                                                          : HTTP_FIELD_OTHER;
    case 17:
      return HTTP_EQUALS (name, length, "transfer-encoding") ? HTTP_FIELD_TRANSFER_ENCODING
                                                             : HTTP_FIELD_OTHER;
    default:
      return HTTP_FIELD_OTHER;
    }
}

gboolean
http_framing_field (HttpHead *head, HttpField *field, const guint8 *data)
{
  const guint8 *value = data + field->value;
  gsize length = field->value_length;

  field->id = identify (data + field->name, field->name_length);
  switch ((HttpFieldId) field->id)
    {
    case HTTP_FIELD_HOST:
      return host (head, field, value);
    case HTTP_FIELD_CONTENT_LENGTH:
      return content_length (head, value, length);
    case HTTP_FIELD_TRANSFER_ENCODING:
      return transfer_encoding (head, value, length);
    case HTTP_FIELD_CONNECTION:
      connection (head, value, length);
      return TRUE;
    case HTTP_FIELD_EXPECT:
      if (HTTP_EQUALS (value, length, "100-continue"))
        head->expect_continue = TRUE;
      else
        head->unknown_expect = TRUE;
      return TRUE;
    case HTTP_FIELD_OTHER:
      break;
    }
  return TRUE;
}

/* The length of an authority without the port that its scheme implies. */
static gsize
without_default_port (const guint8 *text, gsize length, gboolean https)
{
  const char *port = https ? ":443" : ":80";
  gsize port_length = strlen (port);

  if (length > port_length && memcmp (text + length - port_length, port, port_length) == 0)
    return length - port_length;
  if (length > 0 && text[length - 1] == ':')
    return length - 1;
  return length;
}

static gboolean
same_authority (const HttpHead *head, const guint8 *data)
{
  const guint8 *a = data + head->authority.at;
  const guint8 *b = data + head->host.at;
  gsize a_length = without_default_port (a, head->authority.length, head->https);
  gsize b_length = without_default_port (b, head->host.length, head->https);

  return a_length == b_length && g_ascii_strncasecmp ((const char *) a, (const char *) b, a_length) == 0;
}

gboolean
http_framing_finish (HttpHead *head, const guint8 *data)
{
  if (!head->seen_host && head->minor > 0)
    return http_head_refuse (head, 400, "Host is missing");
  if (head->seen_coding)
    {
      if (head->minor == 0)
        return http_head_refuse (head, 400, "Transfer-Encoding in HTTP/1.0");
      if (head->has_length)
        return http_head_refuse (head, 400, "Content-Length with Transfer-Encoding");
      if (head->unknown_coding)
        return http_head_refuse (head, 501, "unknown transfer coding");
    }
  if (head->absolute && head->seen_host && !same_authority (head, data))
    return http_head_refuse (head, 400, "the target's host differs from Host");
  if (head->minor > 0 && head->unknown_expect)
    return http_head_refuse (head, 417, "unknown expectation");

  head->keep_alive = !head->seen_close && (head->minor > 0 || head->seen_keep_alive);
  head->expect_continue = head->expect_continue && head->minor > 0;
  return TRUE;
}
