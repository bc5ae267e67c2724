/* memory-message.h: a publication as it is kept and handed from thread to thread, shared.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "memory-name.h"

G_BEGIN_DECLS

typedef struct _MemoryMessage MemoryMessage;
typedef struct _MemoryLink MemoryLink;

/* Shared by the inboxes it was put into and the history that keeps it; the last one frees it. */
struct _MemoryMessage
{
  gint ref_count;
  MemoryName name; /* of the channel */
  guint64 order;   /* within its shelf; 0: it has no place in a stream */
  gsize bytes;     /* what it takes, with its data */
  CsPublication publication;
  MemoryLink *links;
};

/* A message's place in one inbox. */
struct _MemoryLink
{
  MemoryLink *next;
  MemoryMessage *message;
};

/* A copy of the publication with room for `n_links` readers. It has `n_links` references, and one
 * more when it is to be kept. `name` is that of publication->channel. */
MemoryMessage *memory_message_new (const CsPublication *publication, const MemoryName *name,
                                   guint n_links, gboolean kept);
void memory_message_unref (MemoryMessage *message);
MemoryMessage *memory_message_ref (MemoryMessage *message);

/* Copies of a member's text, one after the other, at `to`; its end. */
char *memory_member_copy (CsMember *copy, const CsMember *member, char *to);
gsize memory_member_length (const CsMember *member);

G_END_DECLS
