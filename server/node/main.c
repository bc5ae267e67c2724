/* main.c: cloudsyncd's options and exit codes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "node/describe.h"
#include "node/hide-secrets.h"
#include "node/node.h"
#include "node/paths.h"
#include "plugin/plugin-file.h"

/* What is allocated in larger pieces goes back to the system when it is freed (a password's check takes
 * 16 MiB); left alone, glibc learns to keep such pieces. */
enum { OWN_MAPPING_FROM = 512 * 1024 };

typedef struct
{
  CsOptions node;
  gboolean check;
  gboolean version;
  char *schema;
  char *doc;
} Arguments;

static gboolean
parse (Arguments *arguments, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "role", 'r', 0, G_OPTION_ARG_STRING, &arguments->node.role,
      "Which role the node has; roles/NAME.role lists its plugins", "NAME" },
    { "plugins", 'p', 0, G_OPTION_ARG_STRING, &arguments->node.plugins,
      "Run these plugins instead of the role's", "A,B,C" },
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &arguments->node.config_dir,
      "Directory of *.conf files, read after the package's", "DIR" },
    { "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->node.set,
      "Set one key, over files and environment; may be repeated", "SECTION.KEY=VALUE" },
    { "check", 0, 0, G_OPTION_ARG_NONE, &arguments->check,
      "Check the configuration, print what would run, and exit 0 or 1", NULL },
    { "schema", 0, 0, G_OPTION_ARG_STRING, &arguments->schema,
      "Print the JSON Schema of a plugin's settings (`core`: of the core's)", "PLUGIN" },
    { "doc", 0, 0, G_OPTION_ARG_STRING, &arguments->doc,
      "Print a table of a plugin's settings in Markdown", "PLUGIN" },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &arguments->version, "Print the version", NULL },
    { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- run a CloudSync node");

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (
    context, "Exit status: 0 stopped as asked, 1 the configuration is wrong and nothing was started, "
             "2 wrong usage,\n3 something failed to start, 4 something would not end in time.\n"
             "SIGTERM or SIGINT drains and stops, a second one stops at once, SIGHUP reloads.\n");
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "unexpected argument '%s'",
                   (*argv)[1]);
      return FALSE;
    }
  return TRUE;
}

static void
print_lines (const GPtrArray *lines, const char *prefix)
{
  guint i;

  for (i = 0; i < lines->len; i++)
    g_printerr ("cloudsyncd: %s%s\n", prefix, (const char *) g_ptr_array_index (lines, i));
}

static int
print_schema (const Arguments *arguments)
{
  g_auto (GStrv) dirs = cs_paths_plugin_dirs ();
  const char *name = arguments->schema != NULL ? arguments->schema : arguments->doc;
  g_autoptr (CsManifest) manifest = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  CsPlugin plugin = { 0 };

  if (strcmp (name, "core") != 0)
    {
      manifest = cs_plugin_file_find ((const char *const *) dirs, name, &error);
      if (manifest == NULL || !cs_plugin_file_load (manifest, &plugin, &error))
        {
          g_printerr ("cloudsyncd: %s\n", error->message);
          return CS_EXIT_CONFIG;
        }
    }
  text = cs_describe_settings (manifest, &plugin, arguments->schema != NULL);
  g_print ("%s", text);
  return CS_EXIT_OK;
}

static int
run (const Arguments *arguments, char *const *words)
{
  g_auto (CsReport) report = { 0 };
  g_autoptr (CsPlan) plan = NULL;

  cs_report_init (&report);
  plan = cs_plan_new (&arguments->node, &report);
  print_lines (report.warnings, "warning: ");
  print_lines (report.errors, "");
  if (plan == NULL)
    return CS_EXIT_CONFIG;
  cs_hide_secrets (words, plan);
  if (arguments->check)
    {
      g_autofree char *text = cs_plan_text (plan);

      g_print ("%s", text);
      return CS_EXIT_OK;
    }
  return cs_node_run (&arguments->node, g_steal_pointer (&plan));
}

int
main (int argc, char **argv)
{
  Arguments arguments = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char **words = g_memdup2 (argv, (gsize) (argc + 1) * sizeof *argv);
  int status;

  setlocale (LC_ALL, "");
  mallopt (M_MMAP_THRESHOLD, OWN_MAPPING_FROM);
  if (!parse (&arguments, &argc, &argv, &error))
    {
      g_printerr ("cloudsyncd: %s\nTry `cloudsyncd --help`.\n", error->message);
      return CS_EXIT_USAGE;
    }
  if (arguments.version)
    {
      g_print ("cloudsyncd %s (SDK %d.%d)\n", CS_SERVER_VERSION, CS_ABI_MAJOR, CS_ABI_MINOR);
      return CS_EXIT_OK;
    }
  status = arguments.schema != NULL || arguments.doc != NULL ? print_schema (&arguments)
                                                             : run (&arguments, words);
  g_free (arguments.node.role);
  g_free (arguments.node.plugins);
  g_free (arguments.node.config_dir);
  g_strfreev (arguments.node.set);
  g_free (arguments.schema);
  g_free (arguments.doc);
  return status;
}
