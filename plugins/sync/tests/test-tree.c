/* test-tree.c: revision trees as golden/couchdb/06-revision-trees.json recorded them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-tree.h"

#include "arena.h"

static TestArena *pool;

/* "3-c b a": the path of one graft, newest first. A final `!`: deleted. Each step passes through the
 * stored form. */
static SyncGraft
graft (SyncTree *tree, const char *text)
{
  gboolean deleted = g_str_has_suffix (text, "!");
  g_autofree char *copy = g_strndup (text, strlen (text) - deleted);
  g_auto (GStrv) hashes = g_strsplit (strchr (copy, '-') + 1, " ", -1);
  guint64 generation = g_ascii_strtoull (copy, NULL, 10);
  guint n = g_strv_length (hashes);
  g_autofree SyncRev *revs = g_new (SyncRev, n);
  SyncGraft outcome;
  CsSlice bytes;
  gint node;

  for (guint i = 0; i < n; i++)
    g_assert_true (sync_rev_parse_hash (cs_slice_str (hashes[i]), generation - i, &revs[i]));
  outcome = sync_tree_graft (tree, revs, n, deleted, &node);
  g_assert_true (sync_rev_equal (&tree->nodes[node].rev, &revs[0]));
  bytes = sync_tree_encode (tree);
  g_assert_true (sync_tree_decode (tree, bytes, &pool->arena));
  return outcome;
}

static void
append_node (GString *out, const SyncTree *tree, gint index, gboolean history)
{
  sync_rev_append (out, &tree->nodes[index].rev);
  for (gint at = tree->nodes[index].parent; history && at >= 0; at = tree->nodes[at].parent)
    {
      g_string_append_c (out, ' ');
      sync_rev_append_hash (out, &tree->nodes[at].rev);
    }
  if (tree->nodes[index].deleted)
    g_string_append_c (out, '!');
}

/* All leaves in winning order, with their histories. */
static char *
leaves (const SyncTree *tree)
{
  GString *out = g_string_new (NULL);
  gint *indexes;
  guint n = sync_tree_leaves (tree, &indexes);

  if (n > 0)
    g_assert_cmpint (indexes[0], ==, sync_tree_winner (tree));
  for (guint i = 0; i < n; i++)
    {
      g_string_append (out, i > 0 ? ", " : "");
      append_node (out, tree, indexes[i], TRUE);
    }
  return g_string_free (out, FALSE);
}

typedef struct
{
  const char *grafts[8];
  const char *leaves;
} Case;

static const Case cases[] = {
  { { "2-b a", "2-c a" }, "2-c a, 2-b a" },
  { { "2-b a", "2-c a", "2-9 a", "2-f a", "3-0 b a" }, "3-0 b a, 2-f a, 2-c a, 2-9 a" },
  { { "9-f e d", "10-0 e d" }, "10-0 e d, 9-f e d" },
  { { "2-b a", "5-f e d c a!" }, "2-b a, 5-f e d c a!" },
  { { "2-b a", "5-f e d c a!", "3-1 b a!" }, "5-f e d c a!, 3-1 b a!" },
  { { "3-c b a", "2-b a" }, "3-c b a" },
  { { "1-a", "1-a" }, "1-a" },
  { { "5-e d", "7-1 f e d" }, "7-1 f e d" },
  { { "5-e d", "7-1 f e d", "3-c b a" }, "7-1 f e d, 3-c b a" },
  { { "5-e d", "7-1 f e d", "3-c b a", "4-d c b a" }, "7-1 f e d c b a" },
  { { "3-ccc bbb aaa", "3-ddd bbb aaa", "2-x aaa" }, "3-ddd bbb aaa, 3-ccc bbb aaa, 2-x aaa" },
  { { "1-bbb", "1-99999999999999999999999999999999" },
    "1-99999999999999999999999999999999, 1-bbb" },
  { { "6-f e d", "5-1 d c b a" }, "6-f e d c b a, 5-1 d c b a" },
};

static void
test_grafts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SyncTree tree;
      g_autofree char *found = NULL;

      sync_tree_decode (&tree, cs_slice (NULL, 0), &pool->arena);
      for (guint j = 0; cases[i].grafts[j] != NULL; j++)
        graft (&tree, cases[i].grafts[j]);
      found = leaves (&tree);
      g_assert_cmpstr (found, ==, cases[i].leaves);
    }
}

