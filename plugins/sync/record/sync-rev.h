/* sync-rev.h: revision ids `generation-hash` and their order.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_REV_H
#define SYNC_REV_H

#include <cloudsync/types.h>

#define SYNC_REV_HASH_MAX 64
#define SYNC_REV_TEXT_MAX (21 + SYNC_REV_HASH_MAX) /* of `N-hash` */

/* A hash of 32 hex digits is kept as the 16 bytes it stands for; any other as its own bytes. */
typedef struct
{
  guint64 generation;
  guint8 length; /* also tells text of 16 bytes from the bytes of 32 digits */
  guint8 hash[SYNC_REV_HASH_MAX];
} SyncRev;

/* FALSE: no digits, no dash, or a hash that is too long. `0-x` and `1-` pass: no revision has them. */
gboolean sync_rev_parse (CsSlice text, SyncRev *rev);
/* May it be in a tree: generation >= 1 and a hash? */
gboolean sync_rev_storable (const SyncRev *rev);
/* The part behind the dash alone, for `_revisions.ids`. */
gboolean sync_rev_parse_hash (CsSlice text, guint64 generation, SyncRev *rev);
/* The hash as it is kept: 16 bytes for one of 32 digits. */
CsSlice sync_rev_bytes (const SyncRev *rev);
/* Write into `out`, of SYNC_REV_TEXT_MAX bytes, and give the length; no NUL. */
gsize sync_rev_write (char *out, const SyncRev *rev);
gsize sync_rev_write_hash (char *out, const SyncRev *rev);
void sync_rev_append (GString *out, const SyncRev *rev);
void sync_rev_append_hash (GString *out, const SyncRev *rev);
gboolean sync_rev_equal (const SyncRev *a, const SyncRev *b);
/* Generation first, then hash as bytes (the shorter first when one begins the other). */
int sync_rev_compare (const SyncRev *a, const SyncRev *b);

/* The id of an edit: the same document made from the same parent has the same id. `parent` may be NULL;
 * `attachments` are its attachments' names and digests, or empty. */
void sync_rev_make (SyncRev *rev, const SyncRev *parent, gboolean deleted, const CsSlice *parts,
                    guint n_parts, CsSlice attachments);

#endif
