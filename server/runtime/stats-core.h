/* stats-core.h: counters, gauges and histograms: a block of slots a thread, summed by the reader.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_STATS_CORE_H
#define CS_STATS_CORE_H

#include <cloudsync/stats.h>

G_BEGIN_DECLS

extern const CsStatsTable cs_stats_table_;

/* node.max-series; default 10000. Main thread, before the first define. */
void cs_stats_set_max_series (guint max_series);

/* A series whose value is asked for when it is read: func (data) on the reader's thread.
 * Replaces an older one of the same name and labels. */
typedef gint64 (*CsStatReadFunc) (gpointer data);
void cs_stats_define_read (gpointer self, const CsStatSpec *spec, CsStatReadFunc func,
                           gpointer data);
void cs_stats_read_gauge (const char *name, const char *help, CsStatReadFunc func, gpointer data);
void cs_stats_read_counter (const char *name, const char *help, CsStatReadFunc func, gpointer data);

CsStat cs_stats_core_define (gpointer self, const CsStatSpec *spec);
void cs_stats_core_add (CsStat stat, gint64 delta);
void cs_stats_core_observe (CsStat histogram, gint64 value);
void cs_stats_core_visit (CsStatVisitFunc func, gpointer data);

/* Series that were refused because node.max-series are in use. */
guint64 cs_stats_refused (void);

G_END_DECLS

#endif
