/* sync-tree.c: the revision tree: its stored form, winner, leaves, grafting and stemming.
 *
 * Stored: a version byte, the number of nodes, then each node after its parent: flags, the distance to
 * the parent unless that is the node before, a root's generation, the hash, the body's reference.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-tree.h"

#include <string.h>

#include "sync-varint.h"

#define VERSION 1
#define NODES_MAX (1u << 20)

enum
{
  DELETED = 1 << 0,
  AVAILABLE = 1 << 1,
  ROOT = 1 << 2,
  NEXT = 1 << 3,   /* the parent is the node before */
  DIGEST = 1 << 4, /* a hash of 16 bytes */
  ALL_FLAGS = (1 << 5) - 1
};

/* Flags, distance or generation, length and hash, reference. */
#define NODE_ROOM (1 + 10 + 1 + SYNC_REV_HASH_MAX + 10)

static void
reserve (SyncTree *tree, guint n)
{
  SyncNode *nodes;
  guint room = MAX (4, tree->room);

  if (n <= tree->room)
    return;
  while (room < n)
    room *= 2;
  nodes = sync_alloc (tree->arena, room * sizeof (SyncNode));
  if (tree->n > 0)
    memcpy (nodes, tree->nodes, tree->n * sizeof (SyncNode));
  tree->nodes = nodes;
  tree->room = room;
}

static gboolean
read_hash (SyncReader *in, guint flags, SyncRev *rev)
{
  CsSlice bytes;

  rev->length = 16;
  if ((flags & DIGEST) == 0)
    rev->length = sync_read_byte (in);
  if (rev->length == 0 || rev->length > SYNC_REV_HASH_MAX + 1)
    return FALSE;
  bytes = sync_read_bytes (in, sync_rev_bytes (rev).len);
  if (in->failed)
    return FALSE;
  memcpy (rev->hash, bytes.data, bytes.len);
  return TRUE;
}

static gboolean
read_place (SyncReader *in, guint flags, SyncTree *tree, SyncNode *node)
{
  guint64 distance = 1;

  node->parent = -1;
  if (flags & ROOT)
    {
      node->rev.generation = sync_read_number (in);
      return node->rev.generation > 0 && node->rev.generation < G_MAXINT64;
    }
  if ((flags & NEXT) == 0)
    distance = sync_read_number (in);
  if (distance == 0 || distance > tree->n)
    return FALSE;
  node->parent = tree->n - distance;
  node->rev.generation = tree->nodes[node->parent].rev.generation + 1;
  tree->nodes[node->parent].leaf = FALSE;
  return TRUE;
}

static gboolean
read_node (SyncReader *in, SyncTree *tree)
{
  SyncNode *node = &tree->nodes[tree->n];
  guint flags = sync_read_byte (in);

  if ((flags & ~ALL_FLAGS) != 0 || !read_place (in, flags, tree, node)
      || !read_hash (in, flags, &node->rev))
    return FALSE;
  node->leaf = TRUE;
  node->deleted = (flags & DELETED) != 0;
  node->available = (flags & AVAILABLE) != 0;
  node->ref = node->available ? sync_read_number (in) : 0;
  tree->n++;
  return !in->failed;
}

gboolean
sync_tree_decode (SyncTree *tree, CsSlice bytes, const SyncArena *arena)
{
  SyncReader in;
  guint64 n;

  *tree = (SyncTree){ .arena = arena };
  if (bytes.len == 0)
    return TRUE;
  in = sync_reader (bytes);
  if (sync_read_byte (&in) != VERSION)
    return FALSE;
  n = sync_read_number (&in);
  /* A node takes three bytes at least. */
  if (in.failed || n > NODES_MAX || n > bytes.len / 3)
    return FALSE;
  reserve (tree, n);
  while (tree->n < n)
    if (!read_node (&in, tree))
      return FALSE;
  return in.at == in.end;
}

static guint8 *
write_node (guint8 *out, const SyncTree *tree, guint index)
{
  const SyncNode *node = &tree->nodes[index];
  CsSlice hash = sync_rev_bytes (&node->rev);
  guint flags = (node->deleted ? DELETED : 0) | (node->available ? AVAILABLE : 0)
                | (node->rev.length == 16 ? DIGEST : 0);

  if (node->parent < 0)
    flags |= ROOT;
  else if (node->parent + 1 == (gint) index)
    flags |= NEXT;
  *out++ = flags;
  if (flags & ROOT)
    out = sync_write_number (out, node->rev.generation);
  else if ((flags & NEXT) == 0)
    out = sync_write_number (out, index - node->parent);
  if ((flags & DIGEST) == 0)
    *out++ = node->rev.length;
  memcpy (out, hash.data, hash.len);
  out += hash.len;
  return node->available ? sync_write_number (out, node->ref) : out;
}

CsSlice
sync_tree_encode (const SyncTree *tree)
{
  guint8 *bytes = sync_alloc (tree->arena, 11 + (gsize) tree->n * NODE_ROOM);
  guint8 *out = bytes;

  *out++ = VERSION;
  out = sync_write_number (out, tree->n);
  for (guint i = 0; i < tree->n; i++)
    out = write_node (out, tree, i);
  return cs_slice (bytes, out - bytes);
}

