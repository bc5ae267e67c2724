/* stats.h: counters, gauges and histograms, kept per worker without locks and summed by the reader.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_STATS_H
#define CS_STATS_H

#include <cloudsync/host.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

/* A series. 0 is none: adding to it does nothing. */
typedef guint32 CsStat;

typedef enum
{
  CS_STAT_COUNTER = 1, /* only rises; its name ends in _total */
  CS_STAT_GAUGE,       /* the sum of what each thread added */
  CS_STAT_HISTOGRAM
} CsStatType;

typedef struct
{
  gsize size;
  CsStatType type;
  const char *name;        /* without the node's prefix "cloudsync_"; snake_case, base units */
  const char *help;        /* one sentence */
  const char *labels;      /* this series': `route="/hello",code="200"`; NULL or "" for none */
  double scale;            /* exposed value = stored integer * scale; 0 counts as 1 */
  const gint64 *bounds;    /* histogram: rising upper bounds, in stored units; valid for ever */
  guint n_bounds;
} CsStatSpec;

/* One series as the reader sees it. Valid during the call. */
typedef struct
{
  gsize size;
  const CsStatSpec *spec;
  const char *plugin;     /* "core" for the host's own */
  gint64 value;           /* counter, gauge: the sum; histogram: the sum of observations */
  const guint64 *buckets; /* histogram: n_bounds + 1 counts, not cumulative */
} CsStatSample;

/* Series of one name come one after the other. */
typedef void (*CsStatVisitFunc) (const CsStatSample *sample, gpointer data);

typedef struct _CsStatsTable
{
  gsize size;
  CsStat (*define) (gpointer self, const CsStatSpec *spec);
  void (*add) (CsStat stat, gint64 delta);
  void (*observe) (CsStat histogram, gint64 value);
  void (*visit) (CsStatVisitFunc func, gpointer data);
} CsStatsTable;

/* Makes a series, or gives the one of the same name and labels. Any thread, but takes a lock: in
 * create () or start (), not on the hot path. Strings are copied. 0 when node.max-series are in use
 * (counted and logged once). */
static inline CsStat
cs_stat_define (gpointer self, const CsStatSpec *spec)
{
  return cs_host_->stats->define (self, spec);
}

static inline CsStat
cs_counter (gpointer self, const char *name, const char *help, const char *labels)
{
  CsStatSpec spec = { sizeof spec, CS_STAT_COUNTER, name, help, labels, 1, NULL, 0 };

  return cs_stat_define (self, &spec);
}

static inline CsStat
cs_gauge (gpointer self, const char *name, const char *help, const char *labels)
{
  CsStatSpec spec = { sizeof spec, CS_STAT_GAUGE, name, help, labels, 1, NULL, 0 };

  return cs_stat_define (self, &spec);
}

/* A histogram of microseconds, exposed in seconds; its name ends in _seconds. */
static inline CsStat
cs_histogram_us (gpointer self, const char *name, const char *help, const char *labels)
{
  static const gint64 bounds[] = { 100,   250,    500,    1000,   2500,    5000,    10000,  25000,
                                   50000, 100000, 250000, 500000, 1000000, 2500000, 10000000 };
  CsStatSpec spec
    = { sizeof spec, CS_STAT_HISTOGRAM, name, help, labels, 1e-6, bounds, G_N_ELEMENTS (bounds) };

  return cs_stat_define (self, &spec);
}

/* Any thread; no lock. */
static inline void
cs_stat_add (CsStat stat, gint64 delta)
{
  cs_host_->stats->add (stat, delta);
}

static inline void
cs_stat_observe (CsStat histogram, gint64 value)
{
  cs_host_->stats->observe (histogram, value);
}

/* Calls func for every series of the node. Any thread; may take a lock against cs_stat_define (). */
static inline void
cs_stats_visit (CsStatVisitFunc func, gpointer data)
{
  cs_host_->stats->visit (func, data);
}

G_END_DECLS

#endif
