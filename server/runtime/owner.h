/* owner.h: what the runtime may know of a `self`: a name, a log level, nothing else.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_OWNER_H
#define CS_OWNER_H

#include <glib.h>

G_BEGIN_DECLS

/* Lies directly before the state that a plugin knows as `self`: the plugin room's instance header
 * ends with it. `self` == NULL is the core. */
typedef struct
{
  const char *name;     /* lives as long as the process: log lines may be written late */
  gint log_level;       /* CsLogLevel; read and written atomically */
  guint index;          /* the instance's place in start order; for messages only */
} __attribute__ ((aligned (16))) CsOwner;

extern CsOwner cs_core_owner;

static inline CsOwner *
cs_owner (gpointer self)
{
  return self != NULL ? (CsOwner *) self - 1 : &cs_core_owner;
}

G_END_DECLS

#endif