static void
test_outcomes (void)
{
  SyncTree tree;

  sync_tree_decode (&tree, cs_slice (NULL, 0), &pool->arena);
  g_assert_cmpint (graft (&tree, "5-e d"), ==, SYNC_GRAFT_BRANCHED);
  g_assert_cmpint (graft (&tree, "5-e d"), ==, SYNC_GRAFT_KNOWN);
  g_assert_cmpint (graft (&tree, "4-d"), ==, SYNC_GRAFT_KNOWN);
  g_assert_cmpint (graft (&tree, "3-c b"), ==, SYNC_GRAFT_BRANCHED);
  g_assert_cmpint (graft (&tree, "5-e d c b a"), ==, SYNC_GRAFT_JOINED);
  g_assert_cmpint (graft (&tree, "5-e d c b a"), ==, SYNC_GRAFT_KNOWN);
}

/* The order in which peers hear of revisions must not matter. */
static void
test_any_order (void)
{
  static const char *const paths[] = { "3-c b a", "4-e d b a!", "2-f a", "2-0 a!", "5-9 8 c b a" };
  guint order[G_N_ELEMENTS (paths)];
  g_autofree char *expected = NULL;

  for (guint round = 0; round < 200; round++)
    {
      SyncTree tree;
      g_autofree char *found = NULL;

      sync_tree_decode (&tree, cs_slice (NULL, 0), &pool->arena);
      for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
        order[i] = i;
      for (guint i = G_N_ELEMENTS (paths) - 1; i > 0 && round > 0; i--)
        {
          guint j = g_test_rand_int_range (0, i + 1);
          guint swap = order[i];

          order[i] = order[j];
          order[j] = swap;
        }
      for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
        graft (&tree, paths[order[i]]);
      found = leaves (&tree);
      if (expected == NULL)
        expected = g_strdup (found);
      g_assert_cmpstr (found, ==, expected);
      g_ptr_array_set_size (pool->blocks, 0);
    }
}

static void
count_dropped (guint64 ref, gpointer data)
{
  guint64 *sum = data;

  *sum += ref;
}

static void
test_stem (void)
{
  SyncTree tree;
  g_autofree char *found = NULL;
  guint64 dropped = 0;

  sync_tree_decode (&tree, cs_slice (NULL, 0), &pool->arena);
  graft (&tree, "6-f e d c b a");
  for (guint i = 0; i < tree.n; i++)
    {
      tree.nodes[i].available = TRUE;
      tree.nodes[i].ref = 1u << tree.nodes[i].rev.generation;
    }
  sync_tree_stem (&tree, 3, count_dropped, &dropped);
  g_assert_cmpuint (dropped, ==, 2 + 4 + 8);
  found = leaves (&tree);
  g_assert_cmpstr (found, ==, "6-f e d");
  graft (&tree, "5-1 d c b a");
  sync_tree_stem (&tree, 3, count_dropped, &dropped);
  g_free (found);
  found = leaves (&tree);
  g_assert_cmpstr (found, ==, "6-f e d c, 5-1 d c");
}

static void
prune (SyncTree *tree, const char *rev, guint64 *dropped)
{
  SyncRev parsed;
  gint leaf;

  g_assert_true (sync_rev_parse (cs_slice_str (rev), &parsed));
  leaf = sync_tree_find (tree, &parsed);
  g_assert_cmpint (leaf, >=, 0);
  sync_tree_prune (tree, &leaf, 1, count_dropped, dropped);
}

/* A leaf goes with the ancestors that are its alone. */
static void
test_prune (void)
{
  SyncTree tree;
  g_autofree char *found = NULL;
  guint64 dropped = 0;

  sync_tree_decode (&tree, cs_slice (NULL, 0), &pool->arena);
  graft (&tree, "4-d c b a");
  graft (&tree, "3-x b a");
  for (guint i = 0; i < tree.n; i++)
    {
      tree.nodes[i].available = TRUE;
      tree.nodes[i].ref = 1u << tree.nodes[i].rev.generation;
    }
  prune (&tree, "4-d", &dropped);
  g_assert_cmpuint (dropped, ==, 16 + 8);
  found = leaves (&tree);
  g_assert_cmpstr (found, ==, "3-x b a");
  prune (&tree, "3-x", &dropped);
  g_assert_cmpuint (tree.n, ==, 0);
  g_assert_cmpuint (dropped, ==, 16 + 8 + 8 + 4 + 2);
}

static void
test_long (void)
{
  g_autoptr (GString) path = g_string_new ("3000-");
  SyncTree tree;
  CsSlice bytes;

  for (guint i = 3000; i > 0; i--)
    g_string_append_printf (path, "%s%032x", i < 3000 ? " " : "", i);
  sync_tree_decode (&tree, cs_slice (NULL, 0), &pool->arena);
  graft (&tree, path->str);
  g_assert_cmpuint (tree.n, ==, 3000);
  sync_tree_stem (&tree, 1000, NULL, NULL);
  g_assert_cmpuint (tree.n, ==, 1000);
  bytes = sync_tree_encode (&tree);
  g_assert_cmpuint (bytes.len, <, 1000 * 18);
  g_assert_true (sync_tree_decode (&tree, bytes, &pool->arena));
  g_assert_cmpuint (tree.nodes[0].rev.generation, ==, 2001);
}

