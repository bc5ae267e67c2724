/* memory-publish.c: publishing from any thread.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A publisher looks up which workers may have subscribers (one atomic word for each slot of channel
 * hashes) and puts the publication into their inboxes; each worker finds its own subscribers. There
 * is no lock, and a channel without subscribers costs one atomic instruction.
 *
 * That word is also what makes cs_broker_subscribe () miss nothing. Both sides touch it by
 * read-modify-write, so one of them comes first: either the publisher sees the subscriber's bit, or
 * the subscriber sees all that the publisher did before it published.
 *
 * What is numbered is published under its shelf's lock, into the inboxes too: so every worker gets
 * a stream in the order of its numbers, and whoever reads the position under the lock knows what is
 * still to come. */
#include "memory.h"

#define RESULT_TTL CS_SECONDS (300)

static guint64 *
interest_word (MemoryBroker *self, guint32 hash, guint worker)
{
  return &self->interest[(hash % MEMORY_SLOTS) * self->n_words + worker / 64];
}

void
memory_interest (MemoryBroker *self, guint32 hash, guint worker, gboolean wanted)
{
  guint64 *word = interest_word (self, hash, worker);
  guint64 bit = G_GUINT64_CONSTANT (1) << worker % 64;

  if (wanted)
    __atomic_fetch_or (word, bit, __ATOMIC_SEQ_CST);
  else
    __atomic_fetch_and (word, ~bit, __ATOMIC_SEQ_CST);
}

/* The workers that are to get it, into `masks`; their number. */
static guint
interested (MemoryBroker *self, guint32 hash, guint64 *masks)
{
  guint n = 0;
  guint i;

  for (i = 0; i < self->n_words; i++)
    {
      masks[i] = __atomic_fetch_or (interest_word (self, hash, i * 64), 0, __ATOMIC_SEQ_CST);
      n += (guint) __builtin_popcountll (masks[i]);
    }
  return n;
}

/* Puts the message into the inboxes of those workers; it may be gone afterwards. */
static void
spread (MemoryBroker *self, MemoryMessage *message, const guint64 *masks)
{
  const MemorySettings *settings = cs_settings (self);
  MemoryLink *link = message->links;
  guint lost = 0;
  guint i;

  for (i = 0; i < self->n_words; i++)
    {
      guint64 mask = masks[i];

      for (; mask != 0; mask &= mask - 1)
        {
          guint worker = i * 64 + (guint) __builtin_ctzll (mask);

          link->message = message;
          lost += !memory_inbox_put (&self->inboxes[worker], link++, settings->max_queue);
        }
    }
  if (lost > 0)
    cs_stat_add (self->lost, lost);
}

static void
publish_plain (MemoryBroker *self, const CsPublication *publication, const MemoryName *name)
{
  guint64 *masks = g_newa (guint64, self->n_words);
  guint n = interested (self, name->hash, masks);

  if (n > 0)
    spread (self, memory_message_new (publication, name, n, FALSE), masks);
}

void
memory_wake (CsBroker *broker, CsSlice channel, const CsPosition *position)
{
  MemoryBroker *self = memory_of (broker);
  MemoryName name = memory_name (channel, 0);
  CsPublication wake = { .size = sizeof wake, .kind = CS_BROKER_WAKE, .channel = channel };

  if (!memory_legal (channel))
    return;
  if (position != NULL)
    wake.position = *position;
  publish_plain (self, &wake, &name);
  cs_stat_add (self->published, 1);
}

/* ---- under the shelf's lock: with a history, or with a key ---- */

typedef struct
{
  const CsPublish *publish;
  const CsPublication *publication;
  MemoryName name;
  gboolean kept;
  gint64 now;
  CsPublished result;
} Making;

static gsize
bytes_needed (const Making *making, const MemoryMessage *message)
{
  const CsPublish *publish = making->publish;

  return (message != NULL && making->kept ? message->bytes : 0) +
         (publish->key.len > 0 ? memory_result_size (publish->channel, publish->key) : 0);
}

