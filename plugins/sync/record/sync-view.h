/* sync-view.h: a stored revision as the JSON that clients read.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_VIEW_H
#define SYNC_VIEW_H

#include "sync-body.h"
#include "sync-scratch.h"
#include "sync-tree.h"
#include "sync.h"

typedef enum
{
  SYNC_VIEW_REVS = 1 << 0,              /* _revisions */
  SYNC_VIEW_REVS_INFO = 1 << 1,         /* _revs_info */
  SYNC_VIEW_CONFLICTS = 1 << 2,         /* _conflicts */
  SYNC_VIEW_DELETED_CONFLICTS = 1 << 3, /* _deleted_conflicts */
  SYNC_VIEW_LOCAL_SEQ = 1 << 4,         /* _local_seq */
  SYNC_VIEW_ATTACHMENTS = 1 << 5,       /* bytes of attachments inline, else stubs */
  SYNC_VIEW_FOLLOWS = 1 << 6            /* with ATTACHMENTS: they come behind it instead */
} SyncViewFlags;

#define SYNC_VIEW_NEEDS_TREE                                                                       \
  (SYNC_VIEW_REVS | SYNC_VIEW_REVS_INFO | SYNC_VIEW_CONFLICTS | SYNC_VIEW_DELETED_CONFLICTS)

#define SYNC_WINNER -1

typedef struct
{
  SyncDb *db;
  const SyncArena *arena;
  const CsStoreRecord *record;
  guint flags;
  guint64 epoch;            /* for _local_seq */
  const SyncRev *since; /* the asker has these revisions' attachments, which stay stubs */
  guint n_since;
  const SyncAttachment *following; /* with FOLLOWS: what is to come behind the last document */
  guint n_following;
  /* Takes what has been gathered and empties it, in the middle of large attachments; NULL: all is gathered. */
  CsStatus (*pass) (gpointer data, GString *out);
  gpointer pass_data;
  SyncTree tree;            /* decoded when the flags need it, or by sync_view_tree () */
  gboolean has_tree;
} SyncView;

/* The arena of an exchange. */
SyncArena sync_exchange_arena (CsHttpExchange *exchange);
/* The flags that a request's query asks for. */
guint sync_view_flags (CsHttpExchange *exchange);
/* FALSE: the stored tree is damaged. Needs a record read with CS_STORE_TREE. */
gboolean sync_view_tree (SyncView *view);
/* Reads `atts_since`, a list of revisions; anything else is as none. FALSE: it is no list. */
gboolean sync_view_since (SyncView *view, SyncJson list);
/* Appends the document as of a node of the tree, or of the winner. Fiber; may wait. CS_NOT_FOUND:
 * the revision's body is not stored. */
CsStatus sync_view_append (SyncView *view, gint node, GString *out);

#endif
