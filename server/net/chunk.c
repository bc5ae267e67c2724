/* chunk.c: the output queue. A buffer goes back to the worker's pool as soon as it is empty, so a
 * connection at rest has none.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/chunk.h"

#include <string.h>

#define REFERENCE 2048 /* smaller ones are copied: cheaper than a part of its own in the write */

/* Spare buffers a worker keeps: as many small ones as a turn has answers, few large ones. */
static const guint keep[2] = { 256, 16 };

static CsChunk *
chunk_take (CsChunkPool *pool, gboolean large)
{
  CsChunk *chunk = pool->free[large];
  gsize size = large ? CS_CHUNK_SIZE : CS_CHUNK_SMALL;

  if (chunk != NULL)
    {
      pool->free[large] = chunk->next;
      pool->n_free[large]--;
    }
  else
    chunk = g_malloc (sizeof *chunk + size);
  chunk->next = NULL;
  chunk->bytes = NULL;
  chunk->data = chunk->room;
  chunk->start = chunk->end = 0;
  chunk->size = size;
  return chunk;
}

static void
chunk_give (CsChunkPool *pool, CsChunk *chunk)
{
  gboolean large = chunk->size == CS_CHUNK_SIZE;

  if (chunk->bytes == NULL && pool->n_free[large] < keep[large])
    {
      chunk->next = pool->free[large];
      pool->free[large] = chunk;
      pool->n_free[large]++;
      return;
    }
  g_clear_pointer (&chunk->bytes, g_bytes_unref);
  g_free (chunk);
}

static void
free_list_clear (CsChunk **list, guint *n)
{
  while (*list != NULL)
    {
      CsChunk *next = (*list)->next;

      g_free (*list);
      *list = next;
    }
  *n = 0;
}

void
cs_chunk_pool_clear (CsChunkPool *pool)
{
  for (guint i = 0; i < G_N_ELEMENTS (pool->free); i++)
    free_list_clear (&pool->free[i], &pool->n_free[i]);
}

static void
append (CsQueue *queue, CsChunk *chunk)
{
  if (queue->tail != NULL)
    queue->tail->next = chunk;
  else
    queue->head = chunk;
  queue->tail = chunk;
}

static inline gsize
room_of (const CsChunk *chunk)
{
  return chunk != NULL && chunk->bytes == NULL ? chunk->size - chunk->end : 0;
}

/* Most queues hold one short answer for the rest of a turn: they shall be dense in memory. */
static void
add_room (CsQueue *queue, CsChunkPool *pool, gsize len)
{
  append (queue, chunk_take (pool, queue->tail != NULL || len > CS_CHUNK_SMALL));
}

gpointer
cs_queue_reserve (CsQueue *queue, CsChunkPool *pool, gsize len)
{
  g_assert (len <= CS_CHUNK_SIZE);
  if (queue->tail == NULL || room_of (queue->tail) < len)
    add_room (queue, pool, len);
  return queue->tail->room + queue->tail->end;
}

void
cs_queue_commit (CsQueue *queue, gsize len)
{
  queue->tail->end += len;
  queue->len += len;
}

void
cs_queue_write (CsQueue *queue, CsChunkPool *pool, const char *data, gsize len)
{
  while (len > 0)
    {
      gsize room = room_of (queue->tail), part;

      if (room == 0)
        {
          add_room (queue, pool, len);
          room = room_of (queue->tail);
        }
      part = MIN (room, len);
      memcpy (queue->tail->room + queue->tail->end, data, part);
      cs_queue_commit (queue, part);
      data += part;
      len -= part;
    }
}

void
cs_queue_write_bytes (CsQueue *queue, CsChunkPool *pool, GBytes *bytes)
{
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);
  CsChunk *chunk;

  if (len < REFERENCE)
    {
      cs_queue_write (queue, pool, data, len);
      return;
    }
  chunk = g_new (CsChunk, 1);
  chunk->next = NULL;
  chunk->bytes = g_bytes_ref (bytes);
  chunk->data = data;
  chunk->start = 0;
  chunk->end = len;
  chunk->size = 0;
  append (queue, chunk);
  queue->len += len;
}

void
cs_queue_drop (CsQueue *queue, CsChunkPool *pool, gsize len)
{
  queue->len -= len;
  while (queue->head != NULL)
    {
      CsChunk *chunk = queue->head;
      gsize part = MIN (len, chunk->end - chunk->start);

      chunk->start += part;
      len -= part;
      if (chunk->start < chunk->end)
        return;
      queue->head = chunk->next;
      if (queue->head == NULL)
        queue->tail = NULL;
      chunk_give (pool, chunk);
    }
}

void
cs_queue_clear (CsQueue *queue, CsChunkPool *pool)
{
  cs_queue_drop (queue, pool, queue->len);
}
