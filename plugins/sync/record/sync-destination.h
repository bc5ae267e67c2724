/* sync-destination.h: where a COPY goes: the header Destination, as CouchDB takes it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_DESTINATION_H
#define SYNC_DESTINATION_H

#include "sync-doc.h"

/* `id` or `id?rev=R`, the id percent-encoded; data NULL: there is no such header. *rev has data NULL without
 * one. FALSE: *error tells. Slices are of the arena or the text. Any thread; never waits. */
gboolean sync_destination_read (CsSlice text, const SyncArena *arena, CsSlice *id, CsSlice *rev,
                                SyncError *error);

#endif
