/* memory-stream.c: numbering, keeping and reading a channel's publications.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory-shelf.h"

static MemoryMessage *
message_at (const MemoryStream *stream, guint index)
{
  return stream->ring[(stream->first + index) % stream->room];
}

/* ---- its life ---- */

static void
note_deadline (MemoryShelf *shelf, MemoryStream *stream)
{
  memory_heap_set (&shelf->deadlines, &stream->deadline,
                   stream->n > 0 ? MIN (stream->kept_until, stream->known_until)
                                 : stream->known_until);
}

static void
leave_idle (MemoryShelf *shelf, MemoryStream *stream)
{
  if (stream->idle.data == NULL)
    return;
  g_queue_unlink (&shelf->idle, &stream->idle);
  stream->idle.data = NULL;
}

/* To the end of the line of those that may be forgotten when room is needed. */
static void
join_idle (MemoryShelf *shelf, MemoryStream *stream)
{
  leave_idle (shelf, stream);
  stream->idle.data = stream;
  g_queue_push_tail_link (&shelf->idle, &stream->idle);
}

void
memory_stream_free (gpointer data)
{
  MemoryStream *stream = data;
  guint i;

  for (i = 0; i < stream->n; i++)
    memory_message_unref (message_at (stream, i));
  g_clear_pointer (&stream->version_epoch, g_bytes_unref);
  g_free (stream->ring);
  g_free (stream);
}

static void
forget (MemoryShelf *shelf, MemoryStream *stream)
{
  memory_stream_empty (shelf, stream);
  leave_idle (shelf, stream);
  memory_heap_remove (&shelf->deadlines, &stream->deadline);
  memory_budget_give_channel (shelf->budget);
  g_hash_table_remove (shelf->streams, &stream->name);
}

/* The longest unused stream that keeps nothing is worth least: whoever comes back to it finds
 * another epoch, and reads anew. */
gboolean
memory_stream_make_room (MemoryShelf *shelf)
{
  if (memory_budget_take_channel (shelf->budget))
    return TRUE;
  if (shelf->idle.head == NULL)
    return FALSE;
  forget (shelf, shelf->idle.head->data);
  return memory_budget_take_channel (shelf->budget);
}

static MemoryStream *
begin (MemoryShelf *shelf, const MemoryName *name)
{
  MemoryStream *stream = g_malloc0 (sizeof *stream + name->text.len);

  stream->name = *name;
  stream->name.text.data = memcpy (stream + 1, name->text.data, name->text.len);
  stream->deadline.kind = MEMORY_STREAM;
  while (stream->top.epoch == 0)
    stream->top.epoch = (guint64) g_random_int () << 32 | g_random_int ();
  g_hash_table_add (shelf->streams, stream);
  return stream;
}

MemoryStream *
memory_stream_find (MemoryShelf *shelf, const MemoryName *name)
{
  return g_hash_table_lookup (shelf->streams, name);
}

MemoryStream *
memory_stream_use (MemoryShelf *shelf, const MemoryName *name, gint64 meta_ttl, gint64 now)
{
  MemoryStream *stream = memory_stream_find (shelf, name);

  if (stream == NULL)
    {
      if (!memory_stream_make_room (shelf))
        return NULL;
      stream = begin (shelf, name);
    }
  stream->known_until =
    MAX (stream->known_until, now + (meta_ttl > 0 ? meta_ttl : CS_BROKER_META_TTL));
  if (stream->n == 0)
    join_idle (shelf, stream);
  note_deadline (shelf, stream);
  return stream;
}

void
memory_stream_end (MemoryShelf *shelf, MemoryDeadline *deadline, gint64 now)
{
  MemoryStream *stream = MEMORY_CONTAINER (deadline, MemoryStream, deadline);

  if (stream->known_until <= now)
    {
      forget (shelf, stream);
      return;
    }
  memory_stream_empty (shelf, stream);
  note_deadline (shelf, stream);
}

/* ---- its publications ---- */

