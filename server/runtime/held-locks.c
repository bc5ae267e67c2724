/* held-locks.c: takes the place of GLib's mutex functions in debug builds: counts what a thread
 * holds, and tells the thread sanitizer, which does not see through GLib's futexes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/held-locks.h"

#ifdef CS_COUNT_LOCKS

#include <dlfcn.h>

#ifndef CS_TSAN
#define __tsan_acquire(address) ((void) (address))
#define __tsan_release(address) ((void) (address))
#endif

#define EXPORTED __attribute__ ((visibility ("default")))

__thread gint cs_held_locks_;

static void *
next (void **place, const char *name)
{
  void *func = __atomic_load_n (place, __ATOMIC_RELAXED);

  if (G_UNLIKELY (func == NULL))
    {
      func = dlsym (RTLD_NEXT, name);
      __atomic_store_n (place, func, __ATOMIC_RELAXED);
    }
  return func;
}

#define NEXT(Type, name)                                                                           \
  ({                                                                                               \
    static void *place_;                                                                           \
    (Type) next (&place_, name);                                                                   \
  })

EXPORTED void
g_mutex_lock (GMutex *mutex)
{
  NEXT (void (*) (GMutex *), "g_mutex_lock") (mutex);
  __tsan_acquire (mutex);
  cs_held_locks_++;
}

EXPORTED gboolean
g_mutex_trylock (GMutex *mutex)
{
  if (!NEXT (gboolean (*) (GMutex *), "g_mutex_trylock") (mutex))
    return FALSE;
  __tsan_acquire (mutex);
  cs_held_locks_++;
  return TRUE;
}

EXPORTED void
g_mutex_unlock (GMutex *mutex)
{
  cs_held_locks_--;
  __tsan_release (mutex);
  NEXT (void (*) (GMutex *), "g_mutex_unlock") (mutex);
}

EXPORTED void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  __tsan_release (mutex);
  NEXT (void (*) (GCond *, GMutex *), "g_cond_wait") (cond, mutex);
  __tsan_acquire (mutex);
}

EXPORTED gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;

  __tsan_release (mutex);
  signalled = NEXT (gboolean (*) (GCond *, GMutex *, gint64), "g_cond_wait_until") (cond, mutex,
                                                                                    end_time);
  __tsan_acquire (mutex);
  return signalled;
}

#ifdef CS_TSAN

EXPORTED void
(g_once_init_leave) (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  NEXT (void (*) (volatile void *, gsize), "g_once_init_leave") (location, result);
}

#endif

#endif
