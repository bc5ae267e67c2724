/* test-body.c: stored bodies, and attachments as clients send and see them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-body.h"

#include "arena.h"

static TestArena *pool;

static gboolean
read_attachments (const char *text, SyncAttachment **attachments, guint *n, SyncError *error)
{
  SyncJson value;

  g_assert_true (sync_json_parse (cs_slice_str (text), 16, &value));
  return sync_attachments_read (value, &pool->arena, attachments, n, error);
}

static void
test_inline (void)
{
  SyncAttachment *attachments;
  SyncError error;
  guint n;
  g_autoptr (GString) out = g_string_new (NULL);
  CsSlice bytes[1];

  g_assert_true (read_attachments (
    "{\"f.bin\":{\"content_type\":\"application/octet-stream\",\"data\":\"AAECAw==\"}}", &attachments,
    &n, &error));
  g_assert_cmpuint (n, ==, 1);
  g_assert_true (cs_slice_equal (attachments[0].data, cs_slice ("\0\1\2\3", 4)));
  attachments[0].revpos = 2;
  sync_attachments_append (out, attachments, n, NULL);
  g_assert_cmpstr (out->str, ==,
                   "\"_attachments\":{\"f.bin\":{\"content_type\":\"application/octet-stream\","
                   "\"revpos\":2,\"digest\":\"md5-N7Wa/VknJfkwXkhKXX9RaA==\",\"length\":4,"
                   "\"stub\":true}}");
  g_string_truncate (out, 0);
  bytes[0] = attachments[0].data;
  sync_attachments_append (out, attachments, n, bytes);
  g_assert_cmpstr (out->str, ==,
                   "\"_attachments\":{\"f.bin\":{\"content_type\":\"application/octet-stream\","
                   "\"revpos\":2,\"digest\":\"md5-N7Wa/VknJfkwXkhKXX9RaA==\","
                   "\"data\":\"AAECAw==\"}}");
}

/* RFC 4648 §10, and what is none. */
static void
test_base64 (void)
{
  static const char *const pairs[][2] = {
    { "", "" },           { "Zg==", "f" },       { "Zm8=", "fo" },        { "Zm9v", "foo" },
    { "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" }, { "Zm9vYmFy", "foobar" }, { "Zg", "f" },
    { "Zm8", "fo" },      { "Zm9vYg", "foob" },
  };
  static const char *const bad[] = { "=",    "==",   "====", "Z",    "Zg=",   "Zg===", "Z===",
                                     "Zm9vY", "Zm8=Zm8=", "Z g=", "Zm9\n", "%%%", "Zm-_", "Zm9v=" };

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      CsSlice bytes;

      g_assert_true (sync_base64_decode (cs_slice_str (pairs[i][0]), &pool->arena, &bytes));
      g_assert_true (cs_slice_is (bytes, pairs[i][1]));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      CsSlice bytes;

      if (sync_base64_decode (cs_slice_str (bad[i]), &pool->arena, &bytes))
        g_error ("accepted: %s", bad[i]);
    }
}

static void
test_stub (void)
{
  SyncAttachment *attachments;
  SyncError error;
  guint n;

  g_assert_true (read_attachments (
    "{\"no object\":5,\"a\":{\"stub\":true,\"revpos\":3,\"digest\":\"md5-1B2M2Y8AsgTpgAmY7PhCfg==\"},"
    "\"\":{\"data\":\"\"}}",
    &attachments, &n, &error));
  g_assert_cmpuint (n, ==, 2);
  g_assert_true (attachments[0].stub && attachments[0].has_revpos && attachments[0].has_digest);
  g_assert_cmpuint (attachments[0].revpos, ==, 3);
  g_assert_cmpmem (attachments[0].digest, 16, attachments[1].digest, 16);
  g_assert_true (cs_slice_is (attachments[1].type, "application/octet-stream"));
}

static void
test_follows (void)
{
  SyncAttachment *attachments;
  SyncError error;
  guint n;
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_true (read_attachments (
    "{\"a\":{\"follows\":true,\"length\":5,\"digest\":\"md5-1B2M2Y8AsgTpgAmY7PhCfg==\"},"
    "\"b\":{\"follows\":true,\"length\":11,\"encoding\":\"gzip\",\"encoded_length\":31}}",
    &attachments, &n, &error));
  g_assert_true (attachments[0].follows && attachments[0].has_digest && !attachments[0].packed);
  g_assert_cmpuint (attachments[0].length, ==, 5);
  g_assert_true (attachments[1].follows && attachments[1].packed && !attachments[1].has_digest);
  g_assert_cmpuint (attachments[1].packed_length, ==, 31);
  sync_attachments_append (out, attachments, 1, NULL);
  g_assert_nonnull (strstr (out->str, "\"length\":5,\"follows\":true}"));
}