static void
drop_oldest (MemoryShelf *shelf, MemoryStream *stream)
{
  MemoryMessage *message = message_at (stream, 0);

  memory_budget_give_bytes (shelf->budget, message->bytes);
  memory_message_unref (message);
  stream->first = (stream->first + 1) % stream->room;
  stream->n--;
}

void
memory_stream_empty (MemoryShelf *shelf, MemoryStream *stream)
{
  if (stream->n == 0)
    return;
  while (stream->n > 0)
    drop_oldest (shelf, stream);
  g_clear_pointer (&stream->ring, g_free);
  stream->first = stream->room = 0;
  join_idle (shelf, stream);
}

static void
grow (MemoryStream *stream, guint size)
{
  guint room = MIN (MAX (4, 2 * stream->room), MAX (size, stream->n + 1));
  MemoryMessage **ring = g_new (MemoryMessage *, room);
  guint i;

  for (i = 0; i < stream->n; i++)
    ring[i] = message_at (stream, i);
  g_free (stream->ring);
  stream->ring = ring;
  stream->first = 0;
  stream->room = room;
}

void
memory_stream_append (MemoryShelf *shelf, MemoryStream *stream, MemoryMessage *message, guint size,
                      gint64 until)
{
  while (stream->n >= size)
    drop_oldest (shelf, stream);
  if (stream->n == stream->room)
    grow (stream, size);
  stream->top.offset++;
  message->publication.position = stream->top;
  message->order = ++shelf->order;
  stream->ring[(stream->first + stream->n++) % stream->room] = message;
  stream->kept_until = until;
  stream->known_until = MAX (stream->known_until, until);
  leave_idle (shelf, stream);
  note_deadline (shelf, stream);
}

/* ---- versions ---- */

gboolean
memory_stream_outdates (const MemoryStream *stream, const CsPublish *publish)
{
  CsSlice known = cs_slice (NULL, 0);
  gsize len;

  if (publish->version == 0)
    return FALSE;
  if (stream->version_epoch != NULL)
    {
      known.data = g_bytes_get_data (stream->version_epoch, &len);
      known.len = len;
    }
  return (publish->version_epoch.len == 0 || cs_slice_equal (publish->version_epoch, known)) &&
         publish->version <= stream->version;
}

void
memory_stream_set_version (MemoryStream *stream, const CsPublish *publish)
{
  if (publish->version == 0)
    return;
  stream->version = publish->version;
  g_clear_pointer (&stream->version_epoch, g_bytes_unref);
  if (publish->version_epoch.len > 0)
    stream->version_epoch = g_bytes_new (publish->version_epoch.data, publish->version_epoch.len);
}

/* ---- reading ---- */

static gboolean
same_epoch (const MemoryStream *stream, const CsPosition *position)
{
  return position == NULL || position->epoch == 0 || position->epoch == stream->top.epoch;
}

/* Is everything after the position still here? */
static gboolean
continues (const MemoryStream *stream, guint64 offset)
{
  return offset <= stream->top.offset && stream->top.offset - offset <= stream->n;
}

gboolean
memory_stream_read (const MemoryStream *stream, const CsHistoryQuery *query, GPtrArray *found)
{
  guint64 before = stream->top.offset - stream->n; /* the offset before the oldest */
  guint64 from = before + 1;
  guint64 to = stream->top.offset;

  if (!same_epoch (stream, query->since) || !same_epoch (stream, query->until))
    return FALSE;
  if (query->reverse && query->since != NULL)
    to = MIN (to, query->since->offset > 0 ? query->since->offset - 1 : 0);
  else if (query->since != NULL)
    {
      if (!continues (stream, query->since->offset))
        return FALSE;
      from = query->since->offset + 1;
    }
  if (!query->reverse && query->until != NULL)
    to = MIN (to, query->until->offset);
  while (from <= to && found->len < query->limit)
    {
      guint64 offset = query->reverse ? to-- : from++;

      g_ptr_array_add (found,
                       memory_message_ref (message_at (stream, (guint) (offset - before - 1))));
    }
  return TRUE;
}
