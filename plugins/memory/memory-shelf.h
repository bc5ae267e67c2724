/* memory-shelf.h: what is kept of a share of the channels: streams, members, remembered results.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A shelf is one lock, held for the few lines of a call and never over a wait; a channel's hash
 * chooses the shelf. All functions here want it held. */
#pragma once

#include "memory-heap.h"
#include "memory-message.h"

#include <pthread.h>

G_BEGIN_DECLS

/* What all shelves together may keep. Atomic. */
typedef struct
{
  gint64 channels; /* streams and rooms */
  gint64 bytes;    /* of history, members and results */
  gint64 max_channels;
  gint64 max_bytes;
  CsStat kept_channels;
  CsStat kept_bytes;
  CsStat members;
} MemoryBudget;

/* FALSE: the limit is reached, nothing was taken. */
gboolean memory_budget_take_channel (MemoryBudget *budget);
gboolean memory_budget_take_bytes (MemoryBudget *budget, gsize bytes);
void memory_budget_give_channel (MemoryBudget *budget);
void memory_budget_give_bytes (MemoryBudget *budget, gsize bytes);

typedef struct
{
  pthread_mutex_t lock;
  guint64 order;       /* of the last message that was numbered here */
  GHashTable *streams; /* MemoryStream */
  GHashTable *rooms;   /* MemoryRoom */
  GHashTable *results; /* MemoryResult */
  GQueue idle;         /* streams without publications, the longest unused first */
  MemoryHeap deadlines;
  MemoryBudget *budget;
} MemoryShelf;

typedef enum
{
  MEMORY_STREAM,
  MEMORY_MEMBER,
  MEMORY_RESULT
} MemoryKind;

#define MEMORY_CONTAINER(pointer, Type, member)                                                    \
  ((Type *) ((char *) (pointer) -G_STRUCT_OFFSET (Type, member)))

void memory_shelf_init (MemoryShelf *shelf, MemoryBudget *budget);
/* When all threads have ended. */
void memory_shelf_clear (MemoryShelf *shelf);

/* Drops at most `most` things that have ended; FALSE: there are more. */
gboolean memory_shelf_expire (MemoryShelf *shelf, gint64 now, guint most);

/* ---- memory-stream.c ---- */

/* A channel's numbers and the newest of its publications, in a ring. */
typedef struct
{
  MemoryName name;
  MemoryDeadline deadline;
  GList idle;
  CsPosition top;
  guint64 version;
  GBytes *version_epoch; /* NULL: "" */
  gint64 kept_until;     /* the publications */
  gint64 known_until;    /* epoch and offset */
  MemoryMessage **ring;
  guint first;
  guint n;
  guint room;
} MemoryStream;

/* The channel's stream, begun if there is none, and used now: it is known for `meta_ttl` more.
 * NULL: a limit. */
MemoryStream *
memory_stream_use (MemoryShelf *shelf, const MemoryName *name, gint64 meta_ttl, gint64 now);
MemoryStream *memory_stream_find (MemoryShelf *shelf, const MemoryName *name);

/* A channel's place in the budget. FALSE: the limit is reached, and nothing on this shelf can be
 * forgotten. */
gboolean memory_stream_make_room (MemoryShelf *shelf);

/* Numbers the message and keeps it; older ones beyond `size` go. Takes over a reference. */
void memory_stream_append (MemoryShelf *shelf, MemoryStream *stream, MemoryMessage *message,
                           guint size, gint64 until);
void memory_stream_empty (MemoryShelf *shelf, MemoryStream *stream);

/* The version of `publish` is not above the stream's. */
gboolean memory_stream_outdates (const MemoryStream *stream, const CsPublish *publish);
void memory_stream_set_version (MemoryStream *stream, const CsPublish *publish);

/* References to what the query asks for, in its order. FALSE: its `since` or `until` cannot be
 * served. */
gboolean
memory_stream_read (const MemoryStream *stream, const CsHistoryQuery *query, GPtrArray *found);

/* For memory-shelf.c: */
void memory_stream_end (MemoryShelf *shelf, MemoryDeadline *deadline, gint64 now);
void memory_stream_free (gpointer stream);

/* ---- memory-room.c ---- */

/* Who is in a channel. */
typedef struct
{
  MemoryName name;
  GHashTable *members; /* MemoryMember */
  GHashTable *users;   /* MemoryUser */
} MemoryRoom;

typedef struct
{
  MemoryName name; /* the client */
  gint ref_count;
  MemoryDeadline deadline;
  MemoryRoom *room;
  gsize bytes;
  CsMember member;
} MemoryMember;

MemoryRoom *memory_room_find (MemoryShelf *shelf, const MemoryName *name);
/* FALSE: a limit. */
gboolean
memory_room_join (MemoryShelf *shelf, const MemoryName *name, const CsMember *member, gint64 until);
/* FALSE: it was not there. */
gboolean memory_room_leave (MemoryShelf *shelf, const MemoryName *name, CsSlice client);
/* A member outlives the lock by a reference. */
MemoryMember *memory_member_ref (MemoryMember *member);
void memory_member_unref (gpointer member);

void memory_member_end (MemoryShelf *shelf, MemoryDeadline *deadline);
void memory_room_free (gpointer room);

/* ---- memory-result.c ---- */

/* What became of a publication with a key. */
typedef struct
{
  MemoryName name; /* the channel, a zero, the key */
  MemoryDeadline deadline;
  gsize bytes;
  CsPosition position;
} MemoryResult;

MemoryResult *memory_result_find (MemoryShelf *shelf, CsSlice channel, CsSlice key);
/* Bytes of one that is to be remembered. */
gsize memory_result_size (CsSlice channel, CsSlice key);
/* The bytes have been taken from the budget. */
void memory_result_remember (MemoryShelf *shelf, CsSlice channel, CsSlice key, CsPosition position,
                             gint64 until);
void memory_result_end (MemoryShelf *shelf, MemoryDeadline *deadline);

G_END_DECLS
