/* test-doc.c: special members, the bytes of the others, and refusals in CouchDB's words.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sync-doc.h>

#include "arena.h"

static gboolean
read_doc (TestArena *arena, const char *text, SyncDoc *doc, SyncError *error)
{
  SyncJson value;

  g_assert_true (sync_json_parse (test_arena_str (arena, text), 512, &value));
  return sync_doc_read (doc, value, &arena->arena, error);
}

static void
test_members (void)
{
  g_autoptr (TestArena) arena = test_arena_new ();
  SyncDoc doc;
  SyncError error;

  g_assert_true (read_doc (arena,
                           "{\"_id\":\"caf\\u00e9\",\"_rev\":\"1-a\",\"_deleted\":true,\"v\":1,"
                           "\"_revisions\":{\"start\":2,\"ids\":[\"b\",\"a\"]},"
                           "\"_attachments\":{\"f\":{\"stub\":true}}}",
                           &doc, &error));
  g_assert_true (cs_slice_is (doc.id, "caf\xc3\xa9"));
  g_assert_true (cs_slice_is (doc.rev, "1-a"));
  g_assert_true (doc.deleted);
  g_assert_true (doc.has_revisions);
  g_assert_cmpuint (doc.revisions_start, ==, 2);
  g_assert_true (cs_slice_is (doc.revisions_ids.text, "[\"b\",\"a\"]"));
  g_assert_cmpint (doc.attachments.type, ==, SYNC_JSON_OBJECT);
  g_assert_cmpuint (doc.n_parts, ==, 1);
  g_assert_true (cs_slice_is (doc.parts[0], "\"v\":1"));

  g_assert_true (read_doc (arena, "{}", &doc, &error));
  g_assert_null (doc.id.data);
  g_assert_null (doc.rev.data);
  g_assert_false (doc.deleted);
  g_assert_false (doc.has_revisions);
  g_assert_cmpint (doc.attachments.type, ==, SYNC_JSON_NONE);
  g_assert_cmpuint (doc.n_parts, ==, 0);
}

static void
test_parts (void)
{
  static const struct
  {
    const char *text;
    const char *joined;
    guint n;
  } rows[] = {
    { "{\"a\":1,\"b\":[1,{}]}", "\"a\":1,\"b\":[1,{}]", 1 },
    { "{\"_id\":\"x\",\"a\":1}", "\"a\":1", 1 },
    { "{\"a\":1,\"_id\":\"x\"}", "\"a\":1", 1 },
    { "{\"a\":1,\"_id\":\"x\",\"b\":2}", "\"a\":1,\"b\":2", 2 },
    { "{\"_id\":\"x\",\"_rev\":\"1-a\"}", "", 0 },
    { " { \"a\" : 1 , \"_id\" : \"x\" , \"_rev\":\"1-a\" , \"b\" : 2 , \"c\":3 } ",
      "\"a\" : 1, \"b\" : 2 , \"c\":3", 2 },
    { "{\"_rev\":\"1-a\" , \"b\":2 , \"_id\":\"x\"\n,\n\"c\":3}", "\"b\":2,\n\"c\":3", 2 },
    { "{\"_conflicts\":1,\"a\":1,\"_revs_info\":[],\"b\":2,\"_local_seq\":3,\"_deleted_conflicts\":4}",
      "\"a\":1,\"b\":2", 2 },
    { "{\"\":1,\"\\u005fid\":\"x\",\"\\u0061\":2}", "\"\":1,\"\\u0061\":2", 2 },
    { "{\"a\":1,\"_replication_state\":\"s\",\"b\":2}",
      "\"a\":1,\"_replication_state\":\"s\",\"b\":2", 1 },
    { "{\"_id\":\"x\",\"_replication_id\":\"s\"}", "\"_replication_id\":\"s\"", 1 },
    { "{\"a\":1,\"a\":2,\"o\":{\"_x\":1}}", "\"a\":1,\"a\":2,\"o\":{\"_x\":1}", 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TestArena) arena = test_arena_new ();
      g_autoptr (GString) joined = g_string_new (NULL);
      SyncDoc doc;
      SyncError error;

      g_assert_true (read_doc (arena, rows[i].text, &doc, &error));
      for (guint p = 0; p < doc.n_parts; p++)
        g_string_append_len (joined, doc.parts[p].data, doc.parts[p].len);
      g_assert_cmpstr (joined->str, ==, rows[i].joined);
      g_assert_cmpuint (doc.n_parts, ==, rows[i].n);
      g_assert_cmpuint (doc.length, ==, joined->len);
    }
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *text;
    const char *error;
    const char *reason;
  } rows[] = {
    { "[]", "bad_request", "Document must be a JSON object" },
    { "\"x\"", "bad_request", "Document must be a JSON object" },
    { "null", "bad_request", "Document must be a JSON object" },
    { "{\"_x\":1}", "doc_validation", "Bad special document member: _x" },
    { "{\"_\":1}", "doc_validation", "Bad special document member: _" },
    { "{\"\\u005ffoo_bar\":1}", "doc_validation", "Bad special document member: _foo_bar" },
    { "{\"_deleted\":\"yes\"}", "doc_validation", "Bad special document member: _deleted" },
    { "{\"_deleted\":null}", "doc_validation", "Bad special document member: _deleted" },
    { "{\"_attachments\":[]}", "doc_validation", "Bad special document member: _attachments" },
    { "{\"_revisions\":5}", "doc_validation", "Bad special document member: _revisions" },
    { "{\"_revisions\":{\"ids\":[\"a\"]}}", "doc_validation",
      "_revisions.start isn't an integer." },
    { "{\"_revisions\":{\"start\":1.0,\"ids\":[]}}", "doc_validation",
      "_revisions.start isn't an integer." },
    { "{\"_revisions\":{\"start\":1,\"ids\":\"x\"}}", "doc_validation",
      "_revisions.ids isn't a array." },
    { "{\"_revisions\":{\"start\":1,\"ids\":[1]}}", "doc_validation", "RevId isn't a string" },
    { "{\"_id\":5}", "illegal_docid", "Document id must be a string" },
    { "{\"_id\":null}", "illegal_docid", "Document id must be a string" },
    { "{\"_rev\":5}", "bad_request", "Invalid rev format" },
    { "{\"_rev\":null}", "bad_request", "Invalid rev format" },
    { "{\"_id\":\"a\",\"v\":1,\"_id\":\"a\"}", "doc_validation",
      "Duplicate special document member: _id" },
    { "{\"_rev\":\"1-a\",\"\\u005frev\":\"1-b\"}", "doc_validation",
      "Duplicate special document member: _rev" },
    { "{\"_conflicts\":1,\"_conflicts\":1}", "doc_validation",
      "Duplicate special document member: _conflicts" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TestArena) arena = test_arena_new ();
      SyncDoc doc;
      SyncError error = { 0 };

      g_assert_false (read_doc (arena, rows[i].text, &doc, &error));
      g_assert_cmpuint (error.status, ==, 400);
      g_assert_cmpstr (error.error, ==, rows[i].error);
      g_assert_cmpstr (error.reason, ==, rows[i].reason);
    }
}

static void
check_id (const char *id, gsize len, const char *reason)
{
  SyncError error = { 0 };

  g_assert_cmpint (sync_doc_id_check (cs_slice (id, len), &error), ==, reason == NULL);
  g_assert_cmpstr (error.reason, ==, reason);
}

static void
test_ids (void)
{
  static const char *const good[]
    = { "a", "caf\xc3\xa9", "/a", "a_b", " ", "_design/x", "_local/x", "_design/_x", "." };
  static const char *const reserved[] = { "_", "_x", "_design", "_design/", "_locals/x", "__" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    check_id (good[i], strlen (good[i]), NULL);
  for (guint i = 0; i < G_N_ELEMENTS (reserved); i++)
    check_id (reserved[i], strlen (reserved[i]),
              "Only reserved document ids may start with underscore.");
  check_id ("nul\0id", 6, NULL);
  check_id ("", 0, "Document id must not be empty");
  check_id ("x\xff", 2, "Document id must be valid UTF-8");
  check_id ("12345678\xed\xa0\x80", 11, "Document id must be valid UTF-8");
  check_id ("_local", 6, "Invalid _local document id.");
  check_id ("_local/", 7, "Invalid _local document id.");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/doc/members", test_members);
  g_test_add_func ("/sync/doc/parts", test_parts);
  g_test_add_func ("/sync/doc/refusals", test_refusals);
  g_test_add_func ("/sync/doc/ids", test_ids);
  return g_test_run ();
}
