/* sqlite-shared.c: file locks and the WAL index of one database file, kept in this process's memory.
 *
 * The store locks its files against other processes, so what SQLite's own VFS keeps in fcntl locks and
 * in a mapped -shm file can be plain memory here: two system calls less a transaction, no page fault
 * that reads a disk, and nothing left behind by a crash (the index is rebuilt from the WAL).
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-shared.h"

#include <pthread.h>

struct _SqliteShared
{
  pthread_mutex_t mutex; /* the file's lock and the list of regions; neither is on the hot path */
  int n_shared;
  SqliteHolder *writer; /* who has RESERVED or more */
  gboolean pending;
  GPtrArray *regions;
  gint slots[SQLITE_SHM_NLOCK]; /* atomic: -1 exclusive, else the number of shared holders */
};

SqliteShared *
sqlite_shared_new (void)
{
  SqliteShared *self = g_new0 (SqliteShared, 1);

  pthread_mutex_init (&self->mutex, NULL);
  self->regions = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
sqlite_shared_free (SqliteShared *self)
{
  g_ptr_array_unref (self->regions);
  pthread_mutex_destroy (&self->mutex);
  g_free (self);
}

static int
lock_shared (SqliteShared *self, SqliteHolder *holder)
{
  if (self->pending)
    return SQLITE_BUSY;
  self->n_shared++;
  holder->level = SQLITE_LOCK_SHARED;
  return SQLITE_OK;
}

static int
lock_writing (SqliteShared *self, SqliteHolder *holder, int level)
{
  if (self->writer != NULL && self->writer != holder)
    return SQLITE_BUSY;
  self->writer = holder;
  holder->level = SQLITE_LOCK_RESERVED;
  if (level == SQLITE_LOCK_RESERVED)
    return SQLITE_OK;
  self->pending = TRUE;
  holder->level = SQLITE_LOCK_PENDING;
  if (self->n_shared > 1)
    return SQLITE_BUSY;
  holder->level = SQLITE_LOCK_EXCLUSIVE;
  return SQLITE_OK;
}

int
sqlite_shared_lock (SqliteHolder *holder, int level)
{
  SqliteShared *self = holder->shared;
  int rc;

  if (holder->level >= level)
    return SQLITE_OK;
  pthread_mutex_lock (&self->mutex);
  rc = level == SQLITE_LOCK_SHARED ? lock_shared (self, holder)
                                   : lock_writing (self, holder, level);
  pthread_mutex_unlock (&self->mutex);
  return rc;
}

int
sqlite_shared_unlock (SqliteHolder *holder, int level)
{
  SqliteShared *self = holder->shared;

  if (holder->level <= level)
    return SQLITE_OK;
  pthread_mutex_lock (&self->mutex);
  if (self->writer == holder)
    {
      self->writer = NULL;
      self->pending = FALSE;
    }
  if (level == SQLITE_LOCK_NONE)
    self->n_shared--;
  holder->level = level;
  pthread_mutex_unlock (&self->mutex);
  return SQLITE_OK;
}

gboolean
sqlite_shared_is_reserved (SqliteHolder *holder)
{
  SqliteShared *self = holder->shared;
  gboolean reserved;

  pthread_mutex_lock (&self->mutex);
  reserved = self->writer != NULL;
  pthread_mutex_unlock (&self->mutex);
  return reserved;
}

int
sqlite_shared_map (SqliteHolder *holder, int region, int size, gboolean extend,
                   void volatile **memory)
{
  SqliteShared *self = holder->shared;

  pthread_mutex_lock (&self->mutex);
  while (extend && self->regions->len <= (guint) region)
    g_ptr_array_add (self->regions, g_malloc0 (size));
  *memory = (guint) region < self->regions->len ? g_ptr_array_index (self->regions, region) : NULL;
  pthread_mutex_unlock (&self->mutex);
  return SQLITE_OK;
}

static gboolean
take_slot (SqliteShared *self, int slot, gboolean exclusive)
{
  gint have;

  if (exclusive)
    return g_atomic_int_compare_and_exchange (&self->slots[slot], 0, -1);
  do
    {
      have = g_atomic_int_get (&self->slots[slot]);
      if (have < 0)
        return FALSE;
    }
  while (!g_atomic_int_compare_and_exchange (&self->slots[slot], have, have + 1));
  return TRUE;
}

static void
give_slot (SqliteHolder *holder, int slot)
{
  SqliteShared *self = holder->shared;
  guint bit = 1u << slot;

  if (holder->shm_exclusive & bit)
    g_atomic_int_set (&self->slots[slot], 0);
  else if (holder->shm_shared & bit)
    g_atomic_int_add (&self->slots[slot], -1);
  holder->shm_exclusive &= ~bit;
  holder->shm_shared &= ~bit;
}

int
sqlite_shared_shm_lock (SqliteHolder *holder, int first, int n, int flags)
{
  gboolean exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  guint *mine = exclusive ? &holder->shm_exclusive : &holder->shm_shared;
  int slot;

  for (slot = first; slot < first + n; slot++)
    {
      if (flags & SQLITE_SHM_UNLOCK)
        give_slot (holder, slot);
      else if (*mine & (1u << slot))
        continue;
      else if (take_slot (holder->shared, slot, exclusive))
        *mine |= 1u << slot;
      else
        {
          while (--slot >= first)
            give_slot (holder, slot);
          return SQLITE_BUSY;
        }
    }
  return SQLITE_OK;
}
