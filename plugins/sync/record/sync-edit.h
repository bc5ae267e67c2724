/* sync-edit.h: what a commit does to one record: an edit on a leaf, or a replicated revision's graft.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_EDIT_H
#define SYNC_EDIT_H

#include "sync-body.h"
#include "sync-scratch.h"
#include "sync-tree.h"

#include <cloudsync/services/documents.h>
#include <cloudsync/services/store.h>

typedef enum
{
  SYNC_EDIT_STORED,
  SYNC_EDIT_KNOWN,       /* a graft that was there already */
  SYNC_EDIT_CONFLICT,
  SYNC_EDIT_MISSING,     /* a deletion of what never was */
  SYNC_EDIT_DELETED,     /* a deletion of what is deleted */
  SYNC_EDIT_MISSING_STUB, /* a stub names an attachment that is not there; `stub` */
  SYNC_EDIT_REFUSED       /* before the commit; `refusal` */
} SyncOutcome;

/* What must hold of the winner for a plain write: one that grows from the winner, whatever that is by then, and
 * keeps its attachments. */
typedef struct
{
  CsDocumentWhen when;
  const SyncRev *versions;
  guint n_versions;
  gint64 since;
} SyncPlain;

/* One revision to write. The worker fills the first part and leaves it alone until the commit is over; the
 * merge fills the outcome, anew each time it is called. */
typedef struct
{
  CsSlice id;
  gboolean deleted;
  gboolean deletion;     /* of DELETE: what is not there is a failure */
  gboolean has_rev;
  SyncRev rev;           /* the leaf that is edited */
  SyncRev *path;         /* a graft: newest first; NULL: an edit */
  guint n_path;
  CsSlice *parts;
  guint n_parts;
  SyncAttachment *attachments;
  guint n_attachments;   /* of a plain write the merge fills it */
  const SyncPlain *plain; /* NULL: not a plain write */
  SyncError refusal;      /* status 0: none */
  gboolean user_before;   /* in _users: there was such a user */
  CsSlice tenant_before;  /* whose that one was */

  SyncOutcome outcome;
  SyncRev result; /* of a refused plain write the winner, generation 0: none */
  gboolean made;  /* of a plain write: there was no document */
  gint64 created;
  gint64 updated;
  CsSlice stub;
} SyncEdit;

/* Leaves of one document to forget as if they had never been. */
typedef struct
{
  CsSlice id;
  SyncRev *revs;
  gboolean *purged; /* of each revision: it was a leaf. Filled by the merge */
  guint n;
} SyncPurge;

typedef struct
{
  SyncEdit *edits;
  SyncPurge *purges;
  guint n;
  CsSlice user;
  guint64 revs_limit;
  SyncScratch scratch; /* the engine's thread's, during the commit */
} SyncBatch;

/* The CsStoreMerge of a SyncBatch. Pure. */
CsStatus sync_edit_merge (CsStoreEdit *edit, guint row, gpointer batch);

/* Drops the bodies of revisions that are no leaves; the record keeps its place. A CsStoreMerge, of a SyncBatch
 * without edits. */
CsStatus sync_compact_merge (CsStoreEdit *edit, guint row, gpointer batch);

/* The CsStoreMerge of a batch of purges. */
CsStatus sync_purge_merge (CsStoreEdit *edit, guint row, gpointer batch);

/* Does a plain write's condition hold of a winner (NULL: there is none, or it is deleted)? */
gboolean sync_plain_holds (const SyncPlain *plain, const SyncRev *winner, gint64 updated);

/* Fills an edit from a document. FALSE: *error tells. */
gboolean sync_edit_init (SyncEdit *edit, const SyncDoc *doc, gboolean graft, const SyncArena *arena,
                         SyncError *error);

#endif
