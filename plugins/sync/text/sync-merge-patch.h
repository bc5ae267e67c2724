/* sync-merge-patch.h: JSON merge patch (RFC 7396) on text, by slices.
 *
 * Pure: any thread, no waiting, no recursion. Memory is the arena's.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_MERGE_PATCH_H
#define SYNC_MERGE_PATCH_H

#include "sync-json.h"

/* Appends `target` as changed by `patch`; both are OBJECTs of texts that were validated. Members keep their
 * order and their bytes, new ones come behind. Takes n log n of the members. */
void sync_merge_patch (SyncJson target, SyncJson patch, const SyncArena *arena, GString *out);

#endif
