/* sync-inline.c: `_attachments` of a document: inline base64 and stubs, read and written.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-body.h"

#include <string.h>

static const gint8 *
base64_values (void)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static gint8 values[256];
  static gsize ready;

  if (g_once_init_enter (&ready))
    {
      memset (values, -1, sizeof values);
      for (guint i = 0; i < 64; i++)
        values[(guint8) digits[i]] = i;
      g_once_init_leave (&ready, 1);
    }
  return values;
}

/* Four digits are three bytes. FALSE: not all are digits. */
static inline gboolean
decode_four (const gint8 *values, const guint8 *digits, guint8 *out)
{
  gint a = values[digits[0]];
  gint b = values[digits[1]];
  gint c = values[digits[2]];
  gint d = values[digits[3]];
  guint32 bits = (guint32) a << 18 | (guint32) b << 12 | (guint32) c << 6 | (guint32) d;

  out[0] = bits >> 16;
  out[1] = bits >> 8;
  out[2] = bits;
  return (a | b | c | d) >= 0;
}

/* RFC 4648 §4, strictly: no blanks, padding where it belongs or none. */
gboolean
sync_base64_decode_into (CsSlice text, gboolean goes_on, guint8 *out, gsize *n)
{
  const gint8 *values = base64_values ();
  guint8 last[4] = { 'A', 'A', 'A', 'A' };
  guint8 *at = out;
  gsize whole;
  gsize rest;

  for (guint i = 0; !goes_on && i < 2 && text.len > 0 && (text.len + i) % 4 == 0; i++)
    text.len -= text.data[text.len - 1] == '=';
  whole = text.len / 4 * 4;
  rest = text.len - whole;
  if (rest == 1 || (goes_on && rest > 0))
    return FALSE;
  for (gsize i = 0; i < whole; i += 4, at += 3)
    if (!decode_four (values, (const guint8 *) text.data + i, at))
      return FALSE;
  *n = at - out;
  if (rest == 0)
    return TRUE;
  memcpy (last, text.data + whole, rest);
  *n += rest - 1;
  return decode_four (values, last, at);
}

gboolean
sync_base64_decode (CsSlice text, const SyncArena *arena, CsSlice *bytes)
{
  guint8 *out = sync_alloc (arena, text.len / 4 * 3 + 3);
  gsize n;

  if (!sync_base64_decode_into (text, FALSE, out, &n))
    return FALSE;
  *bytes = cs_slice (out, n);
  return TRUE;
}

void
sync_base64_append_piece (GString *out, SyncBase64 *base64, CsSlice bytes)
{
  gsize start = out->len;
  gsize length;

  g_string_set_size (out, start + (bytes.len / 3 + 2) * 4);
  if (bytes.len > 0)
    length = g_base64_encode_step ((const guchar *) bytes.data, bytes.len, FALSE, out->str + start,
                                   &base64->state, &base64->save);
  else
    length = g_base64_encode_close (FALSE, out->str + start, &base64->state, &base64->save);
  g_string_truncate (out, start + length);
}

void
sync_base64_append (GString *out, CsSlice bytes)
{
  SyncBase64 base64 = { 0, 0 };

  if (bytes.len > 0)
    sync_base64_append_piece (out, &base64, bytes);
  sync_base64_append_piece (out, &base64, cs_slice ("", 0));
}

void
sync_md5 (CsSlice bytes, guint8 *digest)
{
  GChecksum *checksum = g_checksum_new (G_CHECKSUM_MD5);
  gsize length = 16;

  if (bytes.len > 0)
    g_checksum_update (checksum, (const guchar *) bytes.data, bytes.len);
  g_checksum_get_digest (checksum, digest, &length);
  g_checksum_free (checksum);
}

static gboolean
refuse (SyncError *error, const char *reason)
{
  *error = (SyncError){ 400, "bad_request", reason };
  return FALSE;
}

static gboolean
refuse_name (SyncError *error, const char *before, CsSlice name, const char *after,
             const SyncArena *arena)
{
  char shown[64];
  char *reason = sync_alloc (arena, 192);

  g_snprintf (shown, sizeof shown, "%.*s", (int) MIN (name.len, 63), name.data);
  if (!g_utf8_validate (shown, -1, NULL))
    shown[0] = '\0';
  g_snprintf (reason, 192, "%s%s%s", before, shown, after);
  return refuse (error, reason);
}

gboolean
sync_attachment_name_check (CsSlice name, const SyncArena *arena, SyncError *error)
{
  if (name.len > 0 && name.data[0] == '_')
    return refuse_name (error, "Attachment name '", name,
                        "' starts with prohibited character '_'", arena);
  if (name.len > 4096)
    return refuse (error, "Attachment name is too long");
  if (!sync_json_utf8 (name))
    return refuse (error, "Attachment name is not UTF-8 encoded");
  return TRUE;
}

/* A type goes into a header as it is. */
static gboolean
type_check (CsSlice type)
{
  for (gsize i = 0; i < type.len; i++)
    if ((guint8) type.data[i] < 0x20 || type.data[i] == 0x7f)
      return FALSE;
  return type.len < 1024;
}

static void
read_digest (SyncAttachment *attachment, SyncJson digest, const SyncArena *arena)
{
  CsSlice text;
  CsSlice bytes;

  if (digest.type != SYNC_JSON_STRING)
    return;
  text = sync_json_text (digest, arena);
  if (text.len > 4 && memcmp (text.data, "md5-", 4) == 0
      && sync_base64_decode (cs_slice (text.data + 4, text.len - 4), arena, &bytes)
      && bytes.len == 16)
    {
      memcpy (attachment->digest, bytes.data, 16);
      attachment->has_digest = TRUE;
    }
}

