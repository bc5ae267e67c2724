/* stats-core.c: each thread adds to slots of its own; a reader sums the threads' slots. Slots come
 * in chunks, so that a thread has those it uses. A thread's figures outlive it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/stats-core.h"

#include "runtime/log-ring.h"
#include "runtime/owner.h"

#define CHUNK 1024
#define N_CHUNKS 1024
#define DEFAULT_MAX_SERIES 10000

typedef struct
{
  CsStatSpec spec;
  const char *plugin;
  CsStat slot; /* histogram: the sum, then a slot a bucket */
  CsStatReadFunc read;
  gpointer read_data;
} Series;

typedef struct _Block Block;
struct _Block
{
  gint64 *chunks[N_CHUNKS];
  Block *next;
};

typedef struct
{
  const char *name;
  GPtrArray *series;
} Family;

static struct
{
  GMutex lock;
  GHashTable *by_key;  /* "name{labels}" -> Series */
  GPtrArray *families; /* by name */
  guint n_series;
  guint max_series;
  CsStat next_slot;
  guint64 refused;
  Block *blocks;
  Block retired; /* sums of threads that have ended */
} stats = { .next_slot = 1, .max_series = DEFAULT_MAX_SERIES };

/* Which histogram a slot begins; written under the lock, read without. */
static Series **histograms[N_CHUNKS];

static __thread Block *own_block;

static gint64 *
chunk_of (Block *block, guint index)
{
  gint64 *chunk = __atomic_load_n (&block->chunks[index], __ATOMIC_ACQUIRE);

  if (G_UNLIKELY (chunk == NULL))
    {
      chunk = g_new0 (gint64, CHUNK);
      __atomic_store_n (&block->chunks[index], chunk, __ATOMIC_RELEASE);
    }
  return chunk;
}

static void
fold (Block *from, Block *into)
{
  for (guint i = 0; i < N_CHUNKS; i++)
    if (from->chunks[i] != NULL)
      {
        gint64 *to = chunk_of (into, i);

        for (guint k = 0; k < CHUNK; k++)
          to[k] += from->chunks[i][k];
        g_free (from->chunks[i]);
      }
}

static void
thread_ended (gpointer data)
{
  Block *block = data, **at;

  g_mutex_lock (&stats.lock);
  for (at = &stats.blocks; *at != block; at = &(*at)->next)
    ;
  *at = block->next;
  fold (block, &stats.retired);
  g_mutex_unlock (&stats.lock);
  own_block = NULL;
  g_free (block);
}

static Block *
block_new (void)
{
  static GPrivate ended = G_PRIVATE_INIT (thread_ended);
  Block *block = g_new0 (Block, 1);

  g_mutex_lock (&stats.lock);
  block->next = stats.blocks;
  stats.blocks = block;
  g_mutex_unlock (&stats.lock);
  g_private_set (&ended, block);
  own_block = block;
  return block;
}

/* Only the owning thread writes; the reader may be another. */
static inline void
add_to (gint64 *slot, gint64 delta)
{
  __atomic_store_n (slot, __atomic_load_n (slot, __ATOMIC_RELAXED) + delta, __ATOMIC_RELAXED);
}

static inline gint64 *
own_slots (CsStat stat)
{
  Block *block = own_block;
  gint64 *chunk;

  if (G_UNLIKELY (block == NULL))
    block = block_new ();
  chunk = block->chunks[stat / CHUNK];
  if (G_UNLIKELY (chunk == NULL))
    chunk = chunk_of (block, stat / CHUNK);
  return chunk + stat % CHUNK;
}

void
cs_stats_core_add (CsStat stat, gint64 delta)
{
  if (stat != 0 && stat < CHUNK * N_CHUNKS)
    add_to (own_slots (stat), delta);
}

