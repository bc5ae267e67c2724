/* wait.h: what a CsWait holds.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_WAIT_H
#define CS_WAIT_H

#include <cloudsync/loop.h>

G_BEGIN_DECLS

/* Who changes it: the waiter IDLE -> WAITING and, when it gives up, back; a waker IDLE -> WOKEN,
 * and WAITING -> WOKEN on the waiter's worker or -> POSTED from elsewhere; the mailbox POSTED ->
 * WOKEN. Giving up fails once it is POSTED: the waiter stays until its mailbox has brought the
 * wake, so nobody touches the memory after the wait has returned. */
typedef enum
{
  CS_WAIT_IDLE,
  CS_WAIT_WAITING,
  CS_WAIT_POSTED,
  CS_WAIT_WOKEN
} CsWaitState;

struct _CsWaitBody
{
  CsTask task; /* in the mailbox while POSTED */
  CsFiber *fiber;
  gint worker; /* of cs_wait_init (); -1: a thread of its own */
  gint state;  /* CsWaitState, atomic; also a futex */
};

typedef struct _CsWaitBody CsWaitBody;

G_STATIC_ASSERT (sizeof (CsWaitBody) <= sizeof (CsWait));

void cs_wait_prepare (CsWait *wait);
CsStatus cs_wait_until (CsWait *wait, gint64 deadline);
void cs_wait_to_the_end (CsWait *wait);
void cs_wait_wake (CsWait *wait);
void cs_wait_wake_from (CsWait *wait);

/* The waiter stops waiting, unless a wake is on its way already. */
gboolean cs_wait_give_up (CsWaitBody *wait);

/* The fiber's own deadline, or the wait's, passed. */
void cs_wait_timed_out (CsTimer *timer, gpointer fiber);

G_END_DECLS

#endif