/* Many branches without ancestors, then a path of all the generations that joins them: the nodes move. */
static void
test_joined (void)
{
  g_autoptr (GString) path = g_string_new ("501-");
  SyncTree tree;

  sync_tree_decode (&tree, cs_slice (NULL, 0), &pool->arena);
  for (guint i = 500; i > 0; i--)
    {
      g_autofree char *branch = g_strdup_printf ("%u-x%u a%u", 1 + i * 37 % 500, i,
                                                 i * 37 % 500);

      if (i * 37 % 500 > 0)
        graft (&tree, branch);
    }
  for (guint i = 501; i > 0; i--)
    g_string_append_printf (path, "%sa%u", i < 501 ? " " : "", i);
  g_assert_cmpint (graft (&tree, path->str), ==, SYNC_GRAFT_BRANCHED);
  for (guint i = 0; i < tree.n; i++)
    g_assert_true (tree.nodes[i].parent >= 0 || tree.nodes[i].rev.generation == 1);
}

static void
test_below (void)
{
  SyncTree tree;
  SyncRev rev;
  gint *indexes;

  sync_tree_decode (&tree, cs_slice (NULL, 0), &pool->arena);
  graft (&tree, "3-c b a");
  graft (&tree, "4-e d b a!");
  graft (&tree, "2-f a");
  sync_rev_parse (cs_slice_str ("2-b"), &rev);
  g_assert_cmpuint (sync_tree_leaves_below (&tree, sync_tree_find (&tree, &rev), &indexes), ==, 2);
  g_assert_cmpuint (tree.nodes[indexes[0]].rev.generation, ==, 3);
  g_assert_cmpuint (tree.nodes[indexes[1]].rev.generation, ==, 4);
}

static void
test_possible_ancestors (void)
{
  SyncTree tree;
  SyncRev rev;
  gint *indexes;

  sync_tree_decode (&tree, cs_slice (NULL, 0), &pool->arena);
  graft (&tree, "3-c b a");
  graft (&tree, "3-d b a");
  sync_rev_parse (cs_slice_str ("4-e"), &rev);
  g_assert_cmpuint (sync_tree_possible_ancestors (&tree, &rev, 1, &indexes), ==, 2);
  sync_rev_parse (cs_slice_str ("3-e"), &rev);
  g_assert_cmpuint (sync_tree_possible_ancestors (&tree, &rev, 1, &indexes), ==, 0);
}

/* A stored tree that was cut or changed is refused or still a tree, never read past its end. */
static void
test_damaged (void)
{
  SyncTree tree;
  CsSlice bytes;

  sync_tree_decode (&tree, cs_slice (NULL, 0), &pool->arena);
  graft (&tree, "3-ccc bbb aaa");
  graft (&tree, "3-ddd bbb aaa");
  bytes = sync_tree_encode (&tree);
  for (gsize n = 1; n < bytes.len; n++)
    {
      g_autofree char *copy = g_memdup2 (bytes.data, n);

      g_assert_false (sync_tree_decode (&tree, cs_slice (copy, n), &pool->arena));
    }
  for (gsize n = 0; n < bytes.len; n++)
    {
      g_autofree char *copy = g_memdup2 (bytes.data, bytes.len);

      copy[n] ^= 0x5a;
      if (sync_tree_decode (&tree, cs_slice (copy, bytes.len), &pool->arena) && tree.n > 0)
        g_assert_cmpint (sync_tree_winner (&tree), >=, 0);
    }
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  pool = test_arena_new ();
  g_test_add_func ("/sync/tree/grafts", test_grafts);
  g_test_add_func ("/sync/tree/outcomes", test_outcomes);
  g_test_add_func ("/sync/tree/any-order", test_any_order);
  g_test_add_func ("/sync/tree/stem", test_stem);
  g_test_add_func ("/sync/tree/prune", test_prune);
  g_test_add_func ("/sync/tree/long", test_long);
  g_test_add_func ("/sync/tree/joined", test_joined);
  g_test_add_func ("/sync/tree/leaves-below", test_below);
  g_test_add_func ("/sync/tree/possible-ancestors", test_possible_ancestors);
  g_test_add_func ("/sync/tree/damaged", test_damaged);
  result = g_test_run ();
  test_arena_free (pool);
  return result;
}
