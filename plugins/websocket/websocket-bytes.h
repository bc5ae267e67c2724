/* websocket-bytes.h: bytes that grow; all zero is none.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

#define WS_BYTES_KEEP (128 * 1024)

typedef struct
{
  guint8 *data;
  gsize length;
  gsize capacity;
} WsBytes;

/* Room for `more` bytes at the end; grows by doubling, but to no more than `most` in all if that is enough. */
static inline guint8 *
ws_bytes_reserve (WsBytes *self, gsize more, gsize most)
{
  gsize needed = self->length + more;

  if (needed > self->capacity)
    {
      gsize doubled = MAX (self->capacity * 2, 512);

      self->capacity = MAX (needed, MIN (doubled, most));
      self->data = g_realloc (self->data, self->capacity);
    }
  return self->data + self->length;
}

static inline void
ws_bytes_add (WsBytes *self, const void *data, gsize length, gsize most)
{
  if (length > 0)
    memcpy (ws_bytes_reserve (self, length, most), data, length);
  self->length += length;
}

static inline void
ws_bytes_clear (WsBytes *self)
{
  g_free (self->data);
  *self = (WsBytes){ NULL, 0, 0 };
}

/* For one that is used again and again: what a large message took is given back. */
static inline void
ws_bytes_reuse (WsBytes *self)
{
  if (self->capacity > WS_BYTES_KEEP)
    ws_bytes_clear (self);
  self->length = 0;
}

G_END_DECLS