void
cs_stats_core_observe (CsStat stat, gint64 value)
{
  Series **chunk, *series;
  gint64 *slots;
  guint bucket = 0;

  if (stat == 0 || stat >= CHUNK * N_CHUNKS)
    return;
  chunk = __atomic_load_n (&histograms[stat / CHUNK], __ATOMIC_ACQUIRE);
  series = chunk != NULL ? __atomic_load_n (&chunk[stat % CHUNK], __ATOMIC_ACQUIRE) : NULL;
  if (series == NULL)
    return;
  while (bucket < series->spec.n_bounds && value > series->spec.bounds[bucket])
    bucket++;
  slots = own_slots (stat);
  add_to (slots, value);
  add_to (slots + 1 + bucket, 1);
}

static void
histogram_set (Series *series)
{
  guint index = series->slot / CHUNK;
  Series **chunk = histograms[index];

  if (chunk == NULL)
    {
      chunk = g_new0 (Series *, CHUNK);
      __atomic_store_n (&histograms[index], chunk, __ATOMIC_RELEASE);
    }
  __atomic_store_n (&chunk[series->slot % CHUNK], series, __ATOMIC_RELEASE);
}

/* Slots of one series are in one chunk. 0 when there are no more. */
static CsStat
take_slots (guint n)
{
  CsStat slot = stats.next_slot;

  if (n > CHUNK)
    return 0;
  if (slot / CHUNK != (slot + n - 1) / CHUNK)
    slot = (slot / CHUNK + 1) * CHUNK;
  if (slot + n > CHUNK * N_CHUNKS)
    return 0;
  stats.next_slot = slot + n;
  return slot;
}

static Family *
family_of (const char *name)
{
  Family *family;
  guint at = 0;

  for (; at < stats.families->len; at++)
    {
      int order = strcmp (name, ((Family *) g_ptr_array_index (stats.families, at))->name);

      if (order == 0)
        return g_ptr_array_index (stats.families, at);
      if (order < 0)
        break;
    }
  family = g_new0 (Family, 1);
  family->name = g_strdup (name);
  family->series = g_ptr_array_new ();
  g_ptr_array_insert (stats.families, (gint) at, family);
  return family;
}

static Series *
refuse (const char *name)
{
  if (stats.refused++ == 0)
    cs_core_log (CS_LOG_WARNING, "a series was refused: node.max-series are in use",
                 CS_F_STR ("series", name), CS_F_INT ("max-series", stats.max_series));
  return NULL;
}

static Series *
series_new (gpointer self, const CsStatSpec *spec, char *key, gboolean with_slots)
{
  guint n = !with_slots ? 0 : spec->type == CS_STAT_HISTOGRAM ? spec->n_bounds + 2 : 1;
  CsStat slot = 0;
  Series *series;

  if (stats.n_series >= stats.max_series || (n > 0 && (slot = take_slots (n)) == 0))
    return refuse (key);
  stats.n_series++;
  series = g_new0 (Series, 1);
  series->spec = *spec;
  series->spec.size = sizeof series->spec;
  series->spec.name = g_strdup (spec->name);
  series->spec.help = g_strdup (spec->help != NULL ? spec->help : "");
  series->spec.labels = g_strdup (spec->labels != NULL ? spec->labels : "");
  series->spec.scale = spec->scale != 0 ? spec->scale : 1;
  series->plugin = cs_owner (self)->name;
  series->slot = slot;
  if (n > 1)
    histogram_set (series);
  g_hash_table_insert (stats.by_key, g_steal_pointer (&key), series);
  g_ptr_array_add (family_of (spec->name)->series, series);
  return series;
}

/* Under the lock. NULL when there is no room, or the name is in use for another type. */
static Series *
series_get (gpointer self, const CsStatSpec *spec, gboolean with_slots)
{
  const char *labels = spec->labels != NULL ? spec->labels : "";
  char *key = g_strconcat (spec->name, "{", labels, "}", NULL);
  Series *series;

  if (stats.by_key == NULL)
    {
      stats.by_key = g_hash_table_new (g_str_hash, g_str_equal);
      stats.families = g_ptr_array_new ();
    }
  series = g_hash_table_lookup (stats.by_key, key);
  if (series == NULL)
    {
      series = series_new (self, spec, key, with_slots);
      if (series != NULL)
        return series;
    }
  else if (series->spec.type != spec->type)
    {
      cs_core_log_for (self, CS_LOG_WARNING, "a series exists with another type",
                       CS_F_STR ("series", key));
      series = NULL;
    }
  g_free (key);
  return series;
}

