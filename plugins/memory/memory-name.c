/* memory-name.c: hashing and matching of channels' names.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-name.h"

MemoryName
memory_name (CsSlice text, guint variant)
{
  guint64 hash = 14695981039346656037u; /* FNV-1a, 64 bits */
  gsize i;

  for (i = 0; i < text.len; i++)
    hash = (hash ^ (guint8) text.data[i]) * 1099511628211u;
  return (MemoryName){ text, (guint32) (hash ^ hash >> 32), variant };
}

static guint
name_hash (gconstpointer key)
{
  return ((const MemoryName *) key)->hash;
}

static gboolean
name_equal (gconstpointer a, gconstpointer b)
{
  const MemoryName *first = a;
  const MemoryName *second = b;

  return first->variant == second->variant && cs_slice_equal (first->text, second->text);
}

GHashTable *
memory_name_table (GDestroyNotify release)
{
  return g_hash_table_new_full (name_hash, name_equal, release, NULL);
}

/* The set begins after `[`; *at is moved behind its `]`, or to the end. */
static gboolean
in_set (CsSlice pattern, gsize *at, guint8 byte)
{
  gsize i = *at;
  gboolean negated = i < pattern.len && pattern.data[i] == '!';
  gboolean found = FALSE;
  gsize first = i += negated;

  for (; i < pattern.len && (pattern.data[i] != ']' || i == first); i++)
    {
      guint8 low = (guint8) pattern.data[i];
      guint8 high = low;

      if (i + 2 < pattern.len && pattern.data[i + 1] == '-' && pattern.data[i + 2] != ']')
        high = (guint8) pattern.data[i += 2];
      found = found || (byte >= low && byte <= high);
    }
  *at = MIN (i + 1, pattern.len);
  return found != negated;
}

/* One byte against what stands at *at, which is no `*`; *at is moved behind it. */
static gboolean
matches_one (CsSlice pattern, gsize *at, char byte)
{
  char token = pattern.data[(*at)++];

  if (token == '?')
    return TRUE;
  if (token == '[')
    return in_set (pattern, at, (guint8) byte);
  if (token == '\\' && *at < pattern.len)
    token = pattern.data[(*at)++];
  return token == byte;
}

gboolean
memory_name_matches (CsSlice text, CsSlice pattern)
{
  gsize star = G_MAXSIZE; /* behind the last `*`, and the text that it does not yet stand for */
  gsize rest = 0;
  gsize at = 0;
  gsize i = 0;

  if (pattern.len == 0)
    return TRUE;
  while (i < text.len)
    if (at < pattern.len && pattern.data[at] == '*')
      {
        star = ++at;
        rest = i;
      }
    else if (at < pattern.len && matches_one (pattern, &at, text.data[i]))
      i++;
    else if (star != G_MAXSIZE)
      {
        at = star;
        i = ++rest;
      }
    else
      return FALSE;
  while (at < pattern.len && pattern.data[at] == '*')
    at++;
  return at == pattern.len;
}
