/* sync-selector-regex.h: the expressions of a selector, for its reader.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_SELECTOR_REGEX_H
#define SYNC_SELECTOR_REGEX_H

#include "sync-selector.h"

/* Notes a $regex condition; it is compiled later. */
void sync_regex_add (SyncSelector *self, SyncTerm *term, const SyncArena *arena);

#endif
