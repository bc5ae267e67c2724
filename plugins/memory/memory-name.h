/* memory-name.h: a channel's name as the key of hash tables.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

/* First member of what is kept in a table, which is then its own key. */
typedef struct
{
  CsSlice text;
  guint32 hash; /* the same on every worker */
  guint variant;
} MemoryName;

/* `text` is not copied. */
MemoryName memory_name (CsSlice text, guint variant);

/* Of MemoryNames; keys and values are the same object, freed by `release` when it leaves the table.
 */
GHashTable *memory_name_table (GDestroyNotify release);

/* The names that match are as in cs_broker_channels (). Iterative; quadratic at worst. */
gboolean memory_name_matches (CsSlice text, CsSlice pattern);

G_END_DECLS
