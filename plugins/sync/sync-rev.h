/* sync-rev.h: revision ids `generation-hash` and their order.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_REV_H
#define SYNC_REV_H

#include <cloudsync/types.h>

#define SYNC_REV_HASH_MAX 64

/* A hash of 32 hex digits is kept as the 16 bytes it stands for; any other as its own bytes. */
typedef struct
{
  guint64 generation;
  guint8 length;
  guint8 hash[SYNC_REV_HASH_MAX];
} SyncRev;

/* FALSE: no `N-hash` with N >= 1, or a hash that is empty or too long. */
gboolean sync_rev_parse (CsSlice text, SyncRev *rev);
/* The part behind the dash alone, for `_revisions.ids`. */
gboolean sync_rev_parse_hash (CsSlice text, guint64 generation, SyncRev *rev);
void sync_rev_append (GString *out, const SyncRev *rev);
void sync_rev_append_hash (GString *out, const SyncRev *rev);
gboolean sync_rev_equal (const SyncRev *a, const SyncRev *b);
/* Generation first, then hash as bytes (the shorter first when one begins the other). */
int sync_rev_compare (const SyncRev *a, const SyncRev *b);

/* The id of an edit: the same document made from the same parent has the same id. `parent` may be NULL;
 * `attachments` is the encoded table of its attachments, or empty. */
void sync_rev_make (SyncRev *rev, const SyncRev *parent, gboolean deleted, const CsSlice *parts,
                    guint n_parts, CsSlice attachments);

#endif