gint
sync_tree_find (const SyncTree *tree, const SyncRev *rev)
{
  for (gint i = (gint) tree->n - 1; i >= 0; i--)
    if (sync_rev_equal (&tree->nodes[i].rev, rev))
      return i;
  return -1;
}

/* Whether a wins over b. */
static int
node_compare (const SyncNode *a, const SyncNode *b)
{
  if (a->deleted != b->deleted)
    return a->deleted ? -1 : 1;
  return sync_rev_compare (&a->rev, &b->rev);
}

gint
sync_tree_winner (const SyncTree *tree)
{
  gint winner = -1;

  for (gint i = 0; i < (gint) tree->n; i++)
    if (tree->nodes[i].leaf
        && (winner < 0 || node_compare (&tree->nodes[i], &tree->nodes[winner]) > 0))
      winner = i;
  return winner;
}

static int
compare_indexes (gconstpointer a, gconstpointer b, gpointer data)
{
  const SyncTree *tree = data;

  return node_compare (&tree->nodes[*(const gint *) b], &tree->nodes[*(const gint *) a]);
}

static guint
sort_indexes (const SyncTree *tree, gint *indexes, guint n)
{
  if (n > 1)
    g_qsort_with_data (indexes, n, sizeof (gint), compare_indexes, (gpointer) tree);
  return n;
}

guint
sync_tree_leaves (const SyncTree *tree, gint **indexes)
{
  guint n = 0;
  guint filled = 0;

  for (guint i = 0; i < tree->n; i++)
    n += tree->nodes[i].leaf;
  *indexes = sync_alloc (tree->arena, (n + 1) * sizeof (gint));
  for (guint i = 0; i < tree->n; i++)
    if (tree->nodes[i].leaf)
      (*indexes)[filled++] = i;
  return sort_indexes (tree, *indexes, n);
}

guint
sync_tree_leaves_below (const SyncTree *tree, gint node, gint **indexes)
{
  guint8 *below = sync_alloc (tree->arena, tree->n + 1);
  guint n = 0;

  *indexes = sync_alloc (tree->arena, (tree->n + 1) * sizeof (gint));
  for (gint i = 0; i < (gint) tree->n; i++)
    {
      gint parent = tree->nodes[i].parent;

      below[i] = i == node || (parent >= 0 && below[parent]);
      if (below[i] && tree->nodes[i].leaf)
        (*indexes)[n++] = i;
    }
  return sort_indexes (tree, *indexes, n);
}

gint
sync_tree_add (SyncTree *tree, gint parent, const SyncRev *rev, gboolean deleted)
{
  SyncNode *node;

  reserve (tree, tree->n + 1);
  node = &tree->nodes[tree->n];
  *node = (SyncNode){ .rev = *rev, .parent = parent, .leaf = TRUE, .deleted = deleted };
  if (parent >= 0)
    tree->nodes[parent].leaf = FALSE;
  return tree->n++;
}

/* The first of revs[from…] that the tree has, with its index; n when there is none. A node can be only the
 * revision of its generation, so it is one pass over the tree however long a client made the path. */
static guint
first_known (const SyncTree *tree, const SyncRev *revs, guint from, guint n, gint *index)
{
  guint first = n;

  *index = -1;
  for (guint i = 0; i < tree->n; i++)
    {
      const SyncRev *rev = &tree->nodes[i].rev;
      guint64 place = revs[0].generation - rev->generation;

      if (rev->generation <= revs[0].generation && place >= from && place < first
          && sync_rev_equal (rev, &revs[place]))
        {
          first = place;
          *index = i;
        }
    }
  return first;
}

/* Adds revs[from] down to revs[to], oldest first, below `parent`. They are inner nodes but for revs[0],
 * which is `deleted` or not. */
static gint
add_path (SyncTree *tree, gint parent, const SyncRev *revs, guint from, guint to, gboolean deleted)
{
  for (guint i = from + 1; i-- > to;)
    parent = sync_tree_add (tree, parent, &revs[i], i == 0 && deleted);
  return parent;
}

static int
compare_generations (gconstpointer a, gconstpointer b, gpointer data)
{
  const SyncNode *nodes = data;
  gint left = *(const gint *) a;
  gint right = *(const gint *) b;
  guint64 x = nodes[left].rev.generation;
  guint64 y = nodes[right].rev.generation;

  return x != y ? (x < y ? -1 : 1) : left - right;
}

/* Nodes in order of generation, so that each comes after its parent again. */
static void
reorder (SyncTree *tree)
{
  SyncNode *old = tree->nodes;
  gint *order = sync_alloc (tree->arena, tree->n * sizeof (gint));
  gint *place = sync_alloc (tree->arena, tree->n * sizeof (gint));

  for (guint i = 0; i < tree->n; i++)
    order[i] = i;
  g_qsort_with_data (order, tree->n, sizeof (gint), compare_generations, old);
  tree->nodes = sync_alloc (tree->arena, tree->room * sizeof (SyncNode));
  for (guint i = 0; i < tree->n; i++)
    place[order[i]] = i;
  for (guint i = 0; i < tree->n; i++)
    {
      tree->nodes[i] = old[order[i]];
      if (tree->nodes[i].parent >= 0)
        tree->nodes[i].parent = place[tree->nodes[i].parent];
    }
}

