/* harness-stats.c: series behind one lock.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness-private.h"

#include <pthread.h>

#define MAX_SERIES 512

typedef struct
{
  CsStatSpec spec;
  gint64 value;
  guint64 *buckets;
} HarnessSeries;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static HarnessSeries series[MAX_SERIES + 1];
static guint n_series;

static CsStat
find (const CsStatSpec *spec)
{
  CsStat i;

  for (i = 1; i <= n_series; i++)
    if (g_str_equal (series[i].spec.name, spec->name)
        && g_strcmp0 (series[i].spec.labels, spec->labels) == 0)
      return i;
  return 0;
}

static CsStat
stats_define (gpointer self, const CsStatSpec *spec)
{
  CsStat stat;

  pthread_mutex_lock (&lock);
  stat = find (spec);
  if (stat == 0 && n_series < MAX_SERIES)
    {
      stat = ++n_series;
      series[stat].spec = *spec;
      series[stat].spec.name = g_strdup (spec->name);
      series[stat].spec.help = g_strdup (spec->help);
      series[stat].spec.labels = g_strdup (spec->labels);
      series[stat].buckets = g_new0 (guint64, spec->n_bounds + 1);
    }
  pthread_mutex_unlock (&lock);
  return stat;
}

static void
stats_add (CsStat stat, gint64 delta)
{
  if (stat == 0)
    return;
  pthread_mutex_lock (&lock);
  series[stat].value += delta;
  pthread_mutex_unlock (&lock);
}

static void
stats_observe (CsStat stat, gint64 value)
{
  guint i = 0;

  if (stat == 0)
    return;
  pthread_mutex_lock (&lock);
  while (i < series[stat].spec.n_bounds && value > series[stat].spec.bounds[i])
    i++;
  series[stat].buckets[i]++;
  series[stat].value += value;
  pthread_mutex_unlock (&lock);
}

static void
stats_visit (CsStatVisitFunc func, gpointer data)
{
  guint i;

  pthread_mutex_lock (&lock);
  for (i = 1; i <= n_series; i++)
    {
      CsStatSample sample = { sizeof sample, &series[i].spec, "test", series[i].value,
                              series[i].spec.type == CS_STAT_HISTOGRAM ? series[i].buckets : NULL };

      func (&sample, data);
    }
  pthread_mutex_unlock (&lock);
}

typedef struct
{
  const char *name;
  gint64 sum;
} HarnessSum;

static void
sum_sample (const CsStatSample *sample, gpointer data)
{
  HarnessSum *sum = data;
  guint i;

  if (!g_str_equal (sample->spec->name, sum->name))
    return;
  if (sample->buckets == NULL)
    sum->sum += sample->value;
  else
    for (i = 0; i <= sample->spec->n_bounds; i++)
      sum->sum += (gint64) sample->buckets[i];
}

gint64
cs_harness_stat (const char *name)
{
  HarnessSum sum = { name, 0 };

  stats_visit (sum_sample, &sum);
  return sum.sum;
}

void
harness_stats_clear (void)
{
  guint i;

  for (i = 1; i <= n_series; i++)
    {
      g_free ((char *) series[i].spec.name);
      g_free ((char *) series[i].spec.help);
      g_free ((char *) series[i].spec.labels);
      g_free (series[i].buckets);
    }
  memset (series, 0, sizeof series);
  n_series = 0;
}

const CsStatsTable harness_stats_table = {
  .size = sizeof (CsStatsTable),
  .define = stats_define,
  .add = stats_add,
  .observe = stats_observe,
  .visit = stats_visit,
};
