/* sqlite-sweep.h: removes the rows of dropped databases, a slice at a time.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_SWEEP_H
#define SQLITE_SWEEP_H

#include "sqlite-conn.h"

typedef struct _SqliteSweep SqliteSweep;

/* On the writer's thread, with its connection. A new one looks whether an earlier run left work. */
SqliteSweep *sqlite_sweep_new (SqliteConn *conn);
void sqlite_sweep_free (SqliteSweep *self);
void sqlite_sweep_want (SqliteSweep *self);
gboolean sqlite_sweep_wanted (SqliteSweep *self);
/* One transaction of bounded length. After a failure it is tried again at the next drop or start. */
void sqlite_sweep_slice (SqliteSweep *self);

#endif
