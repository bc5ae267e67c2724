/* http-head.c: writes the head of an answer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <string.h>

/* Status line, Date, Connection, framing and their line ends, generously. */
#define FIXED_BYTES 256

const char *
http_status_text (guint status)
{
  static const struct
  {
    guint16 status;
    const char *text;
  } texts[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 206, "Partial Content" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 416, "Range Not Satisfiable" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" },
    { 426, "Upgrade Required" },
    { 428, "Precondition Required" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
    { 507, "Insufficient Storage" },
    { 101, "Switching Protocols" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].status == status)
      return texts[i].text;
  return "";
}

gsize
http_answer_head_bytes (const HttpExchange *self)
{
  gsize bytes = FIXED_BYTES + (self->type != NULL ? strlen (self->type) : 0);

  for (const HttpOut *out = self->out_first; out != NULL; out = out->next)
    bytes += out->name_length + out->value_length + 4;
  return bytes;
}

#define PUT(at, literal) put ((at), "" literal, sizeof (literal) - 1)

static inline char *
put (char *at, const char *text, gsize length)
{
  memcpy (at, text, length);
  return at + length;
}

static char *
put_number (char *at, guint64 number)
{
  char digits[20];
  gsize n = sizeof digits;

  do
    digits[--n] = '0' + number % 10;
  while ((number /= 10) != 0);
  return put (at, digits + n, sizeof digits - n);
}

static char *
put_status_line (HttpExchange *self, char *at)
{
  const char *date = http_worker_date (self->worker);
  const char *text;

  if (self->status == 200)
    return put (at, self->worker->ok_head, self->worker->ok_head_length);
  text = http_status_text (self->status);
  at = PUT (at, "HTTP/1.1 ");
  at = put_number (at, self->status);
  *at++ = ' ';
  at = put (at, text, strlen (text));
  at = PUT (at, "\r\nDate: ");
  at = put (at, date, HTTP_DATE_LENGTH);
  return PUT (at, "\r\n");
}

/* Whoever sends Upgrade names it in Connection (RFC 9110 §7.8). */
static char *
put_offer (const HttpExchange *self, char *at)
{
  at = PUT (at, "Connection: Upgrade");
  if (!self->keep_alive)
    at = PUT (at, ", close");
  else if (self->head.minor == 0)
    at = PUT (at, ", keep-alive");
  return PUT (at, "\r\n");
}

static char *
put_connection (const HttpExchange *self, char *at)
{
  if (self->upgraded)
    return at;
  if (self->status == 426)
    return put_offer (self, at);
  if (!self->keep_alive)
    return PUT (at, "Connection: close\r\n");
  if (self->head.minor == 0)
    return PUT (at, "Connection: keep-alive\r\n");
  return at;
}

/* Writes the head into memory of http_answer_head_bytes(); its end. `length`: of the body, or one of
 * the two special values. */
char *
http_answer_head (HttpExchange *self, gint64 length, char *at)
{
  at = put_status_line (self, at);
  if (self->type != NULL)
    {
      at = PUT (at, "Content-Type: ");
      at = put (at, self->type, strlen (self->type));
      at = PUT (at, "\r\n");
    }
  for (const HttpOut *out = self->out_first; out != NULL; out = out->next)
    {
      at = put (at, out->name, out->name_length);
      at = PUT (at, ": ");
      at = put (at, out->value, out->value_length);
      at = PUT (at, "\r\n");
    }
  if (length >= 0)
    {
      at = PUT (at, "Content-Length: ");
      at = put_number (at, length);
      at = PUT (at, "\r\n");
    }
  else if (self->out_chunked)
    at = PUT (at, "Transfer-Encoding: chunked\r\n");
  at = put_connection (self, at);
  return PUT (at, "\r\n");
}
