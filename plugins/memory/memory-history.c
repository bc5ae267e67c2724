/* memory-history.c: reading and forgetting what a stream keeps.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

/* With the lock given back: func is the caller's code. */
static void
show (GPtrArray *found, CsHistoryFunc func, gpointer data)
{
  guint i;

  for (i = 0; i < found->len; i++)
    if (!func (&((MemoryMessage *) found->pdata[i])->publication, data))
      return;
}

static void
release (gpointer message)
{
  memory_message_unref (message);
}

CsStatus
memory_history (CsBroker *broker, CsSlice channel, const CsHistoryQuery *query, CsHistoryFunc func,
                gpointer data, CsPosition *top)
{
  MemoryBroker *self = memory_of (broker);
  const MemoryOwner *owner = memory_owner_of (self, channel);
  g_autoptr (GPtrArray) found = NULL;
  MemoryName name = memory_name (channel, 0);
  gint64 now = cs_now ();
  gboolean served = TRUE;
  MemoryStream *stream;
  MemoryShelf *shelf;

  if (!memory_legal (channel) || query->variant > 1)
    return CS_INVALID;
  if (owner != NULL)
    return memory_feed_history (owner, channel, query, func, data, top);
  found = g_ptr_array_new_with_free_func (release);
  shelf = memory_shelf_open (self, &name, now);
  stream = memory_stream_use (shelf, &name, query->meta_ttl, now);
  if (stream != NULL)
    {
      *top = stream->top;
      served = query->limit == 0 || memory_stream_read (stream, query, found);
    }
  memory_shelf_close (self, shelf);
  if (stream == NULL)
    return memory_refuse_channel (self);
  show (found, func, data);
  return served ? CS_OK : CS_NOT_FOUND;
}

CsStatus
memory_history_remove (CsBroker *broker, CsSlice channel)
{
  MemoryBroker *self = memory_of (broker);
  MemoryName name = memory_name (channel, 0);
  MemoryStream *stream;
  MemoryShelf *shelf;

  if (!memory_legal (channel))
    return CS_INVALID;
  if (memory_owner_of (self, channel) != NULL)
    return CS_DENIED;
  shelf = memory_shelf_open (self, &name, cs_now ());
  stream = memory_stream_find (shelf, &name);
  if (stream != NULL)
    memory_stream_empty (shelf, stream);
  memory_shelf_close (self, shelf);
  return CS_OK;
}
