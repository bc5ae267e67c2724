/* memory-inbox.c: a stack that publishers push to and the worker takes whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-inbox.h"

#define MAX_LOST 10000

static void
inbox_run (CsTask *task)
{
  MemoryInbox *inbox = (MemoryInbox *) task;

  /* Before the stack is taken: who puts something in from now on posts again. */
  __atomic_exchange_n (&inbox->posted, FALSE, __ATOMIC_ACQ_REL);
  inbox->func (inbox);
}

void
memory_inbox_init (MemoryInbox *inbox, guint worker, MemoryInboxFunc func, gpointer data)
{
  inbox->task.run = inbox_run;
  inbox->posted = FALSE;
  inbox->head = NULL;
  inbox->bytes = 0;
  inbox->worker = worker;
  inbox->func = func;
  inbox->data = data;
  inbox->lost = NULL;
  inbox->all_lost = FALSE;
  pthread_mutex_init (&inbox->lock, NULL);
}

void
memory_inbox_clear (MemoryInbox *inbox)
{
  MemoryLink *link = memory_inbox_take (inbox);

  while (link != NULL)
    {
      MemoryLink *next = link->next;

      memory_message_unref (link->message);
      link = next;
    }
  g_clear_pointer (&inbox->lost, g_hash_table_unref);
  pthread_mutex_destroy (&inbox->lock);
}

void
memory_inbox_post (MemoryInbox *inbox)
{
  if (!__atomic_exchange_n (&inbox->posted, TRUE, __ATOMIC_ACQ_REL))
    cs_post (inbox->worker, &inbox->task);
}

/* However much is lost, what is known of it is bounded: beyond MAX_LOST names all channels count.
 */
static void
note_lost (MemoryInbox *inbox, const MemoryName *name)
{
  MemoryName *copy = g_malloc (sizeof *copy + name->text.len);

  *copy = *name;
  copy->text.data = memcpy (copy + 1, name->text.data, name->text.len);
  pthread_mutex_lock (&inbox->lock);
  if (inbox->lost == NULL)
    inbox->lost = memory_name_table (g_free);
  if (g_hash_table_size (inbox->lost) < MAX_LOST)
    g_hash_table_add (inbox->lost, g_steal_pointer (&copy));
  else
    inbox->all_lost = TRUE;
  pthread_mutex_unlock (&inbox->lock);
  g_free (copy);
}

gboolean
memory_inbox_put (MemoryInbox *inbox, MemoryLink *link, gint64 limit)
{
  MemoryMessage *message = link->message;
  gint64 size = (gint64) message->bytes;
  MemoryLink *head;

  if (__atomic_fetch_add (&inbox->bytes, size, __ATOMIC_RELAXED) > limit)
    {
      __atomic_fetch_sub (&inbox->bytes, size, __ATOMIC_RELAXED);
      note_lost (inbox, &message->name);
      memory_message_unref (message);
      memory_inbox_post (inbox);
      return FALSE;
    }
  head = __atomic_load_n (&inbox->head, __ATOMIC_RELAXED);
  do
    link->next = head;
  while (!__atomic_compare_exchange_n (&inbox->head, &head, link, TRUE, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED));
  memory_inbox_post (inbox);
  return TRUE;
}

MemoryLink *
memory_inbox_take (MemoryInbox *inbox)
{
  MemoryLink *link = __atomic_exchange_n (&inbox->head, NULL, __ATOMIC_ACQUIRE);
  MemoryLink *oldest = NULL;

  while (link != NULL)
    {
      MemoryLink *next = link->next;

      link->next = oldest;
      oldest = link;
      link = next;
    }
  return oldest;
}

void
memory_inbox_done (MemoryInbox *inbox, const MemoryMessage *message)
{
  __atomic_fetch_sub (&inbox->bytes, (gint64) message->bytes, __ATOMIC_RELAXED);
}

GHashTable *
memory_inbox_take_lost (MemoryInbox *inbox, gboolean *all)
{
  GHashTable *lost;

  pthread_mutex_lock (&inbox->lock);
  lost = g_steal_pointer (&inbox->lost);
  *all = inbox->all_lost;
  inbox->all_lost = FALSE;
  pthread_mutex_unlock (&inbox->lock);
  return lost;
}
