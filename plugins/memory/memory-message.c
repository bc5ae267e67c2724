/* memory-message.c: copies of publications.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-message.h"

static CsSlice
copy_text (CsSlice text, char **to)
{
  CsSlice copy = cs_slice (*to, text.len);

  if (text.len > 0)
    memcpy (*to, text.data, text.len);
  *to += text.len;
  return copy;
}

gsize
memory_member_length (const CsMember *member)
{
  return member->client.len + member->user.len + member->connection_info.len +
         member->channel_info.len;
}

char *
memory_member_copy (CsMember *copy, const CsMember *member, char *to)
{
  copy->client = copy_text (member->client, &to);
  copy->user = copy_text (member->user, &to);
  copy->connection_info = copy_text (member->connection_info, &to);
  copy->channel_info = copy_text (member->channel_info, &to);
  return to;
}

MemoryMessage *
memory_message_new (const CsPublication *publication, const MemoryName *name, guint n_links,
                    gboolean kept)
{
  gsize text =
    publication->channel.len + publication->tags.len + memory_member_length (&publication->member);
  gsize size = sizeof (MemoryMessage) + n_links * sizeof (MemoryLink) + text;
  MemoryMessage *message = g_malloc (size);
  char *to;

  message->ref_count = (gint) n_links + (kept ? 1 : 0);
  message->order = 0;
  message->links = (MemoryLink *) (message + 1);
  message->publication = *publication;
  message->publication.size = sizeof (CsPublication);
  to = (char *) (message->links + n_links);
  message->publication.channel = copy_text (publication->channel, &to);
  message->publication.tags = copy_text (publication->tags, &to);
  memory_member_copy (&message->publication.member, &publication->member, to);
  message->name = *name;
  message->name.text = message->publication.channel;
  message->bytes = size;
  if (publication->data != NULL)
    message->bytes += g_bytes_get_size (g_bytes_ref (publication->data));
  return message;
}

MemoryMessage *
memory_message_ref (MemoryMessage *message)
{
  g_atomic_int_inc (&message->ref_count);
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
