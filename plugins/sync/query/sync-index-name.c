/* sync-index-name.c: the name CouchDB makes for an index without one: the SHA-1 of the request in
 * Erlang's external term format (erlang.org, "External Term Format"), which design documents that
 * replicate agree on. SPDX-License-Identifier: Apache-2.0 */
#include "sync-index.h"

#include "sync-collate.h"

#define DEPTH_MAX 64 /* deeper values count as text: the name is then our own */

enum
{
  TAG_FLOAT = 70,
  TAG_SMALL_INTEGER = 97,
  TAG_INTEGER = 98,
  TAG_ATOM = 100,
  TAG_TUPLE = 104,
  TAG_NIL = 106,
  TAG_STRING = 107,
  TAG_LIST = 108,
  TAG_BINARY = 109,
  TAG_SMALL_BIG = 110,
  TAG_VERSION = 131
};

static void
put (GByteArray *term, guint64 value, guint bytes)
{
  for (guint i = bytes; i-- > 0;)
    {
      guint8 byte = (guint8) (value >> 8 * i);

      g_byte_array_append (term, &byte, 1);
    }
}

static void
put_atom (GByteArray *term, const char *name)
{
  put (term, TAG_ATOM, 1);
  put (term, strlen (name), 2);
  g_byte_array_append (term, (const guint8 *) name, (guint) strlen (name));
}

static void
put_binary (GByteArray *term, CsSlice text)
{
  put (term, TAG_BINARY, 1);
  put (term, text.len, 4);
  g_byte_array_append (term, (const guint8 *) text.data, (guint) text.len);
}

static void
put_tuple (GByteArray *term, guint n)
{
  put (term, TAG_TUPLE, 1);
  put (term, n, 1);
}

static void
put_list (GByteArray *term, guint n)
{
  if (n == 0)
    return;
  put (term, TAG_LIST, 1);
  put (term, n, 4);
}

static void
put_big (GByteArray *term, gint64 number)
{
  guint64 size = number < 0 ? -(guint64) number : (guint64) number;
  guint n = 0;

  while (n < 8 && size >> 8 * n != 0)
    n++;
  put (term, TAG_SMALL_BIG, 1);
  put (term, n, 1);
  put (term, number < 0, 1);
  for (guint i = 0; i < n; i++)
    put (term, size >> 8 * i & 0xff, 1);
}

static void
put_integer (GByteArray *term, gint64 number)
{
  if (number >= 0 && number <= 255)
    {
      put (term, TAG_SMALL_INTEGER, 1);
      put (term, (guint64) number, 1);
    }
  else if (number >= G_MININT32 && number <= G_MAXINT32)
    {
      put (term, TAG_INTEGER, 1);
      put (term, (guint32) number, 4);
    }
  else
    put_big (term, number);
}

static void
put_number (GByteArray *term, SyncJson number)
{
  g_autofree char *digits = NULL;
  gint64 whole;
  double value;
  guint64 bits;

  if (sync_json_integer (number, &whole))
    {
      put_integer (term, whole);
      return;
    }
  digits = g_strndup (number.text.data, number.text.len);
  value = g_ascii_strtod (digits, NULL);
  memcpy (&bits, &value, sizeof bits);
  put (term, TAG_FLOAT, 1);
  put (term, bits, 8);
}

static void
put_text (GByteArray *term, SyncJson string)
{
  SyncScratch scratch;

  sync_scratch_init (&scratch);
  put_binary (term, sync_json_text (string, &scratch.arena));
  sync_scratch_clear (&scratch);
}

static void put_value (GByteArray *term, SyncJson value, guint depth);

/* A list of bytes is a string there. */
static gboolean
put_bytes (GByteArray *term, SyncJson array, guint n)
{
  SyncJsonCursor cursor;
  SyncJson item;
  guint start = term->len;
  gint64 byte;

  if (n == 0 || n > 65535)
    return FALSE;
  put (term, TAG_STRING, 1);
  put (term, n, 2);
  sync_json_elements (&cursor, array);
  while (sync_json_next_element (&cursor, &item))
    {
      if (!sync_json_integer (item, &byte) || byte < 0 || byte > 255)
        {
          g_byte_array_set_size (term, start);
          return FALSE;
        }
      put (term, (guint64) byte, 1);
    }
  return TRUE;
}

static void
put_array (GByteArray *term, SyncJson array, guint depth)
{
  guint n = sync_json_count (array);
  SyncJsonCursor cursor;
  SyncJson item;

  if (put_bytes (term, array, n))
    return;
  put_list (term, n);
  sync_json_elements (&cursor, array);
  while (sync_json_next_element (&cursor, &item))
    put_value (term, item, depth + 1);
  put (term, TAG_NIL, 1);
}

/* `{[{Name, Value}, …]}` */
static void
put_object (GByteArray *term, SyncJson object, guint depth)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;
  guint n = 0;

  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &value))
    n++;
  put_tuple (term, 1);
  put_list (term, n);
  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &value))
    {
      put_tuple (term, 2);
      put_text (term, key);
      put_value (term, value, depth + 1);
    }
  put (term, TAG_NIL, 1);
}

static void
put_value (GByteArray *term, SyncJson value, guint depth)
{
  if (depth > DEPTH_MAX)
    put_binary (term, value.text);
  else if (value.type == SYNC_JSON_OBJECT)
    put_object (term, value, depth);
  else if (value.type == SYNC_JSON_ARRAY)
    put_array (term, value, depth);
  else if (value.type == SYNC_JSON_STRING)
    put_text (term, value);
  else if (value.type == SYNC_JSON_NUMBER)
    put_number (term, value);
  else
    put_atom (term, value.type == SYNC_JSON_NULL   ? "null"
                    : value.type == SYNC_JSON_TRUE ? "true"
                                                   : "false");
}

static void
put_option (GByteArray *term, const char *name)
{
  put_tuple (term, 2);
  put_atom (term, name);
}

static void
put_name (GByteArray *term, const char *option, CsSlice text)
{
  put_option (term, option);
  if (text.data != NULL)
    put_binary (term, text);
  else
    put_atom (term, "auto_name");
}

/* `{Definition, Options}`, the options in order of their names. */
void
sync_index_make_name (const SyncIndexRequest *request, char *name)
{
  g_autoptr (GByteArray) term = g_byte_array_new ();
  g_autofree char *digest = NULL;

  put (term, TAG_VERSION, 1);
  put_tuple (term, 2);
  put_value (term, request->definition, 0);
  put_list (term, 6);
  put_name (term, "ddoc", request->ddoc);
  put_option (term, "def");
  put_value (term, request->definition, 0);
  put_name (term, "name", request->name);
  put_option (term, "partitioned");
  if (request->partitioned.type == SYNC_JSON_NONE)
    put_atom (term, "db_default");
  else
    put_value (term, request->partitioned, 0);
  put_option (term, "type");
  put_binary (term, cs_slice_str ("json"));
  put_option (term, "w");
  put_integer (term, request->w);
  put (term, TAG_NIL, 1);
  digest = g_compute_checksum_for_data (G_CHECKSUM_SHA1, term->data, term->len);
  g_strlcpy (name, digest, 41);
}
