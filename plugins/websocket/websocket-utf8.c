/* websocket-utf8.c: a validator that remembers where in a character it is; ASCII goes by words.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket-utf8.h"

#include <string.h>

#define HIGH_BITS G_GUINT64_CONSTANT (0x8080808080808080)

static const guint8 *
skip_ascii (const guint8 *at, const guint8 *end)
{
  for (; end - at >= 16; at += 16)
    {
      guint64 words[2];

      memcpy (words, at, sizeof words);
      if (((words[0] | words[1]) & HIGH_BITS) != 0)
        break;
    }
  while (at < end && *at < 0x80)
    at++;
  return at;
}

/* The rows of RFC 3629 §4: how many bytes follow the first, and what the second may be. */
static gboolean
begin (WsUtf8 *self, guint8 first)
{
  self->low = 0x80;
  self->high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf)
    self->left = 1;
  else if (first >= 0xe0 && first <= 0xef)
    self->left = 2;
  else if (first >= 0xf0 && first <= 0xf4)
    self->left = 3;
  else
    return FALSE;
  if (first == 0xe0)
    self->low = 0xa0;
  else if (first == 0xed)
    self->high = 0x9f;
  else if (first == 0xf0)
    self->low = 0x90;
  else if (first == 0xf4)
    self->high = 0x8f;
  return TRUE;
}

static gboolean
go_on (WsUtf8 *self, guint8 byte)
{
  if (byte < self->low || byte > self->high)
    return FALSE;
  self->left--;
  self->low = 0x80;
  self->high = 0xbf;
  return TRUE;
}

gboolean
ws_utf8_add (WsUtf8 *self, const guint8 *data, gsize length)
{
  const guint8 *at = data;
  const guint8 *end = data + length;

  while (at < end)
    {
      if (self->left > 0)
        {
          if (!go_on (self, *at++))
            return FALSE;
          continue;
        }
      at = skip_ascii (at, end);
      if (at < end && !begin (self, *at++))
        return FALSE;
    }
  return TRUE;
}

gsize
ws_utf8_cut (const char *text, gsize length, gsize most)
{
  if (length <= most)
    return length;
  while (most > 0 && ((guint8) text[most] & 0xc0) == 0x80)
    most--;
  return most;
}
