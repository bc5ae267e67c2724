/* fiber-switch.c: first frames of a fiber's stack, and the switch by ucontext where there is no
 * assembly for the processor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/fiber-switch.h"

#include <stdint.h>
#include <string.h>

#if !defined(__aarch64__) && !(defined(__x86_64__) && !defined(__ILP32__))
#define CS_FIBER_UCONTEXT 1
#endif

#ifndef CS_FIBER_UCONTEXT

void cs_fiber_begin_ (void);

void
cs_fiber_forget_ (void *sp)
{
}

#endif

#if defined(__x86_64__) && !defined(CS_FIBER_UCONTEXT)

/* What cs_fiber_switch_ () takes from the stack, lowest address first. */
typedef struct
{
  guint32 mxcsr;
  guint32 x87_control;
  void *r15, *r14;
  void *r13;
  void (*r12) (void *data);
  void *rbx, *rbp;
  void (*rip) (void);
  guint64 pad[2]; /* rsp is 16-aligned where cs_fiber_begin_ () starts */
} Frame;

G_STATIC_ASSERT (sizeof (Frame) % 16 == 0);

void *
cs_fiber_prepare_ (void *bottom, void *top, void (*func) (void *data), void *data)
{
  Frame *frame = (Frame *) ((char *) top - sizeof *frame);

  memset (frame, 0, sizeof *frame);
  __asm__ ("stmxcsr %0" : "=m"(frame->mxcsr));
  __asm__ ("fnstcw %0" : "=m"(frame->x87_control));
  frame->r12 = func;
  frame->r13 = data;
  frame->rip = cs_fiber_begin_;
  return frame;
}

#elif defined(__aarch64__) && !defined(CS_FIBER_UCONTEXT)

typedef struct
{
  double d8_to_d15[8];
  void (*x19) (void *data);
  void *x20;
  void *x21_to_x28[8];
  void *x29;
  void (*x30) (void);
} Frame;

G_STATIC_ASSERT (sizeof (Frame) == 160);

void *
cs_fiber_prepare_ (void *bottom, void *top, void (*func) (void *data), void *data)
{
  Frame *frame = (Frame *) ((char *) top - sizeof *frame);

  memset (frame, 0, sizeof *frame);
  frame->x19 = func;
  frame->x20 = data;
  frame->x30 = cs_fiber_begin_;
  return frame;
}

#else

#include <ucontext.h>

typedef struct
{
  ucontext_t context;
  gboolean on_heap;
  void (*func) (void *data);
  void *data;
} Place;

/* makecontext () passes ints only. */
static void
begin (guint high, guint low)
{
  Place *place = (Place *) (guintptr) ((guint64) high << 32 | low);

  place->func (place->data);
}

void *
cs_fiber_prepare_ (void *bottom, void *top, void (*func) (void *data), void *data)
{
  Place *place = g_new0 (Place, 1);
  guint64 address = (guintptr) place;

  place->on_heap = TRUE;
  place->func = func;
  place->data = data;
  getcontext (&place->context);
  place->context.uc_stack.ss_sp = bottom;
  place->context.uc_stack.ss_size = (gsize) ((char *) top - (char *) bottom);
  makecontext (&place->context, (void (*) (void)) begin, 2, (guint) (address >> 32),
               (guint) address);
  return place;
}

void
cs_fiber_forget_ (void *sp)
{
  g_free (sp);
}

/* The place of a stack that was left is on that stack, but the prepared one is kept for the stack's
 * whole life: so the caller's own place is used when it has one. */
void
cs_fiber_switch_ (void **save, void *load)
{
  Place here, *place = *save != NULL && ((Place *) *save)->on_heap ? *save : &here;

  if (place == &here)
    here.on_heap = FALSE;
  *save = place;
  swapcontext (&place->context, &((Place *) load)->context);
  if (place == &here)
    *save = NULL;
}

#endif
