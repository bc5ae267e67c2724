/* sync-tree.h: a document's revisions as a tree, and its compact form, which the engine stores unread.
 *
 * Pure: any thread, no waiting. Memory is the arena's.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_TREE_H
#define SYNC_TREE_H

#include "sync-arena.h"
#include "sync-rev.h"

typedef struct
{
  SyncRev rev;
  gint32 parent;   /* index, -1: a root */
  gboolean leaf;
  gboolean deleted;
  gboolean available; /* its body is stored under `ref` */
  guint64 ref; /* of its body */
} SyncNode;

typedef struct
{
  SyncNode *nodes; /* a parent comes before its children */
  guint n;
  guint room;
  const SyncArena *arena;
} SyncTree;

/* Called for each body that is no longer wanted. */
typedef void (*SyncDropFunc) (guint64 ref, gpointer data);

/* An empty slice gives an empty tree. FALSE: not what encode () writes. */
gboolean sync_tree_decode (SyncTree *tree, CsSlice bytes, const SyncArena *arena);
CsSlice sync_tree_encode (const SyncTree *tree);

/* Index of a revision, or -1. */
gint sync_tree_find (const SyncTree *tree, const SyncRev *rev);
/* Leaf that wins: not deleted before deleted, then the greater revision. -1 in an empty tree. */
gint sync_tree_winner (const SyncTree *tree);
/* All leaves, the winner first, then in winning order; *indexes is the arena's. */
guint sync_tree_leaves (const SyncTree *tree, gint **indexes);
/* The leaves at or below a node, in winning order. */
guint sync_tree_leaves_below (const SyncTree *tree, gint node, gint **indexes);

/* Adds a child (parent -1: a root) and gives its index. */
gint sync_tree_add (SyncTree *tree, gint parent, const SyncRev *rev, gboolean deleted);
typedef enum
{
  SYNC_GRAFT_KNOWN,    /* nothing changed */
  SYNC_GRAFT_JOINED,   /* the newest was known, but its branch gained ancestors */
  SYNC_GRAFT_EXTENDED, /* a leaf grew */
  SYNC_GRAFT_BRANCHED  /* a new branch or root */
} SyncGraft;

/* Merges the path `revs` (newest first, generations falling by one, n >= 1) and gives the newest's index.
 * Time and memory grow with the path: cut one that a client sent. */
SyncGraft sync_tree_graft (SyncTree *tree, const SyncRev *revs, guint n, gboolean deleted,
                           gint *node);
/* Forgets ancestors that are `limit` or more generations behind every leaf. Indexes change. */
void sync_tree_stem (SyncTree *tree, guint64 limit, SyncDropFunc func, gpointer data);
/* Forgets leaves, and ancestors that no other leaf has. Indexes change. */
void sync_tree_prune (SyncTree *tree, const gint *leaves, guint n, SyncDropFunc func, gpointer data);

/* The leaves of a lower generation than one of `missing`, which could be its ancestors. */
guint sync_tree_possible_ancestors (const SyncTree *tree, const SyncRev *missing, guint n,
                                    gint **indexes);

#endif
