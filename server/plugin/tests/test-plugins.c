/* test-plugins.c: instances through their lives on real workers: services, holds, reload under readers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugins.h"

#include <cloudsync/sdk.h>

#include "make-elf.h"
#include "plugin/host-api.h"
#include "runtime/log-ring.h"
#include "runtime/worker.h"

const CsHost *cs_host_;

enum { WORKERS = 3, RELOADS = 200 };

/* ---- two plugins: one offers a clock, the other reads it ---- */

typedef struct
{
  gint64 number, twice;
} ClockSettings;

typedef struct
{
  gint64 number;
} FaceSettings;

static const CsSetting clock_rows[] = {
  CS_INT (ClockSettings, number, "number", "1", "A number", .flags = CS_SETTING_RELOADABLE),
  CS_INT (ClockSettings, twice, "twice", "2", "Its double", .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};

static const CsSetting face_rows[] = {
  CS_INT (FaceSettings, number, "number", "0", "A number", .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};

static const CsSectionKind clock_kinds[]
  = { { "face", "A face", face_rows, sizeof (FaceSettings) }, { NULL, NULL, NULL, 0 } };

typedef struct
{
  GString *calls;
  gboolean refuse;
  gpointer watched;
  guint watch_calls;
  gint torn;       /* readers that saw half of a reload */
  gint reads;
  gint stop;
} Seen;

static Seen seen;

static void
note (const char *what)
{
  g_string_append_printf (seen.calls, "%s ", what);
}

static gboolean
clock_create (gpointer self, GError **error)
{
  note ("clock-create");
  return cs_host_->instance->provide (self, "clock", 1, self, error);
}

static gboolean
clock_start (gpointer self, GError **error)
{
  note ("clock-start");
  return TRUE;
}

static gboolean
clock_prepare (gpointer self, const void *settings, gpointer *token, GError **error)
{
  const ClockSettings *new_settings = settings;
  const CsSection *faces;
  guint n;

  faces = cs_sections (self, "face", &n);
  *token = GINT_TO_POINTER ((gint) new_settings->number);
  if (n > 0)
    g_assert_cmpint (((const FaceSettings *) faces[n - 1].settings)->number, ==,
                     new_settings->number);
  if (!seen.refuse)
    return TRUE;
  g_set_error_literal (error, CS_ERROR, CS_FAILED, "refused");
  return FALSE;
}

static void
clock_commit (gpointer self, gpointer token)
{
  const ClockSettings *settings = cs_settings (self);

  g_assert_cmpint (settings->number, ==, GPOINTER_TO_INT (token));
}

static void
clock_stop (gpointer self)
{
  note ("clock-stop");
}

static void
clock_destroy (gpointer self)
{
  note ("clock-destroy");
}

static gboolean
reader_start (gpointer self, GError **error)
{
  note ("reader-start");
  g_assert_nonnull (cs_host_->instance->require (self, "clock", 1));
  g_assert_null (cs_host_->instance->require (self, "calendar", 1));
  return TRUE;
}

static void
reader_stop (gpointer self)
{
  note ("reader-stop");
}

static const CsHost *clock_host;
static const CsHost *reader_host;

static const CsPlugin clock_plugin = {
  .size = sizeof (CsPlugin), .host = &clock_host, .settings = clock_rows,
  .settings_row_size = sizeof (CsSetting), .settings_size = sizeof (ClockSettings),
  .section_kinds = clock_kinds, .section_kind_row_size = sizeof (CsSectionKind), .state_size = 64,
  .create = clock_create, .start = clock_start, .reload_prepare = clock_prepare,
  .reload_commit = clock_commit, .stop = clock_stop, .destroy = clock_destroy,
};

static const CsPlugin reader_plugin = { .size = sizeof (CsPlugin), .host = &reader_host,
                                        .state_size = 64, .start = reader_start,
                                        .stop = reader_stop };

/* ---- a node of them ---- */

typedef struct
{
  CsPlugins *plugins;
  CsInstance *clock, *reader;
} Fixture;

static CsManifest *
manifest_of (const char *text)
{
  g_autoptr (GByteArray) file = make_elf (text);

  return cs_manifest_parse (file->data, file->len, "test", NULL);
}

static CsSettingsSet *
settings_of (const char *name, const CsPlugin *plugin, const char *text)
{
  g_autoptr (CsConfig) config = cs_config_new ();
  g_auto (CsReport) report = { 0 };

  cs_report_init (&report);
  cs_config_read_text (config, text, strlen (text), "f", &report);
  return cs_settings_set_new (name, plugin, config, &report);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  CsRuntimeOptions options = { .n_workers = WORKERS };
  CsLoadedPlugin loaded[2] = { { NULL, reader_plugin, NULL }, { NULL, clock_plugin, NULL } };
  CsManifest *manifests[2];
  g_auto (CsReport) report = { 0 };
  g_autoptr (CsGraph) graph = NULL;
  CsNodeInfo info = { .size = sizeof info, .name = "test" };
  guint i;

  seen = (Seen){ .calls = g_string_new (NULL) };
  cs_report_init (&report);
  manifests[0] = manifest_of ("name=reader\nversion=1\nabi=0.1\nrequires=clock>=1\nwants=calendar>=1\n");
  manifests[1] = manifest_of ("name=clock\nversion=1\nabi=0.1\nprovides=clock=1\nsections=face\n");
  graph = cs_graph_new (manifests, 2, NULL, 0, "test", NULL, NULL, &report);
  g_assert_nonnull (graph);
  for (i = 0; i < 2; i++)
    {
      loaded[i].manifest = manifests[i];
      loaded[i].settings = settings_of (manifests[i]->name, &loaded[i].plugin, "");
    }
  g_assert_true (cs_runtime_start (&options, NULL));
  fixture->plugins = cs_plugins_new (loaded, graph, WORKERS);
  fixture->clock = cs_plugins_find (fixture->plugins, "clock");
  fixture->reader = cs_plugins_find (fixture->plugins, "reader");
  cs_host_open (fixture->plugins, &info);
  cs_host_give (&clock_plugin);
  cs_host_ = clock_host;
  g_assert_true (cs_plugins_start (fixture->plugins, CS_SECONDS (5), NULL));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  cs_runtime_cancel_fibers (g_get_monotonic_time () + CS_SECONDS (5));
  cs_plugins_stop (fixture->plugins);
  g_assert_cmpuint (cs_plugins_audit (fixture->plugins), ==, 0);
  cs_runtime_stop (g_get_monotonic_time () + CS_SECONDS (1));
  cs_plugins_destroy (fixture->plugins);
  g_assert_cmpstr (seen.calls->str, ==,
                   "clock-create clock-start reader-start reader-stop clock-stop clock-destroy ");
  cs_plugins_free (fixture->plugins);
  g_string_free (seen.calls, TRUE);
}

static void
test_life (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpstr (fixture->reader->uses_text[0], ==, "clock=clock");
  g_assert_null (fixture->reader->uses_text[1]);
  g_assert_cmpstr (fixture->clock->provides_text[0], ==, "clock=1");
}

/* ---- holds are taken and given back on any thread ---- */

static void
hold_many (guint worker, gpointer self)
{
  guint i;

  for (i = 0; i < 1000; i++)
    cs_hold (self);
  for (i = 0; i < 999; i++)
    cs_release (self);
}

static void
test_holds (Fixture *fixture, gconstpointer data)
{
  gpointer self = cs_instance_self (fixture->clock);
  guint i;

  cs_runtime_on_each_worker (hold_many, self);
  g_assert_cmpint (cs_instance_holds (fixture->clock), ==, WORKERS);
  g_assert_cmpint (cs_plugins_holds (fixture->plugins), ==, WORKERS);
  for (i = 0; i < WORKERS; i++)
    cs_release (self);
  g_assert_cmpint (cs_instance_holds (fixture->clock), ==, 0);
}

/* ---- per-worker state ---- */

static void
set_local (guint worker, gpointer self)
{
  cs_set_local (self, GUINT_TO_POINTER (worker + 1));
}

static void
check_local (guint worker, gpointer self)
{
  g_assert_cmpuint (GPOINTER_TO_UINT (cs_local (self)), ==, worker + 1);
}

static void
test_local (Fixture *fixture, gconstpointer data)
{
  gpointer self = cs_instance_self (fixture->clock);

  cs_runtime_on_each_worker (set_local, self);
  cs_runtime_on_each_worker (check_local, self);
  g_assert_null (cs_local (self));
}

/* ---- reload while workers read ---- */

static void
read_settings (gpointer self)
{
  while (!g_atomic_int_get (&seen.stop))
    {
      const ClockSettings *settings = cs_settings (self);
      const CsSection *faces;
      guint n;

      faces = cs_sections (self, "face", &n);
      if (settings->twice != 2 * settings->number)
        g_atomic_int_inc (&seen.torn);
      if (n > 0)
        g_assert_cmpint (((const FaceSettings *) faces[0].settings)->number, >, 0);
      g_atomic_int_inc (&seen.reads);
      cs_sleep (10);
    }
}

static void
start_reader (guint worker, gpointer self)
{
  g_assert_cmpint (cs_fiber_start (self, read_settings, self, CS_NEVER), ==, CS_OK);
}

static gboolean
reload (Fixture *fixture, gint number)
{
  g_autofree char *text = g_strdup_printf ("[clock]\nnumber = %d\ntwice = %d\n[face a]\nnumber = %d\n",
                                           number, 2 * number, number);
  CsSettingsSet *sets[2];
  guint i;

  for (i = 0; i < 2; i++)
    {
      CsInstance *instance = g_ptr_array_index (fixture->plugins->instances, i);

      sets[i] = settings_of (instance->owner.name, &instance->plugin, text);
    }
  return cs_plugins_reload (fixture->plugins, sets, NULL);
}

static void
test_reload (Fixture *fixture, gconstpointer data)
{
  gpointer self = cs_instance_self (fixture->clock);
  const ClockSettings *first = cs_settings (self);
  gint i;

  cs_runtime_on_each_worker (start_reader, self);
  for (i = 1; i <= RELOADS; i++)
    {
      seen.refuse = i % 10 == 0;
      g_assert_true (reload (fixture, i) == !seen.refuse);
      g_usleep (100);
    }
  seen.refuse = FALSE;
  g_atomic_int_set (&seen.stop, 1);
  g_assert_cmpint (((const ClockSettings *) cs_settings (self))->number, ==, RELOADS - 1);
  g_assert_cmpint (g_atomic_int_get (&seen.torn), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&seen.reads), >, 0);
  g_assert_cmpint (first->number, ==, 1); /* a struct once handed out stays */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/plugins/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("life", test_life);
  ADD ("holds", test_holds);
  ADD ("local", test_local);
  ADD ("reload", test_reload);
  return g_test_run ();
}
