/* memory-room.c: who is in a channel, and how many users they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-shelf.h"

typedef struct
{
  MemoryName name;
  guint n; /* clients of this user */
} MemoryUser;

static void
member_release (gpointer data)
{
  memory_member_unref (data);
}

MemoryMember *
memory_member_ref (MemoryMember *member)
{
  g_atomic_int_inc (&member->ref_count);
  return member;
}

void
memory_member_unref (gpointer data)
{
  MemoryMember *member = data;

  if (g_atomic_int_dec_and_test (&member->ref_count))
    g_free (member);
}

void
memory_room_free (gpointer data)
{
  MemoryRoom *room = data;

  g_hash_table_unref (room->members);
  g_hash_table_unref (room->users);
  g_free (room);
}

MemoryRoom *
memory_room_find (MemoryShelf *shelf, const MemoryName *name)
{
  return g_hash_table_lookup (shelf->rooms, name);
}

static MemoryRoom *
room_make (MemoryShelf *shelf, const MemoryName *name)
{
  MemoryRoom *room = memory_room_find (shelf, name);

  if (room != NULL)
    return room;
  if (!memory_stream_make_room (shelf))
    return NULL;
  room = g_malloc0 (sizeof *room + name->text.len);
  room->name = *name;
  room->name.text.data = memcpy (room + 1, name->text.data, name->text.len);
  room->members = memory_name_table (member_release);
  room->users = memory_name_table (g_free);
  g_hash_table_add (shelf->rooms, room);
  return room;
}

static void
room_drop (MemoryShelf *shelf, MemoryRoom *room)
{
  if (g_hash_table_size (room->members) > 0)
    return;
  memory_budget_give_channel (shelf->budget);
  g_hash_table_remove (shelf->rooms, &room->name);
}

/* ---- users ---- */

static void
user_add (MemoryRoom *room, CsSlice id)
{
  MemoryName name = memory_name (id, 0);
  MemoryUser *user = g_hash_table_lookup (room->users, &name);

  if (user == NULL)
    {
      user = g_malloc0 (sizeof *user + id.len);
      user->name = name;
      if (id.len > 0)
        user->name.text.data = memcpy (user + 1, id.data, id.len);
      g_hash_table_add (room->users, user);
    }
  user->n++;
}

static void
user_remove (MemoryRoom *room, CsSlice id)
{
  MemoryName name = memory_name (id, 0);
  MemoryUser *user = g_hash_table_lookup (room->users, &name);

  if (--user->n == 0)
    g_hash_table_remove (room->users, &name);
}

/* ---- members ---- */

static void
member_drop (MemoryShelf *shelf, MemoryMember *member)
{
  MemoryRoom *room = member->room;

  memory_heap_remove (&shelf->deadlines, &member->deadline);
  memory_budget_give_bytes (shelf->budget, member->bytes);
  cs_stat_add (shelf->budget->members, -1);
  user_remove (room, member->member.user);
  g_hash_table_remove (room->members, &member->name);
}

void
memory_member_end (MemoryShelf *shelf, MemoryDeadline *deadline)
{
  MemoryMember *member = MEMORY_CONTAINER (deadline, MemoryMember, deadline);
  MemoryRoom *room = member->room;

  member_drop (shelf, member);
  room_drop (shelf, room);
}

static MemoryMember *
member_new (MemoryRoom *room, const CsMember *shown)
{
  gsize size = sizeof (MemoryMember) + memory_member_length (shown);
  MemoryMember *member = g_malloc0 (size);

  member->ref_count = 1;
  member->room = room;
  member->bytes = size;
  member->deadline.kind = MEMORY_MEMBER;
  memory_member_copy (&member->member, shown, (char *) (member + 1));
  member->name = memory_name (member->member.client, 0);
  return member;
}

static gboolean
same_member (const CsMember *a, const CsMember *b)
{
  return cs_slice_equal (a->user, b->user) &&
         cs_slice_equal (a->connection_info, b->connection_info) &&
         cs_slice_equal (a->channel_info, b->channel_info);
}

/* In the place of `old` (may be NULL), which stays if there is no room. */
static gboolean
member_add (MemoryShelf *shelf, MemoryRoom *room, MemoryMember *old, const CsMember *shown,
            gint64 until)
{
  MemoryMember *member = member_new (room, shown);

  if (!memory_budget_take_bytes (shelf->budget, member->bytes))
    {
      memory_member_unref (member);
      return FALSE;
    }
  if (old != NULL)
    member_drop (shelf, old);
  cs_stat_add (shelf->budget->members, 1);
  g_hash_table_add (room->members, member);
  user_add (room, member->member.user);
  memory_heap_set (&shelf->deadlines, &member->deadline, until);
  return TRUE;
}

gboolean
memory_room_join (MemoryShelf *shelf, const MemoryName *name, const CsMember *shown, gint64 until)
{
  MemoryRoom *room = room_make (shelf, name);
  MemoryName client = memory_name (shown->client, 0);
  MemoryMember *member;
  gboolean added;

  if (room == NULL)
    return FALSE;
  member = g_hash_table_lookup (room->members, &client);
  if (member != NULL && same_member (&member->member, shown))
    {
      memory_heap_set (&shelf->deadlines, &member->deadline, until);
      return TRUE;
    }
  added = member_add (shelf, room, member, shown, until);
  room_drop (shelf, room);
  return added;
}

gboolean
memory_room_leave (MemoryShelf *shelf, const MemoryName *name, CsSlice client)
{
  MemoryRoom *room = memory_room_find (shelf, name);
  MemoryName key = memory_name (client, 0);
  MemoryMember *member = room != NULL ? g_hash_table_lookup (room->members, &key) : NULL;

  if (member == NULL)
    return FALSE;
  member_drop (shelf, member);
  room_drop (shelf, room);
  return TRUE;
}
