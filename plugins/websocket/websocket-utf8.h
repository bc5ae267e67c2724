/* websocket-utf8.h: whether bytes that come piece by piece are UTF-8 (RFC 3629 §4).
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* All zero is the start. */
typedef struct
{
  guint8 left; /* bytes that the character still needs */
  guint8 low;  /* bounds of the next one */
  guint8 high;
} WsUtf8;

/* FALSE at the first byte that no text may have here. */
gboolean ws_utf8_add (WsUtf8 *self, const guint8 *data, gsize length);

/* Whether the text may end here. */
static inline gboolean
ws_utf8_is_whole (const WsUtf8 *self)
{
  return self->left == 0;
}

/* The longest beginning of valid text that has at most `most` bytes and cuts no character. */
gsize ws_utf8_cut (const char *text, gsize length, gsize most);

G_END_DECLS
