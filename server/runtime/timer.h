/* timer.h: a hashed wheel of timers in seven levels of 64 slots; start and stop take constant time.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_TIMER_H
#define CS_TIMER_H

#include <cloudsync/loop.h>

G_BEGIN_DECLS

#define CS_WHEEL_LEVELS 7
#define CS_WHEEL_BITS 6
#define CS_WHEEL_SLOTS (1 << CS_WHEEL_BITS)

typedef struct _CsWheel CsWheel;
typedef struct _CsTimerLink CsTimerLink;
struct _CsTimerLink
{
  CsTimerLink *prev;
  CsTimerLink *next;
};

/* What a CsTimer holds. A timer that is moved to a later time stays in its slot until that comes:
 * pushing out an idle timeout at each request costs one store. */
typedef struct
{
  CsTimerLink link;
  CsWheel *wheel; /* NULL: not started */
  CsTimerFunc func;
  gpointer data;
  gpointer self;
  gint64 at;      /* microseconds */
  guint64 placed; /* tick of the slot it is in */
} CsTimerBody;

G_STATIC_ASSERT (sizeof (CsTimerBody) <= sizeof (CsTimer));

/* One thread's timers. A tick is a millisecond since `base`; no timer fires early. */
struct _CsWheel
{
  gint64 base;
  guint64 tick;  /* everything before it has fired */
  guint64 floor; /* no timer is placed before it: what is started while timers fire comes later */
  guint count;
  guint64 occupied[CS_WHEEL_LEVELS];
  CsTimerLink slots[CS_WHEEL_LEVELS][CS_WHEEL_SLOTS];
};

void cs_wheel_init (CsWheel *wheel, gint64 now);
void cs_wheel_start (CsWheel *wheel, gpointer self, CsTimer *timer, gint64 at, CsTimerFunc func,
                     gpointer data);
void cs_wheel_stop (CsTimer *timer);

/* Calls what is due. */
void cs_wheel_advance (CsWheel *wheel, gint64 now);

/* When to call cs_wheel_advance () next; at the latest the first timer's time. CS_NEVER: none is
 * started. */
gint64 cs_wheel_next (const CsWheel *wheel);

guint cs_wheel_count_owned (const CsWheel *wheel, gpointer self);

G_END_DECLS

#endif
