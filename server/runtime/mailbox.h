/* mailbox.h: an intrusive queue of tasks from many threads to one; push never waits or allocates.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_MAILBOX_H
#define CS_MAILBOX_H

#include <cloudsync/loop.h>

G_BEGIN_DECLS

/* `sleeping` and `head` are in one total order: either the sender sees that the receiver sleeps, or
 * the receiver, which says so before it looks a last time, sees the task. */
typedef struct
{
  CsTask *head; /* newest first */
  gint sleeping;
} CsMailbox;

/* TRUE: the receiver sleeps and it is this caller who has to wake it. */
static inline gboolean
cs_mailbox_push (CsMailbox *box, CsTask *task)
{
  CsTask *head = __atomic_load_n (&box->head, __ATOMIC_RELAXED);

  do
    task->next_ = head;
  while (!__atomic_compare_exchange_n (&box->head, &head, task, TRUE, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED));
  return __atomic_load_n (&box->sleeping, __ATOMIC_SEQ_CST) != 0
         && __atomic_exchange_n (&box->sleeping, 0, __ATOMIC_SEQ_CST) != 0;
}

static inline gboolean
cs_mailbox_is_empty (CsMailbox *box)
{
  return __atomic_load_n (&box->head, __ATOMIC_SEQ_CST) == NULL;
}

/* Everything that was pushed, oldest first. */
static inline CsTask *
cs_mailbox_take (CsMailbox *box)
{
  CsTask *task, *ordered = NULL;

  if (__atomic_load_n (&box->head, __ATOMIC_RELAXED) == NULL)
    return NULL;
  task = __atomic_exchange_n (&box->head, NULL, __ATOMIC_ACQUIRE);
  while (task != NULL)
    {
      CsTask *next = task->next_;

      task->next_ = ordered;
      ordered = task;
      task = next;
    }
  return ordered;
}

/* TRUE: the receiver may sleep; a push from now on asks for a wake. */
static inline gboolean
cs_mailbox_may_sleep (CsMailbox *box)
{
  __atomic_store_n (&box->sleeping, 1, __ATOMIC_SEQ_CST);
  if (cs_mailbox_is_empty (box))
    return TRUE;
  __atomic_store_n (&box->sleeping, 0, __ATOMIC_SEQ_CST);
  return FALSE;
}

static inline void
cs_mailbox_awake (CsMailbox *box)
{
  __atomic_store_n (&box->sleeping, 0, __ATOMIC_SEQ_CST);
}

G_END_DECLS

#endif
