/* sqlite-dirty.h: which pages of a database file were written while somebody copies it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_DIRTY_H
#define SQLITE_DIRTY_H

#include <glib.h>

#define SQLITE_DIRTY_PAGE 4096

typedef struct _SqliteDirty SqliteDirty;

/* All: any thread. */

SqliteDirty *sqlite_dirty_new (void);
void sqlite_dirty_free (SqliteDirty *self);

/* Nothing is noted until it is on; switching forgets what was noted. */
void sqlite_dirty_track (SqliteDirty *self, gboolean on);

/* After each write of the file. */
void sqlite_dirty_mark (SqliteDirty *self, gint64 at, gsize len);

/* Appends the numbers of the noted pages (gint64, from 0, rising) and forgets them. Whoever reads the pages
 * after that has read what was written before, or finds them noted again. */
void sqlite_dirty_take (SqliteDirty *self, GArray *pages);

#endif
