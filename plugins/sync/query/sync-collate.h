/* sync-collate.h: the order of JSON values as CouchDB has it, as a comparison and as bytes.
 *
 * null < false < true < numbers < strings by ICU's root collation < arrays < objects; arrays and
 * objects member by member, the shorter first. docs/design/query.md has the bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_COLLATE_H
#define SYNC_COLLATE_H

#include "sync-json.h"

/* A key is cut here: longer ones that begin alike have no order among them. */
#define SYNC_INDEX_KEY_MAX 4096

/* Names the order: keys that were made under another name are of no use. Any thread; static. */
const char *sync_collate_version (void);

/* Below, equal, above: -1, 0, 1. Any thread; iterative, does not wait. */
int sync_collate (SyncJson a, SyncJson b);
gboolean sync_collate_equal (SyncJson a, SyncJson b);
/* Strings by their bytes and above everything else, as ids are compared. */
int sync_collate_raw (SyncJson a, SyncJson b);
/* Ordinary text, by its collation. */
int sync_collate_text (CsSlice a, CsSlice b);

/* A whole number in its range. FALSE: a fraction, or too large. */
gboolean sync_json_integer (SyncJson number, gint64 *out);

/* Appends the value's bytes, so that bytes compare as values do. FALSE: the key is full. A long
 * string takes its time: documents are for the pool. */
gboolean sync_key_append (GByteArray *key, SyncJson value);

#endif
