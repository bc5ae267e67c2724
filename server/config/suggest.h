/* suggest.h: "did you mean": the nearest known name to one that is not known.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SUGGEST_H
#define CS_SUGGEST_H

#include <glib.h>

/* Edits (insert, delete, replace a byte; swap two neighbours) that turn one name into the other. */
guint cs_edit_distance (const char *a, const char *b);

/* The nearest of `names` (n of them) that is near enough to be a slip of the pen; NULL when none is.
 * Borrowed from `names`. */
const char *cs_suggest (const char *name, const char *const *names, gsize n);

#endif