/* Lengths are needed: they tell a part that was cut short. */
static gboolean
read_follows (SyncAttachment *attachment, SyncJson value, const SyncArena *arena, SyncError *error)
{
  SyncJson encoding = sync_json_member (value, "encoding");

  attachment->follows = TRUE;
  attachment->packed = encoding.type == SYNC_JSON_STRING && sync_json_is (encoding, "gzip");
  read_digest (attachment, sync_json_member (value, "digest"), arena);
  if (!sync_json_unsigned (sync_json_member (value, "length"), &attachment->length)
      || (attachment->packed
          && !sync_json_unsigned (sync_json_member (value, "encoded_length"),
                                  &attachment->packed_length)))
    return refuse_name (error, "The length is missing of attachment ", attachment->name, "", arena);
  return TRUE;
}

static gboolean
read_one (SyncAttachment *attachment, SyncJson value, const SyncArena *arena, SyncError *error)
{
  SyncJson type = sync_json_member (value, "content_type");
  SyncJson data = sync_json_member (value, "data");
  SyncJson stub = sync_json_member (value, "stub");

  attachment->has_revpos
    = sync_json_unsigned (sync_json_member (value, "revpos"), &attachment->revpos);
  attachment->type = type.type == SYNC_JSON_STRING ? sync_json_text (type, arena)
                                                   : cs_slice_str ("application/octet-stream");
  if (!type_check (attachment->type))
    return refuse_name (error, "Invalid content type of attachment ", attachment->name, "", arena);
  if (stub.type == SYNC_JSON_TRUE)
    {
      attachment->stub = TRUE;
      read_digest (attachment, sync_json_member (value, "digest"), arena);
      return TRUE;
    }
  if (sync_json_member (value, "follows").type == SYNC_JSON_TRUE)
    return read_follows (attachment, value, arena, error);
  if (data.type != SYNC_JSON_STRING)
    return refuse_name (error, "Invalid attachment data for ", attachment->name, "", arena);
  if (data.text.len > SYNC_BASE64_MAX)
    {
      attachment->encoded = sync_json_text (data, arena);
      return TRUE;
    }
  if (!sync_base64_decode (sync_json_text (data, arena), arena, &attachment->data))
    return refuse_name (error, "Invalid attachment data for ", attachment->name, "", arena);
  attachment->length = attachment->data.len;
  sync_md5 (attachment->data, attachment->digest);
  return TRUE;
}

static gboolean
name_taken (const SyncAttachment *attachments, guint n)
{
  for (guint i = 0; i < n; i++)
    if (cs_slice_equal (attachments[i].name, attachments[n].name))
      return TRUE;
  return FALSE;
}

gboolean
sync_attachments_read (SyncJson object, const SyncArena *arena, SyncAttachment **attachments,
                       guint *n, SyncError *error)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;
  guint room = 0;

  *n = 0;
  *attachments = NULL;
  if (!sync_json_members (&cursor, object))
    return TRUE;
  while (sync_json_next_member (&cursor, &key, &value))
    room++;
  if (room > SYNC_ATTACHMENTS_MAX)
    return refuse (error, "Too many attachments");
  *attachments = sync_alloc (arena, MAX (1, room) * sizeof (SyncAttachment));
  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &value))
    {
      SyncAttachment *attachment = &(*attachments)[*n];

      if (value.type != SYNC_JSON_OBJECT)
        continue; /* as CouchDB does */
      memset (attachment, 0, sizeof *attachment);
      attachment->name = sync_json_text (key, arena);
      if (!sync_attachment_name_check (attachment->name, arena, error)
          || !read_one (attachment, value, arena, error))
        return FALSE;
      if (name_taken (*attachments, *n))
        return refuse_name (error, "There are two attachments ", attachment->name, "", arena);
      (*n)++;
    }
  return TRUE;
}

static void
append_number (GString *out, const char *before, guint64 number)
{
  char text[21];
  char *at = text + sizeof text;

  do
    *--at = '0' + number % 10;
  while ((number /= 10) > 0);
  g_string_append (out, before);
  g_string_append_len (out, at, text + sizeof text - at);
}

static void
append_members (GString *out, const SyncAttachment *attachment)
{
  sync_json_append_string (out, attachment->name);
  g_string_append (out, ":{\"content_type\":");
  sync_json_append_string (out, attachment->type);
  append_number (out, ",\"revpos\":", attachment->revpos);
  g_string_append (out, ",\"digest\":\"md5-");
  sync_base64_append (out, cs_slice (attachment->digest, 16));
  g_string_append_c (out, '"');
}

void
sync_attachment_append_begin (GString *out, const SyncAttachment *attachment)
{
  append_members (out, attachment);
  g_string_append (out, ",\"data\":\"");
}

void
sync_attachment_append_stub (GString *out, const SyncAttachment *attachment)
{
  append_members (out, attachment);
  append_number (out, ",\"length\":", attachment->length);
  g_string_append (out, attachment->follows ? ",\"follows\":true}" : ",\"stub\":true}");
}

static void
append_one (GString *out, const SyncAttachment *attachment, CsSlice bytes)
{
  if (bytes.data == NULL)
    {
      sync_attachment_append_stub (out, attachment);
      return;
    }
  sync_attachment_append_begin (out, attachment);
  sync_base64_append (out, bytes);
  g_string_append (out, "\"}");
}

void
sync_attachments_append (GString *out, const SyncAttachment *attachments, guint n,
                         const CsSlice *bytes)
{
  g_string_append (out, "\"_attachments\":{");
  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      append_one (out, &attachments[i], bytes != NULL ? bytes[i] : cs_slice (NULL, 0));
    }
  g_string_append_c (out, '}');
}
