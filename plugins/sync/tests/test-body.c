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

static void
test_gunzip (void)
{
  /* printf 'hello world' | gzip -n */
  static const char packed[]
    = "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x57\x28\xcf\x2f\xca\x49\x01\0"
      "\x85\x11\x4a\x0d\x0b\0\0\0";
  gsize len = sizeof packed - 1;

  for (gsize n = 0; n <= len; n++)
    {
      g_autoptr (GByteArray) out = g_byte_array_new ();

      g_assert_cmpint (sync_gunzip (cs_slice (packed, n), 11, out), ==, n == len ? CS_OK : CS_INVALID);
      g_assert_true (n < len || (out->len == 11 && memcmp (out->data, "hello world", 11) == 0));
    }
  for (gsize most = 0; most < 11; most++)
    {
      g_autoptr (GByteArray) out = g_byte_array_new ();

      g_assert_cmpint (sync_gunzip (cs_slice (packed, len), most, out), ==, CS_TOO_LARGE);
    }
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
  g_test_add_func ("/sync/body/plain", test_plain);
  g_test_add_func ("/sync/attachment/gunzip", test_gunzip);
  result = g_test_run ();
  test_arena_free (pool);
  return result;
}
