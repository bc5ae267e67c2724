/* chunk.h: a stream's output: pooled buffers and references, written many in one call.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_CHUNK_H
#define CS_CHUNK_H

#include <glib.h>

G_BEGIN_DECLS

#define CS_CHUNK_SIZE (16 * 1024)
#define CS_CHUNK_SMALL (1024 - sizeof (CsChunk)) /* of a queue's first, where that will do */

/* Either bytes of its own, which grow at the end, or a reference to somebody else's. */
typedef struct _CsChunk CsChunk;
struct _CsChunk
{
  CsChunk *next;
  GBytes *bytes; /* NULL: its own */
  const char *data;
  gsize start; /* sent so far */
  gsize end;
  gsize size; /* of the room */
  char room[];
};

typedef struct
{
  CsChunk *head;
  CsChunk *tail;
  gsize len;
} CsQueue;

/* A worker's spare buffers: [0] small ones, [1] of CS_CHUNK_SIZE. */
typedef struct
{
  CsChunk *free[2];
  guint n_free[2];
} CsChunkPool;

void cs_chunk_pool_clear (CsChunkPool *pool);

/* Contiguous room for `len` bytes, at most CS_CHUNK_SIZE, at the end; then cs_queue_commit (). */
gpointer cs_queue_reserve (CsQueue *queue, CsChunkPool *pool, gsize len);
void cs_queue_commit (CsQueue *queue, gsize len);
void cs_queue_write (CsQueue *queue, CsChunkPool *pool, const char *data, gsize len);
void cs_queue_write_bytes (CsQueue *queue, CsChunkPool *pool, GBytes *bytes);

/* Forgets the first `len` bytes; they were sent. */
void cs_queue_drop (CsQueue *queue, CsChunkPool *pool, gsize len);
void cs_queue_clear (CsQueue *queue, CsChunkPool *pool);

G_END_DECLS

#endif
