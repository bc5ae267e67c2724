/* sync-turns.h: writers of one document that collided go on one at a time, in the order in which they came.
 *
 * For those who must read before they write. Any worker; on a fiber.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_TURNS_H
#define SYNC_TURNS_H

#include <cloudsync/sdk.h>
#include <pthread.h>

typedef struct
{
  pthread_mutex_t lock;
  GHashTable *queues; /* GBytes of database and id -> GQueue of those who wait; there while somebody has the turn */
  gint n;             /* atomic: how many have a turn, or wait for one */
} SyncTurns;

void sync_turns_init (SyncTurns *self);
void sync_turns_clear (SyncTurns *self);

/* Does anybody have a turn, of whatever document? Takes no lock. */
static inline gboolean
sync_turns_any (SyncTurns *self)
{
  return g_atomic_int_get (&self->n) > 0;
}

/* Waits for the turn of a document: CS_OK and *turn, to be given back; CS_TIMED_OUT, CS_CANCELLED. */
CsStatus sync_turns_take (SyncTurns *self, const char *database, CsSlice id, GBytes **turn);
/* Does not wait. NULL is allowed. */
void sync_turns_give (SyncTurns *self, GBytes *turn);

#endif
