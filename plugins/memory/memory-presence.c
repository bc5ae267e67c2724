/* memory-presence.c: who is in a channel.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

CsStatus
memory_join (CsBroker *broker, CsSlice channel, const CsMember *member, gint64 ttl)
{
  MemoryBroker *self = memory_of (broker);
  MemoryName name = memory_name (channel, 0);
  gint64 now = cs_now ();
  MemoryShelf *shelf;
  gboolean joined;

  if (!memory_legal (channel) || member->client.len == 0 || ttl <= 0)
    return CS_INVALID;
  shelf = memory_shelf_open (self, &name, now);
  joined = memory_room_join (shelf, &name, member, now + ttl);
  memory_shelf_close (self, shelf);
  if (joined)
    return CS_OK;
  return __atomic_load_n (&self->budget.channels, __ATOMIC_RELAXED) >=
             __atomic_load_n (&self->budget.max_channels, __ATOMIC_RELAXED)
           ? memory_refuse_channel (self)
           : memory_refuse_bytes (self);
}

CsStatus
memory_leave (CsBroker *broker, CsSlice channel, CsSlice client)
{
  MemoryBroker *self = memory_of (broker);
  MemoryName name = memory_name (channel, 0);
  MemoryShelf *shelf;
  gboolean left;

  if (!memory_legal (channel))
    return CS_INVALID;
  shelf = memory_shelf_open (self, &name, cs_now ());
  left = memory_room_leave (shelf, &name, client);
  memory_shelf_close (self, shelf);
  return left ? CS_OK : CS_NOT_FOUND;
}

static GPtrArray *
members_of (MemoryShelf *shelf, const MemoryName *name)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (memory_member_unref);
  MemoryRoom *room = memory_room_find (shelf, name);
  GHashTableIter iter;
  gpointer member;

  if (room == NULL)
    return found;
  g_hash_table_iter_init (&iter, room->members);
  while (g_hash_table_iter_next (&iter, &member, NULL))
    g_ptr_array_add (found, memory_member_ref (member));
  return found;
}

CsStatus
memory_presence (CsBroker *broker, CsSlice channel, CsMemberFunc func, gpointer data)
{
  MemoryBroker *self = memory_of (broker);
  MemoryName name = memory_name (channel, 0);
  g_autoptr (GPtrArray) found = NULL;
  MemoryShelf *shelf;
  guint i;

  if (!memory_legal (channel))
    return CS_INVALID;
  shelf = memory_shelf_open (self, &name, cs_now ());
  found = members_of (shelf, &name);
  memory_shelf_close (self, shelf);
  for (i = 0; i < found->len; i++)
    if (!func (&((MemoryMember *) found->pdata[i])->member, data))
      break;
  return CS_OK;
}

CsStatus
memory_presence_stats (CsBroker *broker, CsSlice channel, CsPresenceStats *stats)
{
  MemoryBroker *self = memory_of (broker);
  MemoryName name = memory_name (channel, 0);
  MemoryShelf *shelf;
  MemoryRoom *room;

  if (!memory_legal (channel))
    return CS_INVALID;
  shelf = memory_shelf_open (self, &name, cs_now ());
  room = memory_room_find (shelf, &name);
  stats->n_clients = room != NULL ? g_hash_table_size (room->members) : 0;
  stats->n_users = room != NULL ? g_hash_table_size (room->users) : 0;
  memory_shelf_close (self, shelf);
  return CS_OK;
}