static void
remember (Making *making, MemoryShelf *shelf)
{
  const CsPublish *publish = making->publish;

  if (publish->key.len > 0)
    memory_result_remember (shelf, publish->channel, publish->key, making->result.position,
                            making->now + (publish->key_ttl > 0 ? publish->key_ttl : RESULT_TTL));
}

static CsStatus
make (MemoryBroker *self, Making *making, MemoryShelf *shelf, MemoryStream *stream)
{
  const CsPublish *publish = making->publish;
  guint64 *masks = g_newa (guint64, self->n_words);
  guint n = interested (self, making->name.hash, masks);
  MemoryMessage *message = NULL;

  if (n > 0 || making->kept)
    message = memory_message_new (making->publication, &making->name, n, making->kept);
  if (!memory_budget_take_bytes (&self->budget, bytes_needed (making, message)))
    {
      if (message != NULL)
        {
          message->ref_count = 1;
          memory_message_unref (message);
        }
      return memory_refuse_bytes (self);
    }
  if (making->kept)
    {
      memory_stream_append (shelf, stream, message, publish->history_size,
                            making->now + publish->history_ttl);
      memory_stream_set_version (stream, publish);
      making->result.position = stream->top;
    }
  remember (making, shelf);
  if (n > 0)
    spread (self, message, masks);
  return CS_OK;
}

static CsStatus
publish_on (MemoryBroker *self, Making *making, MemoryShelf *shelf)
{
  const CsPublish *publish = making->publish;
  MemoryStream *stream = NULL;
  MemoryResult *known = NULL;

  if (publish->key.len > 0)
    known = memory_result_find (shelf, publish->channel, publish->key);
  if (known != NULL)
    {
      making->result.position = known->position;
      making->result.repeated = TRUE;
      return CS_OK;
    }
  if (making->kept)
    {
      stream = memory_stream_use (shelf, &making->name, publish->meta_ttl, making->now);
      if (stream == NULL)
        return memory_refuse_channel (self);
      if (memory_stream_outdates (stream, publish))
        {
          making->result.position = stream->top;
          making->result.outdated = TRUE;
          return CS_OK;
        }
    }
  return make (self, making, shelf, stream);
}

static CsStatus
publish_ordered (MemoryBroker *self, Making *making)
{
  MemoryShelf *shelf = memory_shelf_open (self, &making->name, making->now);
  CsStatus status = publish_on (self, making, shelf);

  memory_shelf_close (self, shelf);
  return status;
}

/* ---- the call ---- */

static CsStatus
check (MemoryBroker *self, const CsPublish *publish, gboolean kept)
{
  if (!memory_legal (publish->channel) || publish->kind > CS_BROKER_LEAVE ||
      (publish->version > 0 && !kept))
    return CS_INVALID;
  if (publish->kind == CS_BROKER_PUBLICATION && memory_owner_of (self, publish->channel) != NULL)
    return CS_DENIED;
  return CS_OK;
}

static void
tell (const CsPublished *made, CsPublished *result)
{
  if (result == NULL)
    return;
  result->position = made->position;
  result->repeated = made->repeated;
  result->outdated = made->outdated;
}

CsStatus
memory_publish (CsBroker *broker, const CsPublish *publish, CsPublished *result)
{
  MemoryBroker *self = memory_of (broker);
  CsPublication publication = { .size = sizeof publication,
                                .kind = publish->kind,
                                .channel = publish->channel,
                                .time = g_get_real_time (),
                                .data = publish->data,
                                .tags = publish->tags };
  Making making = { .publish = publish, .publication = &publication };
  CsStatus status;

  making.kept =
    publish->kind == CS_BROKER_PUBLICATION && publish->history_size > 0 && publish->history_ttl > 0;
  status = check (self, publish, making.kept);
  if (status != CS_OK)
    return status;
  if (publish->member != NULL)
    publication.member = *publish->member;
  making.name = memory_name (publish->channel, 0);
  making.now = cs_now ();
  if (making.kept || publish->key.len > 0)
    status = publish_ordered (self, &making);
  else
    publish_plain (self, &publication, &making.name);
  tell (&making.result, result);
  if (status == CS_OK && !making.result.repeated && !making.result.outdated)
    cs_stat_add (self->published, 1);
  return status;
}
