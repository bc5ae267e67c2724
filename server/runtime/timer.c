/* timer.c: the timer wheel. A timer lies on the level of the highest group of six bits in which its
 * tick differs from the present one, so the first occupied slot of the lowest occupied level is
 * next.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/timer.h"

#include "runtime/worker.h"

#define TICK 1000
#define MAX_TICK ((G_GUINT64_CONSTANT (1) << (CS_WHEEL_BITS * CS_WHEEL_LEVELS)) - 1)

static inline CsTimerBody *
body (CsTimer *timer)
{
  return (CsTimerBody *) timer;
}

static inline void
link_init (CsTimerLink *head)
{
  head->prev = head->next = head;
}

static inline gboolean
link_is_empty (const CsTimerLink *head)
{
  return head->next == head;
}

static guint64
tick_of (const CsWheel *wheel, gint64 at)
{
  if (at <= wheel->base)
    return 0;
  if ((guint64) (at - wheel->base) > (MAX_TICK - 1) * TICK)
    return MAX_TICK;
  return ((guint64) (at - wheel->base) + TICK - 1) / TICK;
}

void
cs_wheel_init (CsWheel *wheel, gint64 now)
{
  memset (wheel, 0, sizeof *wheel);
  wheel->base = now;
  for (guint level = 0; level < CS_WHEEL_LEVELS; level++)
    for (guint slot = 0; slot < CS_WHEEL_SLOTS; slot++)
      link_init (&wheel->slots[level][slot]);
}

static void
place (CsWheel *wheel, CsTimerBody *timer, guint64 earliest)
{
  guint64 tick = MAX (tick_of (wheel, timer->at), earliest);
  guint64 differs = (tick ^ wheel->tick) | 1;
  guint level = (guint) (63 - __builtin_clzll (differs)) / CS_WHEEL_BITS;
  guint slot = (tick >> (level * CS_WHEEL_BITS)) & (CS_WHEEL_SLOTS - 1);
  CsTimerLink *head = &wheel->slots[level][slot];

  timer->placed = tick;
  timer->link.prev = head->prev;
  timer->link.next = head;
  head->prev->next = &timer->link;
  head->prev = &timer->link;
  wheel->occupied[level] |= G_GUINT64_CONSTANT (1) << slot;
}

static void
unplace (CsWheel *wheel, CsTimerBody *timer)
{
  CsTimerLink *next = timer->link.next;

  timer->link.prev->next = next;
  next->prev = timer->link.prev;
  if (next->next == next && next >= wheel->slots[0]
      && next < wheel->slots[0] + CS_WHEEL_LEVELS * CS_WHEEL_SLOTS)
    {
      gsize index = (gsize) (next - wheel->slots[0]);

      wheel->occupied[index / CS_WHEEL_SLOTS]
        &= ~(G_GUINT64_CONSTANT (1) << (index % CS_WHEEL_SLOTS));
    }
}

void
cs_wheel_start (CsWheel *wheel, gpointer self, CsTimer *timer_, gint64 at, CsTimerFunc func,
                gpointer data)
{
  CsTimerBody *timer = body (timer_);

  timer->func = func;
  timer->data = data;
  timer->self = self;
  timer->at = at;
  if (timer->wheel != NULL)
    {
      g_assert (timer->wheel == wheel);
      if (tick_of (wheel, at) >= timer->placed)
        return;
      unplace (wheel, timer);
    }
  else
    {
      timer->wheel = wheel;
      wheel->count++;
    }
  place (wheel, timer, MAX (wheel->tick, wheel->floor));
}

void
cs_wheel_stop (CsTimer *timer_)
{
  CsTimerBody *timer = body (timer_);

  if (timer->wheel == NULL)
    return;
  unplace (timer->wheel, timer);
  timer->wheel->count--;
  timer->wheel = NULL;
}

/* The first occupied slot and the tick at which it begins; FALSE when the wheel is empty. */
static gboolean
next_slot (const CsWheel *wheel, guint *level, guint *slot, guint64 *tick)
{
  for (guint l = 0; l < CS_WHEEL_LEVELS; l++)
    if (wheel->occupied[l] != 0)
      {
        guint shift = l * CS_WHEEL_BITS;
        guint64 start = wheel->tick >> (shift + CS_WHEEL_BITS) << (shift + CS_WHEEL_BITS);

        *level = l;
        *slot = (guint) __builtin_ctzll (wheel->occupied[l]);
        *tick = start + ((guint64) *slot << shift);
        return TRUE;
      }
  return FALSE;
}

gint64
cs_wheel_next (const CsWheel *wheel)
{
  guint level, slot;
  guint64 tick;

  if (!next_slot (wheel, &level, &slot, &tick))
    return CS_NEVER;
  return wheel->base + (gint64) (tick * TICK);
}

static void
fire (CsWheel *wheel, CsTimerBody *timer)
{
  CsDoing before = cs_worker_doing (timer->self, "timer");

  wheel->count--;
  timer->wheel = NULL;
  timer->func ((CsTimer *) timer, timer->data);
  cs_worker_done (before);
}

/* Callbacks may stop and start any timer, those of this very slot included: the list is taken whole
 * and consumed from its head. */
static void
run_slot (CsWheel *wheel, guint level, guint slot)
{
  CsTimerLink *head = &wheel->slots[level][slot], due;

  due = *head;
  due.next->prev = due.prev->next = &due;
  link_init (head);
  wheel->occupied[level] &= ~(G_GUINT64_CONSTANT (1) << slot);
  while (!link_is_empty (&due))
    {
      CsTimerBody *timer = (CsTimerBody *) due.next;

      due.next = timer->link.next;
      due.next->prev = &due;
      if (tick_of (wheel, timer->at) > wheel->tick)
        place (wheel, timer, wheel->tick);
      else
        fire (wheel, timer);
    }
}

void
cs_wheel_advance (CsWheel *wheel, gint64 now)
{
  guint64 target = now > wheel->base ? (guint64) (now - wheel->base) / TICK : 0;
  guint64 tick;
  guint level, slot;

  if (target < wheel->tick)
    return;
  wheel->floor = target + 1;
  while (next_slot (wheel, &level, &slot, &tick) && tick <= target)
    {
      wheel->tick = MAX (wheel->tick, tick);
      run_slot (wheel, level, slot);
    }
  wheel->tick = target;
}

guint
cs_wheel_count_owned (const CsWheel *wheel, gpointer self)
{
  const CsTimerLink *slots = wheel->slots[0];
  guint n = 0;

  for (guint i = 0; i < CS_WHEEL_LEVELS * CS_WHEEL_SLOTS; i++)
    for (const CsTimerLink *link = slots[i].next; link != &slots[i]; link = link->next)
      n += ((const CsTimerBody *) link)->self == self;
  return n;
}
