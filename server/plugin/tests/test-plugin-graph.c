/* test-plugin-graph.c: order, circles, missing and competing providers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugin-graph.h"

#include "make-elf.h"

typedef struct
{
  CsManifest *manifests[8];
  guint n;
  CsBind binds[4];
  guint n_binds;
  CsReport report;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  cs_report_init (&fixture->report);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  guint i;

  for (i = 0; i < fixture->n; i++)
    cs_manifest_free (fixture->manifests[i]);
  cs_report_clear (&fixture->report);
}

static void
add (Fixture *fixture, const char *name, const char *contracts)
{
  g_autofree char *text = g_strdup_printf ("name=%s\nversion=1\nabi=0.1\n%s", name, contracts);
  g_autoptr (GByteArray) file = make_elf (text);
  g_autoptr (GError) error = NULL;

  fixture->manifests[fixture->n++] = cs_manifest_parse (file->data, file->len, name, &error);
  g_assert_no_error (error);
}

static const char *
hint (const char *contract, gpointer data)
{
  return strcmp (contract, "http") == 0 ? "http" : NULL;
}

static CsGraph *
build (Fixture *fixture)
{
  return cs_graph_new (fixture->manifests, fixture->n, fixture->binds, fixture->n_binds, "all.role:3",
                       hint, NULL, &fixture->report);
}

static void
expect_error (Fixture *fixture, const char *text)
{
  g_assert_null (build (fixture));
  g_assert_cmpuint (fixture->report.errors->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (fixture->report.errors, 0), ==, text);
}

static char *
order_of (Fixture *fixture, const CsGraph *graph)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < graph->order->len; i++)
    g_string_append_printf (
      text, "%s ", fixture->manifests[g_array_index (graph->order, guint, i)]->name);
  return g_string_free (text, FALSE);
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CsGraph) graph = NULL;
  g_autofree char *order = NULL;

  add (fixture, "sync", "requires=http>=1 store>=1\nwants=auth>=1 cache>=1\n");
  add (fixture, "sqlite", "provides=store=1\n");
  add (fixture, "http", "wants=auth>=1\nprovides=http=1\n");
  add (fixture, "auth", "provides=auth=1\n");
  graph = build (fixture);
  g_assert_nonnull (graph);
  order = order_of (fixture, graph);
  g_assert_cmpstr (order, ==, "auth http sqlite sync ");
  g_assert_cmpint (g_array_index (graph->uses[0], CsUse, 3).provider, ==, -1);
}

/* auth wants a source that stands on auth: it starts first, and gets the source by a watch. */
static void
test_wanted_circle (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CsGraph) graph = NULL;
  g_autofree char *order = NULL;

  add (fixture, "auth", "wants=users>=1\nprovides=auth=1\n");
  add (fixture, "sync", "requires=auth>=1\nprovides=users=1\n");
  graph = build (fixture);
  order = order_of (fixture, graph);
  g_assert_cmpstr (order, ==, "auth sync ");
  g_assert_cmpint (g_array_index (graph->uses[0], CsUse, 0).provider, ==, 1);
  g_assert_false (g_array_index (graph->uses[0], CsUse, 0).ordered);
}

static void
test_missing (Fixture *fixture, gconstpointer data)
{
  add (fixture, "hello", "requires=http>=1\n");
  expect_error (fixture, "all.role:3: plugin 'hello' needs http>=1, which no listed plugin provides; add "
                         "'http' to the list");
}

static void
test_missing_everywhere (Fixture *fixture, gconstpointer data)
{
  add (fixture, "hello", "requires=teleport>=1\n");
  expect_error (fixture, "all.role:3: plugin 'hello' needs teleport>=1, which no installed plugin "
                         "provides; install one or remove 'hello' from the list");
}

static void
test_version (Fixture *fixture, gconstpointer data)
{
  add (fixture, "hello", "requires=http>=2\n");
  add (fixture, "http", "provides=http=1\n");
  expect_error (fixture, "all.role:3: plugin 'hello' needs http>=2; 'http' provides version 1; upgrade the "
                         "older of the two");
}

static void
test_circle (Fixture *fixture, gconstpointer data)
{
  add (fixture, "a", "requires=y>=1\nprovides=x=1\n");
  add (fixture, "b", "requires=z>=1\nprovides=y=1\n");
  add (fixture, "c", "requires=x>=1\nprovides=z=1\n");
  expect_error (fixture, "all.role:3: plugins need each other in a circle: 'a' needs 'b' needs 'c' needs "
                         "'a'; remove one of them or bind its contract to another plugin");
}

static void
test_self (Fixture *fixture, gconstpointer data)
{
  add (fixture, "a", "requires=x>=1\nprovides=x=1\n");
  expect_error (fixture, "all.role:3: plugin 'a' requires x, which it provides itself; the plugin is built "
                         "wrong");
}

static void
test_two_providers (Fixture *fixture, gconstpointer data)
{
  add (fixture, "sync", "requires=store>=1\n");
  add (fixture, "sqlite", "provides=store=1\n");
  add (fixture, "postgres", "provides=store=1\n");
  expect_error (fixture, "all.role:3: plugin 'sync' needs store, which sqlite and postgres provide; choose "
                         "with `[bind] store = sqlite`");
}

static void
test_bind (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CsGraph) graph = NULL;

  add (fixture, "sync", "requires=store>=1\n");
  add (fixture, "sqlite", "provides=store=1\n");
  add (fixture, "postgres", "provides=store=1\n");
  fixture->binds[0] = (CsBind){ "store", "postgres", "f:2", FALSE };
  fixture->n_binds = 1;
  graph = build (fixture);
  g_assert_nonnull (graph);
  g_assert_cmpint (g_array_index (graph->uses[0], CsUse, 0).provider, ==, 2);
}

static void
test_wrong_bind (Fixture *fixture, gconstpointer data)
{
  add (fixture, "sqlite", "provides=store=1\n");
  fixture->binds[0] = (CsBind){ "broker", "sqlite", "f:2", FALSE };
  fixture->binds[1] = (CsBind){ "store", "postgres", "r:9", TRUE };
  fixture->n_binds = 2;
  expect_error (fixture, "f:2: [bind] broker: plugin 'sqlite' does not provide broker");
}

static void
test_unknown_bind (Fixture *fixture, gconstpointer data)
{
  add (fixture, "sqlite", "provides=store=1\n");
  fixture->binds[0] = (CsBind){ "store", "postgres", "f:2", FALSE };
  fixture->n_binds = 1;
  expect_error (fixture, "f:2: [bind] store: plugin 'postgres' is not among those to run; add it to the "
                         "role's plugins (all.role:3) or bind another");
}

static void
test_twice (Fixture *fixture, gconstpointer data)
{
  add (fixture, "a", "");
  add (fixture, "a", "");
  expect_error (fixture, "all.role:3: plugin 'a' is listed twice; keep one of the two");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/graph/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("order", test_order);
  ADD ("wanted-circle", test_wanted_circle);
  ADD ("missing", test_missing);
  ADD ("missing-everywhere", test_missing_everywhere);
  ADD ("version", test_version);
  ADD ("circle", test_circle);
  ADD ("self", test_self);
  ADD ("two-providers", test_two_providers);
  ADD ("bind", test_bind);
  ADD ("wrong-bind", test_wrong_bind);
  ADD ("unknown-bind", test_unknown_bind);
  ADD ("twice", test_twice);
  return g_test_run ();
}