static void
test_refused (void)
{
  static const char *const texts[] = {
    "{\"f\":{\"data\":\"%%%\"}}",   "{\"f\":{\"data\":5}}",   "{\"f\":{}}",
    "{\"_x\":{\"data\":\"AA==\"}}", "{\"f\":{\"data\":\"AAAAA\"}}",
    "{\"f\":{\"follows\":true}}",
    "{\"f\":{\"follows\":true,\"length\":1,\"encoding\":\"gzip\"}}",
    "{\"f\":{\"data\":\"\"},\"f\":{\"data\":\"\"}}",
    "{\"f\":{\"data\":\"\",\"content_type\":\"a\\r\\nX: y\"}}",
  };
  SyncAttachment *attachments;
  guint n;

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      SyncError error = { 0 };

      g_assert_false (read_attachments (texts[i], &attachments, &n, &error));
      g_assert_cmpuint (error.status, ==, 400);
    }
}

/* Unpacks what comes in pieces of `in` bytes into room of `room`. FALSE: no gzip, or not ended. */
static gboolean
gunzip (CsSlice packed, gsize in, gsize room, GString *out)
{
  g_autoptr (SyncGunzip) gunzip = sync_gunzip_new ();
  char memory[64];

  while (packed.len > 0)
    {
      CsSlice piece = cs_slice (packed.data, MIN (in, packed.len));
      gsize n;

      packed = cs_slice (packed.data + piece.len, packed.len - piece.len);
      do
        {
          if (!sync_gunzip_step (gunzip, &piece, memory, room, &n))
            return FALSE;
          g_string_append_len (out, memory, n);
        }
      while (piece.len > 0 || n == room);
    }
  return sync_gunzip_ended (gunzip);
}

static void
test_gunzip (void)
{
  /* printf 'hello world' | gzip -n */
  static const char packed[]
    = "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x57\x28\xcf\x2f\xca\x49\x01\0"
      "\x85\x11\x4a\x0d\x0b\0\0\0!";
  gsize len = sizeof packed - 2;

  for (gsize in = 1; in <= len; in++)
    for (gsize room = 1; room <= 64; room += 5)
      {
        g_autoptr (GString) out = g_string_new (NULL);

        g_assert_true (gunzip (cs_slice (packed, len), in, room, out));
        g_assert_cmpstr (out->str, ==, "hello world");
      }
  for (gsize n = 0; n <= len + 1; n++)
    {
      g_autoptr (GString) out = g_string_new (NULL);

      g_assert_cmpint (gunzip (cs_slice (packed, n), 7, 64, out), ==, n == len);
    }
}

/* More than is decoded in one go is left, and comes out the same in pieces. */
static void
test_long_base64 (void)
{
  gsize sizes[] = { 60000, 60001, 60002, 200000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree guint8 *bytes = g_malloc (sizes[i]);
      g_autofree guint8 *back = g_malloc (sizes[i] + 3);
      g_autoptr (GString) json = g_string_new ("{\"a\":{\"data\":\"");
      g_autoptr (GString) pieces = g_string_new (NULL);
      SyncBase64 base64 = { 0, 0 };
      SyncAttachment *attachments;
      SyncError error;
      SyncJson value;
      CsSlice rest;
      gsize at = 0, n;
      guint count;

      for (gsize j = 0; j < sizes[i]; j++)
        bytes[j] = j * 7 + j / 256;
      sync_base64_append (json, cs_slice (bytes, sizes[i]));
      for (gsize j = 0; j < sizes[i]; j += 1001)
        sync_base64_append_piece (pieces, &base64, cs_slice (bytes + j, MIN (1001, sizes[i] - j)));
      sync_base64_append_piece (pieces, &base64, cs_slice ("", 0));
      g_assert_cmpstr (pieces->str, ==, json->str + strlen ("{\"a\":{\"data\":\""));
      g_string_append (json, "\"}}");
      g_assert_true (sync_json_parse (cs_slice (json->str, json->len), 8, &value));
      g_assert_true (sync_attachments_read (value, &pool->arena, &attachments, &count, &error));
      rest = attachments[0].encoded;
      g_assert_cmpuint (rest.len, >, SYNC_BASE64_MAX);
      while (rest.len > 4096)
        {
          g_assert_true (sync_base64_decode_into (cs_slice (rest.data, 4096), TRUE, back + at, &n));
          at += n;
          rest = cs_slice (rest.data + 4096, rest.len - 4096);
        }
      g_assert_true (sync_base64_decode_into (rest, FALSE, back + at, &n));
      g_assert_cmpmem (back, at + n, bytes, sizes[i]);
    }
  /* Padding belongs to the end. */
  g_assert_false (sync_base64_decode_into (cs_slice_str ("QQ=="), TRUE, (guint8[8]){ 0 }, (gsize[1]){ 0 }));
  g_assert_false (sync_base64_decode_into (cs_slice_str ("QUI"), TRUE, (guint8[8]){ 0 }, (gsize[1]){ 0 }));
}