/* `known` is the node of revs[at]: follows the tree to its root, and gives that root the ancestors that
 * the path still has. */
static gboolean
extend_root (SyncTree *tree, gint known, const SyncRev *revs, guint n, guint at)
{
  gboolean linked = FALSE;

  for (;;)
    {
      guint next;
      gint older;
      gint parent;

      while (tree->nodes[known].parent >= 0)
        {
          known = tree->nodes[known].parent;
          at++;
        }
      if (at >= n || !sync_rev_equal (&tree->nodes[known].rev, &revs[at]) || at + 1 >= n)
        return linked;
      next = first_known (tree, revs, at + 1, n, &older);
      /* The nodes may move while the path is added. */
      parent = add_path (tree, older, revs, next - 1, at + 1, FALSE);
      tree->nodes[known].parent = parent;
      tree->nodes[parent].leaf = FALSE;
      linked = TRUE;
      if (older < 0)
        return TRUE;
      known = older;
      at = next;
    }
}

SyncGraft
sync_tree_graft (SyncTree *tree, const SyncRev *revs, guint n, gboolean deleted,
                 gint *node)
{
  gint known;
  guint at = first_known (tree, revs, 0, n, &known);
  gboolean leaf = known >= 0 && tree->nodes[known].leaf;
  gboolean linked;

  *node = at > 0 ? add_path (tree, known, revs, at - 1, 0, deleted) : known;
  linked = known >= 0 && extend_root (tree, known, revs, n, at);
  if (linked)
    {
      reorder (tree);
      *node = sync_tree_find (tree, &revs[0]);
    }
  if (at > 0)
    return leaf ? SYNC_GRAFT_EXTENDED : SYNC_GRAFT_BRANCHED;
  return linked ? SYNC_GRAFT_JOINED : SYNC_GRAFT_KNOWN;
}

/* The distance of each node to its nearest leaf. */
static guint32 *
leaf_distances (const SyncTree *tree)
{
  guint32 *distance = sync_alloc (tree->arena, tree->n * sizeof (guint32));

  for (guint i = 0; i < tree->n; i++)
    distance[i] = tree->nodes[i].leaf ? 0 : G_MAXUINT32 - 1;
  for (guint i = tree->n; i-- > 0;)
    {
      gint parent = tree->nodes[i].parent;

      if (parent >= 0)
        distance[parent] = MIN (distance[parent], distance[i] + 1);
    }
  return distance;
}

/* Forgets the nodes that are not wanted. */
static void
keep_nodes (SyncTree *tree, const guint8 *wanted, SyncDropFunc func, gpointer data)
{
  gint *place = sync_alloc (tree->arena, (tree->n + 1) * sizeof (gint));
  guint n = 0;

  for (guint i = 0; i < tree->n; i++)
    {
      SyncNode *node = &tree->nodes[i];

      place[i] = -1;
      if (!wanted[i])
        {
          if (node->available && func != NULL)
            func (node->ref, data);
          continue;
        }
      if (node->parent >= 0)
        node->parent = place[node->parent];
      place[i] = n;
      tree->nodes[n++] = *node;
    }
  tree->n = n;
}

void
sync_tree_stem (SyncTree *tree, guint64 limit, SyncDropFunc func, gpointer data)
{
  guint32 *distance;
  guint8 *wanted;

  if (tree->n <= limit)
    return;
  distance = leaf_distances (tree);
  wanted = sync_alloc (tree->arena, tree->n);
  for (guint i = 0; i < tree->n; i++)
    wanted[i] = distance[i] < limit;
  keep_nodes (tree, wanted, func, data);
}

void
sync_tree_prune (SyncTree *tree, const gint *leaves, guint n, SyncDropFunc func, gpointer data)
{
  guint8 *wanted = sync_alloc (tree->arena, tree->n + 1);

  for (guint i = 0; i < tree->n; i++)
    wanted[i] = tree->nodes[i].leaf;
  for (guint i = 0; i < n; i++)
    wanted[leaves[i]] = FALSE;
  for (guint i = tree->n; i-- > 0;)
    if (wanted[i] && tree->nodes[i].parent >= 0)
      wanted[tree->nodes[i].parent] = TRUE;
  keep_nodes (tree, wanted, func, data);
}

guint
sync_tree_possible_ancestors (const SyncTree *tree, const SyncRev *missing, guint n,
                              gint **indexes)
{
  guint64 newest = 0;
  guint leaves = sync_tree_leaves (tree, indexes);
  guint found = 0;

  for (guint i = 0; i < n; i++)
    newest = MAX (newest, missing[i].generation);
  for (guint i = 0; i < leaves; i++)
    if (tree->nodes[(*indexes)[i]].rev.generation < newest)
      (*indexes)[found++] = (*indexes)[i];
  return found;
}
