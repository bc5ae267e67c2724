/* files-pins.c: see files-pins.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files-pins.h"

typedef struct
{
  CsBlobId id;
  guint n;
  gboolean condemned;
  gboolean removing;
  gboolean damaged;
} Entry;

/* An id is a hash already. */
static guint
id_hash (gconstpointer key)
{
  guint hash;

  memcpy (&hash, ((const CsBlobId *) key)->bytes, sizeof hash);
  return hash;
}

static gboolean
id_equal (gconstpointer a, gconstpointer b)
{
  return cs_blob_id_equal (a, b);
}

void
files_pins_init (FilesPins *pins)
{
  pthread_mutex_init (&pins->lock, NULL);
  pthread_cond_init (&pins->removed, NULL);
  pins->entries = g_hash_table_new_full (id_hash, id_equal, NULL, g_free);
}

void
files_pins_clear (FilesPins *pins)
{
  g_hash_table_unref (pins->entries);
  pthread_cond_destroy (&pins->removed);
  pthread_mutex_destroy (&pins->lock);
}

/* The entry, made when there is none. Locked. */
static Entry *
entry_of (FilesPins *pins, const CsBlobId *id)
{
  Entry *entry = g_hash_table_lookup (pins->entries, id);

  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->id = *id;
      g_hash_table_insert (pins->entries, &entry->id, entry);
    }
  return entry;
}

static void
drop_if_plain (FilesPins *pins, Entry *entry)
{
  if (entry->n == 0 && !entry->condemned && !entry->removing && !entry->damaged)
    g_hash_table_remove (pins->entries, &entry->id);
}

CsStatus
files_pins_take (FilesPins *pins, const CsBlobId *id)
{
  CsStatus status = CS_OK;
  Entry *entry;

  pthread_mutex_lock (&pins->lock);
  entry = entry_of (pins, id);
  if (entry->removing)
    status = CS_NOT_FOUND;
  else if (entry->damaged)
    status = CS_CORRUPT;
  else
    {
      entry->n++;
      entry->condemned = FALSE;
    }
  pthread_mutex_unlock (&pins->lock);
  return status;
}

void
files_pins_take_for_put (FilesPins *pins, const CsBlobId *id)
{
  Entry *entry;

  pthread_mutex_lock (&pins->lock);
  while ((entry = entry_of (pins, id))->removing)
    pthread_cond_wait (&pins->removed, &pins->lock);
  entry->n++;
  entry->condemned = FALSE;
  pthread_mutex_unlock (&pins->lock);
}

void
files_pins_give (FilesPins *pins, const CsBlobId *id)
{
  Entry *entry;

  pthread_mutex_lock (&pins->lock);
  entry = entry_of (pins, id);
  g_assert (entry->n > 0);
  entry->n--;
  drop_if_plain (pins, entry);
  pthread_mutex_unlock (&pins->lock);
}

gboolean
files_pins_set_damaged (FilesPins *pins, const CsBlobId *id, gboolean damaged)
{
  gboolean changed;
  Entry *entry;

  pthread_mutex_lock (&pins->lock);
  entry = entry_of (pins, id);
  changed = entry->damaged != damaged;
  entry->damaged = damaged;
  drop_if_plain (pins, entry);
  pthread_mutex_unlock (&pins->lock);
  return changed;
}

CsStatus
files_pins_condemn (FilesPins *pins, const CsBlobId *id)
{
  CsStatus status = CS_OK;
  Entry *entry;

  pthread_mutex_lock (&pins->lock);
  entry = entry_of (pins, id);
  if (entry->n > 0 || entry->removing)
    status = CS_CONFLICT;
  else
    entry->condemned = TRUE;
  pthread_mutex_unlock (&pins->lock);
  return status;
}

void
files_pins_pardon (FilesPins *pins, const CsBlobId *id)
{
  Entry *entry;

  pthread_mutex_lock (&pins->lock);
  entry = entry_of (pins, id);
  entry->condemned = FALSE;
  drop_if_plain (pins, entry);
  pthread_mutex_unlock (&pins->lock);
}

CsStatus
files_pins_begin_remove (FilesPins *pins, const CsBlobId *id)
{
  CsStatus status = CS_OK;
  Entry *entry;

  pthread_mutex_lock (&pins->lock);
  entry = entry_of (pins, id);
  if (entry->condemned && entry->n == 0)
    {
      entry->condemned = FALSE;
      entry->removing = TRUE;
    }
  else
    {
      status = CS_CONFLICT;
      drop_if_plain (pins, entry);
    }
  pthread_mutex_unlock (&pins->lock);
  return status;
}

void
files_pins_end_remove (FilesPins *pins, const CsBlobId *id)
{
  Entry *entry;

  pthread_mutex_lock (&pins->lock);
  entry = entry_of (pins, id);
  entry->removing = FALSE;
  entry->damaged = FALSE;
  drop_if_plain (pins, entry);
  pthread_cond_broadcast (&pins->removed);
  pthread_mutex_unlock (&pins->lock);
}
