/* auth-gate.c: a counting semaphore whose waiters are fibers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-gate.h"

typedef struct
{
  CsWait wait;
  GList link;
  gboolean admitted;
} AuthGateWaiter;

void
auth_gate_init (AuthGate *gate)
{
  pthread_mutex_init (&gate->lock, NULL);
  gate->busy = 0;
  g_queue_init (&gate->waiting);
}

void
auth_gate_clear (AuthGate *gate)
{
  pthread_mutex_destroy (&gate->lock);
}

/* A wait that ended without a wake: take the place in the queue back, or, if a slot was handed over in
 * that very moment, let the wake arrive and pass the slot on. */
static CsStatus
give_up (AuthGate *gate, AuthGateWaiter *waiter, CsStatus status)
{
  gboolean admitted;

  pthread_mutex_lock (&gate->lock);
  admitted = waiter->admitted;
  if (!admitted)
    g_queue_unlink (&gate->waiting, &waiter->link);
  pthread_mutex_unlock (&gate->lock);
  if (admitted)
    {
      cs_wait_through (&waiter->wait);
      auth_gate_leave (gate);
    }
  return status == CS_TIMED_OUT ? CS_OVERLOADED : status;
}

CsStatus
auth_gate_enter (AuthGate *gate, guint max_waiting, gint64 max_wait)
{
  AuthGateWaiter waiter = { .link.data = &waiter };
  gboolean at_once = FALSE;
  CsStatus status = CS_OK;

  cs_wait_init (&waiter.wait);
  pthread_mutex_lock (&gate->lock);
  if (gate->busy < AUTH_GATE_SLOTS)
    {
      gate->busy++;
      at_once = TRUE;
    }
  else if (gate->waiting.length < max_waiting)
    g_queue_push_tail_link (&gate->waiting, &waiter.link);
  else
    status = CS_OVERLOADED;
  pthread_mutex_unlock (&gate->lock);
  if (status != CS_OK || at_once)
    return status;
  status = cs_wait (&waiter.wait, cs_now () + max_wait);
  return status == CS_OK ? CS_OK : give_up (gate, &waiter, status);
}

void
auth_gate_leave (AuthGate *gate)
{
  AuthGateWaiter *next = NULL;
  GList *link;

  pthread_mutex_lock (&gate->lock);
  link = g_queue_pop_head_link (&gate->waiting);
  if (link == NULL)
    gate->busy--;
  else
    {
      next = link->data;
      next->admitted = TRUE; /* the slot is handed over */
    }
  pthread_mutex_unlock (&gate->lock);
  if (next != NULL)
    cs_wake_from (&next->wait);
}
