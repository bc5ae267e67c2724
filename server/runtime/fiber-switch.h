/* fiber-switch.h: saving one stack's registers and taking up another's, with what the sanitizers
 * and valgrind must be told.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_FIBER_SWITCH_H
#define CS_FIBER_SWITCH_H

#include <glib.h>

#if defined(__SANITIZE_ADDRESS__)
#define CS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define CS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CS_TSAN 1
#endif
#endif

#ifdef CS_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef CS_TSAN
#include <sanitizer/tsan_interface.h>
#endif

G_BEGIN_DECLS

/* A place to come back to: a thread's own stack, or a fiber's. */
typedef struct
{
  void *sp; /* where the registers were saved; with ucontext a ucontext_t * */
#ifdef CS_ASAN
  void *fake_stack;
  const void *bottom;
  gsize size;
#endif
#ifdef CS_TSAN
  void *tsan;
#endif
} CsContext;

/* Saves the caller's registers, leaves the place in *save, and goes on at `load`. */
void cs_fiber_switch_ (void **save, void *load);

/* Prepares a stack so that the first switch to what is returned calls func (data), which never
 * returns. `top` is 16-aligned. */
void *cs_fiber_prepare_ (void *bottom, void *top, void (*func) (void *data), void *data);

/* Gives back what cs_fiber_prepare_ () took besides the stack itself. */
void cs_fiber_forget_ (void *sp);

/* Every switch is between these two, which run on the two sides of it. */
static inline __attribute__ ((always_inline)) void
cs_context_leave (CsContext *from, CsContext *to)
{
#ifdef CS_ASAN
  __sanitizer_start_switch_fiber (&from->fake_stack, to->bottom, to->size);
#endif
#ifdef CS_TSAN
  from->tsan = __tsan_get_current_fiber ();
  __tsan_switch_to_fiber (to->tsan, 0);
#endif
}

static inline __attribute__ ((always_inline)) void
cs_context_enter (CsContext *self, CsContext *from)
{
#ifdef CS_ASAN
  __sanitizer_finish_switch_fiber (self->fake_stack, &from->bottom, &from->size);
#endif
}

G_END_DECLS

#endif
