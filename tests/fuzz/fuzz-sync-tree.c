/* fuzz-sync-tree.c: any bytes as a stored tree, and as a run of grafts and stemmings that must keep it whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <sync-tree.h>

#include "fuzz-arena.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define PATH_MAX_REVS 8

/* Parents first and one generation below, leaves marked, a winner; and the stored form gives it back. */
static void
check_tree (const SyncTree *tree)
{
  CsSlice bytes = sync_tree_encode (tree);
  gint *indexes;
  guint n = sync_tree_leaves (tree, &indexes);
  g_autofree gboolean *parents = g_new0 (gboolean, tree->n + 1);
  SyncTree again;

  for (guint i = 0; i < tree->n; i++)
    {
      const SyncNode *node = &tree->nodes[i];

      g_assert_cmpint (node->parent, <, (gint) i);
      if (node->parent < 0)
        continue;
      g_assert_cmpuint (tree->nodes[node->parent].rev.generation + 1, ==, node->rev.generation);
      parents[node->parent] = TRUE;
    }
  for (guint i = 0; i < tree->n; i++)
    g_assert_cmpint (parents[i], ==, !tree->nodes[i].leaf);
  g_assert_cmpint (sync_tree_winner (tree), ==, n > 0 ? indexes[0] : -1);
  g_assert_true (sync_tree_decode (&again, bytes, tree->arena));
  g_assert_true (cs_slice_equal (sync_tree_encode (&again), bytes));
}

/* A path of short hashes out of few, so that it often meets the tree. */
static guint
read_path (const guint8 **at, const guint8 *end, SyncRev *revs)
{
  guint n = 1 + **at % PATH_MAX_REVS;
  guint generation = n + (*at)[1] % 8;

  *at += 2;
  for (guint i = 0; i < n; i++)
    {
      char name = *at < end ? (char) ('a' + *(*at)++ % 3) : 'a';

      sync_rev_parse_hash (cs_slice (&name, 1), generation - i, &revs[i]);
    }
  return n;
}

static void
check_grafts (const guint8 *at, const guint8 *end, const SyncArena *arena)
{
  SyncRev revs[PATH_MAX_REVS];
  SyncTree tree;
  gint *below;

  sync_tree_decode (&tree, cs_slice (NULL, 0), arena);
  while (end - at >= 3)
    {
      guint command = *at++;
      guint n = read_path (&at, end, revs);
      gint node;
      SyncGraft graft = sync_tree_graft (&tree, revs, n, command & 1, &node);

      g_assert_true (sync_rev_equal (&tree.nodes[node].rev, &revs[0]));
      check_tree (&tree);
      g_assert_cmpuint (sync_tree_leaves_below (&tree, node, &below), >, 0);
      if (graft == SYNC_GRAFT_EXTENDED || graft == SYNC_GRAFT_BRANCHED)
        g_assert_true (tree.nodes[node].leaf);
      g_assert_cmpint (sync_tree_graft (&tree, revs, n, FALSE, &node), ==, SYNC_GRAFT_KNOWN);
      if (command & 2)
        sync_tree_stem (&tree, 1 + command / 4 % 8, NULL, NULL);
      check_tree (&tree);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (FuzzArena) arena = fuzz_arena_new ();
  SyncTree tree;

  if (sync_tree_decode (&tree, cs_slice (data, size), &arena->arena))
    {
      sync_tree_encode (&tree);
      sync_tree_winner (&tree);
      sync_tree_stem (&tree, 3, NULL, NULL);
      sync_tree_encode (&tree);
    }
  if (size <= 512)
    check_grafts (data, data + size, &arena->arena);
  return 0;
}
