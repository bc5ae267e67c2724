/* sync-icu.h: the few functions of ICU that are used, loaded by the first query.
 *
 * ICU and the C++ library below it cost 4 MiB of memory that is touched as soon as they are loaded, more than the rest
 * of a node's libraries but one; a node that nobody queries does not pay for it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_ICU_H
#define SYNC_ICU_H

#include <glib.h>
#include <unicode/ucol.h>
#include <unicode/ustring.h>

typedef struct
{
  UCollator *(*open) (const char *locale, UErrorCode *status);
  void (*close) (UCollator *collator);
  void (*version) (const UCollator *collator, UVersionInfo info);
  UCollationResult (*compare) (const UCollator *collator, const char *a, gint32 a_len, const char *b,
                               gint32 b_len, UErrorCode *status);
  gint32 (*sort_key) (const UCollator *collator, const UChar *text, gint32 len, guint8 *bytes,
                      gint32 size);
  UChar *(*from_utf8) (UChar *to, gint32 size, gint32 *len, const char *from, gint32 from_len,
                       UErrorCode *status);
} SyncIcu;

/* TRUE: sync_icu () will not have to load anything. Any thread. */
gboolean sync_icu_is_loaded (void);
/* NULL, or what is wrong and what would mend it; static. Reads files: not on a worker. */
const char *sync_icu_load (void);
/* Loads it if need be; there is no order without it, so that a failure ends the process. Any thread. */
const SyncIcu *sync_icu (void);

#endif