CsStat
cs_stats_core_define (gpointer self, const CsStatSpec *spec)
{
  Series *series;

  g_mutex_lock (&stats.lock);
  series = series_get (self, spec, TRUE);
  g_mutex_unlock (&stats.lock);
  return series != NULL ? series->slot : 0;
}

void
cs_stats_define_read (gpointer self, const CsStatSpec *spec, CsStatReadFunc func, gpointer data)
{
  Series *series;

  g_mutex_lock (&stats.lock);
  series = series_get (self, spec, FALSE);
  if (series != NULL)
    {
      series->read = func;
      series->read_data = data;
    }
  g_mutex_unlock (&stats.lock);
}

void
cs_stats_read_gauge (const char *name, const char *help, CsStatReadFunc func, gpointer data)
{
  CsStatSpec spec = { sizeof spec, CS_STAT_GAUGE, name, help, NULL, 1, NULL, 0 };

  cs_stats_define_read (NULL, &spec, func, data);
}

void
cs_stats_read_counter (const char *name, const char *help, CsStatReadFunc func, gpointer data)
{
  CsStatSpec spec = { sizeof spec, CS_STAT_COUNTER, name, help, NULL, 1, NULL, 0 };

  cs_stats_define_read (NULL, &spec, func, data);
}

static gint64
block_value (Block *block, CsStat slot)
{
  gint64 *chunk = __atomic_load_n (&block->chunks[slot / CHUNK], __ATOMIC_ACQUIRE);

  return chunk != NULL ? __atomic_load_n (&chunk[slot % CHUNK], __ATOMIC_RELAXED) : 0;
}

static gint64
sum (CsStat slot)
{
  gint64 value = block_value (&stats.retired, slot);

  for (Block *block = stats.blocks; block != NULL; block = block->next)
    value += block_value (block, slot);
  return value;
}

static void
visit (Series *series, CsStatVisitFunc func, gpointer data)
{
  guint64 buckets[CHUNK];
  CsStatSample sample = { .size = sizeof sample, .spec = &series->spec, .plugin = series->plugin };

  sample.value = series->read != NULL ? series->read (series->read_data) : sum (series->slot);
  if (series->spec.type == CS_STAT_HISTOGRAM)
    {
      for (guint i = 0; i <= series->spec.n_bounds; i++)
        buckets[i] = (guint64) sum (series->slot + 1 + i);
      sample.buckets = buckets;
    }
  func (&sample, data);
}

void
cs_stats_core_visit (CsStatVisitFunc func, gpointer data)
{
  g_mutex_lock (&stats.lock);
  for (guint i = 0; stats.families != NULL && i < stats.families->len; i++)
    {
      Family *family = g_ptr_array_index (stats.families, i);

      for (guint k = 0; k < family->series->len; k++)
        visit (g_ptr_array_index (family->series, k), func, data);
    }
  g_mutex_unlock (&stats.lock);
}

void
cs_stats_set_max_series (guint max_series)
{
  stats.max_series = max_series;
}

guint64
cs_stats_refused (void)
{
  guint64 n;

  g_mutex_lock (&stats.lock);
  n = stats.refused;
  g_mutex_unlock (&stats.lock);
  return n;
}

const CsStatsTable cs_stats_table_ = {
  .size = sizeof cs_stats_table_,
  .define = cs_stats_core_define,
  .add = cs_stats_core_add,
  .observe = cs_stats_core_observe,
  .visit = cs_stats_core_visit,
};
