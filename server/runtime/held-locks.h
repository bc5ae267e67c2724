/* held-locks.h: in debug builds, how many GLib mutexes the calling thread holds: holding one over a
 * wait is a bug, for another fiber of the thread may want it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_HELD_LOCKS_H
#define CS_HELD_LOCKS_H

#include "runtime/fiber-switch.h"

G_BEGIN_DECLS

#if !defined(NDEBUG) || defined(CS_TSAN)
#define CS_COUNT_LOCKS 1
extern __thread gint cs_held_locks_;
#define cs_held_locks() cs_held_locks_
#else
#define cs_held_locks() 0
#endif

G_END_DECLS

#endif
