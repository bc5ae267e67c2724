/* request.c: makes the requests of a load from templates: {id}, {db} and repeated documents.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

void
bytes_add (Bytes *self, const char *data, size_t len)
{
  if (self->len + len > self->size)
    {
      self->size = (self->len + len) * 2;
      self->data = realloc (self->data, self->size);
      if (self->data == NULL)
        die ("memory");
    }
  memcpy (self->data + self->len, data, len);
  self->len += len;
}

static uint64_t
next_random (RequestPlan *self)
{
  self->random ^= self->random << 13;
  self->random ^= self->random >> 7;
  self->random ^= self->random << 17;
  return self->random;
}

static void
add_id (RequestPlan *self, Bytes *out)
{
  char id[40];
  int len;

  if (self->random_ids)
    {
      uint64_t high = next_random (self);

      len = snprintf (id, sizeof id, "%016llx%016llx", (unsigned long long) high,
                      (unsigned long long) next_random (self));
    }
  else
    len = snprintf (id, sizeof id, "%032llu", (unsigned long long) self->next++);
  bytes_add (out, id, (size_t) len);
}

static void
add_template (RequestPlan *self, Bytes *out, const char *text, uint64_t database)
{
  char number[24];
  const char *mark;

  while ((mark = strchr (text, '{')) != NULL)
    {
      bytes_add (out, text, (size_t) (mark - text));
      text = mark;
      if (strncmp (mark, "{id}", 4) == 0)
        {
          add_id (self, out);
          text += 4;
        }
      else if (strncmp (mark, "{db}", 4) == 0)
        {
          int len = snprintf (number, sizeof number, "%llu", (unsigned long long) database);

          bytes_add (out, number, (size_t) len);
          text += 4;
        }
      else
        bytes_add (out, text++, 1);
    }
  bytes_add (out, text, strlen (text));
}

static void
add_body (RequestPlan *self, Bytes *out)
{
  if (self->bulk > 0)
    bytes_add (out, "{\"docs\":[", 9);
  for (unsigned i = 0; i < (self->bulk > 0 ? self->bulk : 1); i++)
    {
      if (i > 0)
        bytes_add (out, ",", 1);
      add_template (self, out, self->body, 0);
    }
  if (self->bulk > 0)
    bytes_add (out, "]", 1);
  if (self->bulk > 0 && self->replicated)
    bytes_add (out, ",\"new_edits\":false", 18);
  if (self->bulk > 0)
    bytes_add (out, "}", 1);
}

void
request_make (RequestPlan *self, Bytes *out)
{
  static Bytes body;
  static uint64_t turn;
  uint64_t database = self->databases > 0 ? turn++ % self->databases : 0;
  char head[256];
  int len;

  out->len = body.len = 0;
  bytes_add (out, self->method, strlen (self->method));
  bytes_add (out, " ", 1);
  add_template (self, out, self->path, database);
  bytes_add (out, " HTTP/1.1\r\nHost: 127.0.0.1\r\n", 28);
  bytes_add (out, self->extra, strlen (self->extra));
  if (self->body != NULL)
    {
      add_body (self, &body);
      len = snprintf (head, sizeof head,
                      "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.len);
      bytes_add (out, head, (size_t) len);
    }
  bytes_add (out, "\r\n", 2);
  if (self->body != NULL)
    bytes_add (out, body.data, body.len);
}
