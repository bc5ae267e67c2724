/* sync-turns.c: writers of one document that collided go on one at a time, in the order in which they came.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-turns.h"

/* A queue holds CsWaits, each on the stack of who waits, until it is woken or gives up. */

static void
free_queue (gpointer queue)
{
  g_queue_free (queue);
}

static void
unref_key (gpointer key)
{
  g_bytes_unref (key);
}

void
sync_turns_init (SyncTurns *self)
{
  pthread_mutex_init (&self->lock, NULL);
  self->queues = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, unref_key, free_queue);
}

void
sync_turns_clear (SyncTurns *self)
{
  g_hash_table_unref (self->queues);
  pthread_mutex_destroy (&self->lock);
}

static GBytes *
key_of (const char *database, CsSlice id)
{
  gsize n = strlen (database) + 1;
  char *text = g_malloc (n + id.len);

  memcpy (text, database, n);
  memcpy (text + n, id.data, id.len);
  return g_bytes_new_take (text, n + id.len);
}

/* TRUE: nobody had the turn, so it is the caller's. */
static gboolean
enter (SyncTurns *self, GBytes *key, CsWait *waiter)
{
  GQueue *queue;

  pthread_mutex_lock (&self->lock);
  queue = g_hash_table_lookup (self->queues, key);
  if (queue == NULL)
    g_hash_table_insert (self->queues, g_bytes_ref (key), g_queue_new ());
  else
    g_queue_push_tail (queue, waiter);
  pthread_mutex_unlock (&self->lock);
  return queue == NULL;
}

/* FALSE: the turn is on its way to the waiter already. */
static gboolean
leave (SyncTurns *self, GBytes *key, CsWait *waiter)
{
  gboolean left;

  pthread_mutex_lock (&self->lock);
  left = g_queue_remove (g_hash_table_lookup (self->queues, key), waiter);
  pthread_mutex_unlock (&self->lock);
  return left;
}

static void
pass_on (SyncTurns *self, GBytes *key)
{
  CsWait *next;

  pthread_mutex_lock (&self->lock);
  next = g_queue_pop_head (g_hash_table_lookup (self->queues, key));
  if (next == NULL)
    g_hash_table_remove (self->queues, key);
  pthread_mutex_unlock (&self->lock);
  if (next != NULL)
    cs_wake_from (next);
}

static CsStatus
wait_for_turn (SyncTurns *self, GBytes *key, CsWait *waiter)
{
  CsStatus status = cs_wait (waiter, CS_NEVER);

  if (status == CS_OK || leave (self, key, waiter))
    return status;
  cs_wait_through (waiter);
  pass_on (self, key);
  return status;
}

CsStatus
sync_turns_take (SyncTurns *self, const char *database, CsSlice id, GBytes **turn)
{
  g_autoptr (GBytes) key = key_of (database, id);
  CsStatus status = CS_OK;
  CsWait waiter;

  *turn = NULL;
  cs_wait_init (&waiter);
  g_atomic_int_inc (&self->n);
  if (!enter (self, key, &waiter))
    status = wait_for_turn (self, key, &waiter);
  if (status == CS_OK)
    *turn = g_steal_pointer (&key);
  else
    g_atomic_int_add (&self->n, -1);
  return status;
}

void
sync_turns_give (SyncTurns *self, GBytes *turn)
{
  if (turn == NULL)
    return;
  pass_on (self, turn);
  g_atomic_int_add (&self->n, -1);
  g_bytes_unref (turn);
}
