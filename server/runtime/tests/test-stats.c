/* test-stats.c: what threads add without a lock is what the reader sums.
 * SPDX-License-Identifier: Apache-2.0 */
#include "test-host.h"

typedef struct
{
  const char *name;
  const char *labels;
  gint64 value;
  guint64 buckets[8];
  guint found;
} Query;

static void
compare (const CsStatSample *sample, gpointer data)
{
  Query *query = data;

  if (!g_str_equal (sample->spec->name, query->name)
      || !g_str_equal (sample->spec->labels, query->labels))
    return;
  query->found++;
  query->value = sample->value;
  if (sample->buckets != NULL)
    memcpy (query->buckets, sample->buckets, (sample->spec->n_bounds + 1) * sizeof (guint64));
}

static Query
read_stat (const char *name, const char *labels)
{
  Query query = { .name = name, .labels = labels };

  cs_stats_visit (compare, &query);
  g_assert_cmpuint (query.found, ==, 1);
  return query;
}

static CsStat hits;

static gpointer
hit (gpointer data)
{
  for (guint i = 0; i < 100000; i++)
    cs_stat_add (hits, 1);
  return NULL;
}

/* Threads add while another reads; those that ended are counted on. */
static void
test_threads (void)
{
  GThread *threads[4];
  gint64 before = 0;

  hits = cs_counter (NULL, "test_hits_total", "Hits.", NULL);
  g_assert_cmpuint (hits, !=, 0);
  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new ("hit", hit, NULL);
  for (guint i = 0; i < 50; i++)
    {
      gint64 value = read_stat ("test_hits_total", "").value;

      g_assert_cmpint (value, >=, before);
      before = value;
    }
  for (guint i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (read_stat ("test_hits_total", "").value, ==, 400000);
}

static void
test_histogram (void)
{
  static const gint64 bounds[] = { 10, 20 };
  CsStatSpec spec
    = { sizeof spec, CS_STAT_HISTOGRAM, "test_size", "Sizes.", "kind=\"a\"", 1, bounds, 2 };
  CsStat stat = cs_stat_define (NULL, &spec);
  Query query;

  cs_stat_observe (stat, 5);
  cs_stat_observe (stat, 10);
  cs_stat_observe (stat, 11);
  cs_stat_observe (stat, 1000);
  cs_stat_observe (hits, 1000); /* not a histogram: nothing */
  cs_stat_observe (0, 7);
  query = read_stat ("test_size", "kind=\"a\"");
  g_assert_cmpint (query.value, ==, 1026);
  g_assert_cmpuint (query.buckets[0], ==, 2);
  g_assert_cmpuint (query.buckets[1], ==, 1);
  g_assert_cmpuint (query.buckets[2], ==, 1);
}

static void
test_same (void)
{
  CsStat a = cs_gauge (NULL, "test_gauge", "A gauge.", "x=\"1\"");
  CsStat b = cs_gauge (NULL, "test_gauge", "A gauge.", "x=\"1\"");
  CsStat c = cs_gauge (NULL, "test_gauge", "A gauge.", "x=\"2\"");

  g_assert_cmpuint (a, ==, b);
  g_assert_cmpuint (a, !=, c);
  g_assert_cmpuint (cs_counter (NULL, "test_gauge", "Not one.", "x=\"1\""), ==, 0);
  cs_stat_add (a, 5);
  cs_stat_add (b, -2);
  cs_stat_add (0, 100);
  g_assert_cmpint (read_stat ("test_gauge", "x=\"1\"").value, ==, 3);
}

static void
check_order (const CsStatSample *sample, gpointer data)
{
  const char **before = data;

  if (*before != NULL)
    g_assert_cmpstr (*before, <=, sample->spec->name);
  *before = sample->spec->name;
}

/* Series of one name follow each other however they were defined. */
static void
test_families (void)
{
  const char *before = NULL;

  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *name = g_strdup_printf ("test_family_%u_total", i % 7);
      g_autofree char *labels = g_strdup_printf ("n=\"%u\"", i);
      CsStat stat = cs_counter (NULL, name, "Many.", labels);

      g_assert_cmpuint (stat, !=, 0);
      cs_stat_add (stat, i);
    }
  cs_stats_visit (check_order, &before);
  g_assert_cmpint (read_stat ("test_family_3_total", "n=\"2999\"").value, ==, 2999);
}

static gint64
answer (gpointer data)
{
  return *(gint64 *) data;
}

static void
test_read (void)
{
  gint64 value = 42;

  cs_stats_read_gauge ("test_answer", "The answer.", answer, &value);
  g_assert_cmpint (read_stat ("test_answer", "").value, ==, 42);
  value = 43;
  g_assert_cmpint (read_stat ("test_answer", "").value, ==, 43);
}

static void
test_max_series (void)
{
  guint64 refused = cs_stats_refused ();

  cs_stats_set_max_series (10);
  g_assert_cmpuint (cs_counter (NULL, "test_one_more_total", "Too many.", NULL), ==, 0);
  g_assert_cmpuint (cs_counter (NULL, "test_hits_total", "Hits.", NULL), ==, hits);
  g_assert_cmpuint (cs_stats_refused (), ==, refused + 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/runtime/stats/threads", test_threads);
  g_test_add_func ("/runtime/stats/histogram", test_histogram);
  g_test_add_func ("/runtime/stats/same", test_same);
  g_test_add_func ("/runtime/stats/families", test_families);
  g_test_add_func ("/runtime/stats/read", test_read);
  g_test_add_func ("/runtime/stats/max-series", test_max_series);
  return g_test_run ();
}
