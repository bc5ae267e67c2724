/* sqlite-dirty.c: which pages of a database file were written while somebody copies it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-dirty.h"

#include <pthread.h>

#define BITS 64

struct _SqliteDirty
{
  gint tracking; /* atomic */
  pthread_mutex_t mutex;
  GArray *words; /* guint64 */
};

SqliteDirty *
sqlite_dirty_new (void)
{
  SqliteDirty *self = g_new0 (SqliteDirty, 1);

  pthread_mutex_init (&self->mutex, NULL);
  self->words = g_array_new (FALSE, TRUE, sizeof (guint64));
  return self;
}

void
sqlite_dirty_free (SqliteDirty *self)
{
  g_array_unref (self->words);
  pthread_mutex_destroy (&self->mutex);
  g_free (self);
}

void
sqlite_dirty_track (SqliteDirty *self, gboolean on)
{
  pthread_mutex_lock (&self->mutex);
  g_array_set_size (self->words, 0);
  g_atomic_int_set (&self->tracking, on);
  pthread_mutex_unlock (&self->mutex);
}

void
sqlite_dirty_mark (SqliteDirty *self, gint64 at, gsize len)
{
  guint64 page = (guint64) at / SQLITE_DIRTY_PAGE;
  guint64 last = ((guint64) at + MAX (len, 1) - 1) / SQLITE_DIRTY_PAGE;

  if (!g_atomic_int_get (&self->tracking))
    return;
  pthread_mutex_lock (&self->mutex);
  if (self->words->len <= last / BITS)
    g_array_set_size (self->words, (guint) (last / BITS) + 1);
  for (; page <= last; page++)
    g_array_index (self->words, guint64, page / BITS) |= (guint64) 1 << (page % BITS);
  pthread_mutex_unlock (&self->mutex);
}

void
sqlite_dirty_take (SqliteDirty *self, GArray *pages)
{
  guint i, bit;

  pthread_mutex_lock (&self->mutex);
  for (i = 0; i < self->words->len; i++)
    {
      guint64 word = g_array_index (self->words, guint64, i);

      for (bit = 0; word != 0; bit++, word >>= 1)
        {
          gint64 page = (gint64) i * BITS + bit;

          if (word & 1)
            g_array_append_val (pages, page);
        }
    }
  g_array_set_size (self->words, 0);
  pthread_mutex_unlock (&self->mutex);
}
