/* memory-inbox.c: a stack that publishers push to and the worker takes whole.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-inbox.h"

MemoryMessage *
memory_message_new (const CsPublication *publication, guint32 hash, guint n_links)
{
  gsize text = publication->channel.len + publication->tags.len;
  gsize links = n_links * sizeof (MemoryLink);
  MemoryMessage *message = g_malloc (sizeof *message + links + text);
  char *copy = (char *) (message + 1) + links;

  message->ref_count = (gint) n_links;
  message->hash = hash;
  message->links = (MemoryLink *) (message + 1);
  message->publication = *publication;
  message->publication.size = sizeof (CsPublication);
  message->publication.channel = cs_slice (copy, publication->channel.len);
  message->publication.tags = cs_slice (copy + publication->channel.len, publication->tags.len);
  memcpy (copy, publication->channel.data, publication->channel.len);
  if (publication->tags.len > 0)
    memcpy (copy + publication->channel.len, publication->tags.data, publication->tags.len);
  if (publication->data != NULL)
    g_bytes_ref (publication->data);
  return message;
}

void
memory_message_unref (MemoryMessage *message)
{
  if (!g_atomic_int_dec_and_test (&message->ref_count))
    return;
  if (message->publication.data != NULL)
    g_bytes_unref (message->publication.data);
  g_free (message);
}

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
  inbox->worker = worker;
  inbox->func = func;
  inbox->data = data;
}

void
memory_inbox_put (MemoryInbox *inbox, MemoryLink *link)
{
  MemoryLink *head = __atomic_load_n (&inbox->head, __ATOMIC_RELAXED);

  do
    link->next = head;
  while (!__atomic_compare_exchange_n (&inbox->head, &head, link, TRUE, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED));
  if (!__atomic_exchange_n (&inbox->posted, TRUE, __ATOMIC_ACQ_REL))
    cs_post (inbox->worker, &inbox->task);
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
