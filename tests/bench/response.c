/* response.c: an incremental reader of HTTP/1.1 responses that keeps the status and throws the body away.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
response_reset (Response *self, bool no_body)
{
  self->state = RESPONSE_HEAD;
  self->status = 0;
  self->left = self->body = 0;
  self->line_len = 0;
  self->chunked = self->has_length = false;
  self->no_body = no_body;
}

static void
head_ends (Response *self)
{
  if (self->status / 100 == 1)
    response_reset (self, self->no_body);
  else if (self->no_body || self->status == 204 || self->status == 304)
    self->state = RESPONSE_DONE;
  else if (self->chunked)
    self->state = RESPONSE_CHUNK_SIZE;
  else if (!self->has_length)
    self->state = RESPONSE_BROKEN;
  else
    self->state = self->left > 0 ? RESPONSE_BODY : RESPONSE_DONE;
}

static void
head_line (Response *self)
{
  if (self->line_len == 0 && self->status != 0)
    head_ends (self);
  else if (self->status == 0)
    {
      self->status = self->line_len > 12 ? atoi (self->line + 9) : 0;
      if (self->status < 100)
        self->state = RESPONSE_BROKEN;
    }
  else if (strncasecmp (self->line, "content-length:", 15) == 0)
    {
      self->left = strtoull (self->line + 15, NULL, 10);
      self->has_length = true;
    }
  else if (strncasecmp (self->line, "transfer-encoding:", 18) == 0)
    self->chunked = strstr (self->line, "chunked") != NULL;
}

static void
chunk_size_line (Response *self)
{
  self->left = strtoull (self->line, NULL, 16);
  self->state = self->left > 0 ? RESPONSE_CHUNK_DATA : RESPONSE_TRAILER;
}

static void
line_ends (Response *self)
{
  if (self->line_len > 0 && self->line[self->line_len - 1] == '\r')
    self->line_len--;
  self->line[self->line_len] = '\0';
  if (self->state == RESPONSE_HEAD)
    head_line (self);
  else if (self->state == RESPONSE_CHUNK_SIZE)
    chunk_size_line (self);
  else if (self->state == RESPONSE_CHUNK_END)
    self->state = RESPONSE_CHUNK_SIZE;
  else if (self->line_len == 0)
    self->state = RESPONSE_DONE;
  self->line_len = 0;
}

static size_t
feed_line (Response *self, const char *data, size_t len)
{
  const char *end = memchr (data, '\n', len);
  size_t n = end ? (size_t) (end - data) : len;
  size_t room = sizeof self->line - 1 - self->line_len;

  memcpy (self->line + self->line_len, data, n < room ? n : room);
  self->line_len += n < room ? n : room;
  if (end == NULL)
    return len;
  line_ends (self);
  return n + 1;
}

static size_t
feed_body (Response *self, size_t len)
{
  size_t n = len < self->left ? len : self->left;

  self->left -= n;
  self->body += n;
  if (self->left == 0)
    self->state = self->state == RESPONSE_BODY ? RESPONSE_DONE : RESPONSE_CHUNK_END;
  return n;
}

size_t
response_feed (Response *self, const char *data, size_t len)
{
  size_t at = 0;

  while (at < len && self->state < RESPONSE_DONE)
    {
      if (self->state == RESPONSE_BODY || self->state == RESPONSE_CHUNK_DATA)
        at += feed_body (self, len - at);
      else
        at += feed_line (self, data + at, len - at);
    }
  return at;
}
