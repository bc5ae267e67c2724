/* cpus.h: how many processors this process may use.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_CPUS_H
#define CS_CPUS_H

#include <glib.h>

G_BEGIN_DECLS

/* min (affinity, ceil (cgroup quota)), at least 1. Any thread; reads /proc and /sys. */
guint cs_cpus_usable (void);

/* The parts that a test can feed; G_MAXUINT: no bound. */
guint cs_cpus_of_quota (const char *text);
guint cs_cpus_in_group (const char *root, const char *group);

G_END_DECLS

#endif