static void
test_codec (void)
{
  SyncAttachment given[2] = {
    { .name = cs_slice_str ("a"), .type = cs_slice_str ("text/plain"), .length = 300, .revpos = 1,
      .ref = G_MAXUINT64 },
    { .name = cs_slice_str ("caf\xc3\xa9"), .type = cs_slice_str (""), .revpos = 12, .ref = 7 },
  };
  CsSlice table = sync_body_encode_table (given, 2, &pool->arena);
  g_autofree char *stored = g_malloc (table.len + 5);
  SyncBody body;

  memcpy (stored, table.data, table.len);
  memcpy (stored + table.len, "\"x\":1", 5);
  g_assert_true (sync_body_decode (cs_slice (stored, table.len + 5), &pool->arena, &body));
  g_assert_cmpuint (body.n_attachments, ==, 2);
  g_assert_true (cs_slice_is (body.text, "\"x\":1"));
  g_assert_true (cs_slice_equal (body.attachments[1].name, given[1].name));
  g_assert_cmpuint (body.attachments[0].ref, ==, G_MAXUINT64);
  g_assert_cmpuint (body.attachments[0].length, ==, 300);
  g_assert_cmpuint (body.attachments[1].revpos, ==, 12);
  for (gsize n = 0; n < table.len; n++)
    {
      g_autofree char *cut = g_memdup2 (stored, MAX (1, n));

      g_assert_false (sync_body_decode (cs_slice (cut, n), &pool->arena, &body));
    }
}

/* A table of before objects has the same bytes as ever; one with an object keeps which it is. */
static void
test_codec_of_objects (void)
{
  SyncAttachment given[2] = {
    { .name = cs_slice_str ("a"), .length = 1, .revpos = 1, .ref = 3 },
    { .name = cs_slice_str ("b"), .length = 1 << 20, .revpos = 1, .ref = 4, .is_blob = TRUE,
      .blob = { "0123456789abcdef0123456789abcde" } },
  };
  static const char before[] = "\x01\x01" "a\0" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x03";
  CsSlice table = sync_body_encode_table (given, 1, &pool->arena);
  SyncBody body;

  g_assert_cmpmem (table.data, table.len, before, sizeof before - 1);
  table = sync_body_encode_table (given, 2, &pool->arena);
  g_assert_true (sync_body_decode (table, &pool->arena, &body));
  g_assert_cmpuint (body.n_attachments, ==, 2);
  g_assert_false (body.attachments[0].is_blob);
  g_assert_true (body.attachments[1].is_blob);
  g_assert_true (cs_blob_id_equal (&body.attachments[1].blob, &given[1].blob));
  g_assert_cmpuint (body.attachments[1].ref, ==, 4);
  for (gsize n = 0; n < table.len; n++)
    g_assert_false (sync_body_decode (cs_slice (table.data, n), &pool->arena, &body));
}

static void
test_plain (void)
{
  CsSlice table = sync_body_encode_table (NULL, 0, &pool->arena);
  SyncBody body;

  g_assert_cmpuint (table.len, ==, 1);
  g_assert_true (sync_body_decode (table, &pool->arena, &body));
  g_assert_cmpuint (body.n_attachments + body.text.len, ==, 0);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  pool = test_arena_new ();
  g_test_add_func ("/sync/attachment/inline", test_inline);
  g_test_add_func ("/sync/attachment/base64", test_base64);
  g_test_add_func ("/sync/attachment/stub", test_stub);
  g_test_add_func ("/sync/attachment/follows", test_follows);
  g_test_add_func ("/sync/attachment/refused", test_refused);
  g_test_add_func ("/sync/body/codec", test_codec);
  g_test_add_func ("/sync/body/codec-of-objects", test_codec_of_objects);
  g_test_add_func ("/sync/body/plain", test_plain);
  g_test_add_func ("/sync/attachment/long-base64", test_long_base64);
  g_test_add_func ("/sync/attachment/gunzip", test_gunzip);
  result = g_test_run ();
  test_arena_free (pool);
  return result;
}
