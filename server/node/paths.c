/* paths.c: where configuration, plugins and data are, installed or in a build tree.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/paths.h"

#include <string.h>

#include "config/tree.h"

char **
cs_paths_config_dirs (const char *chosen)
{
  const CsTree *tree = cs_tree_find ();
  GPtrArray *dirs = g_ptr_array_new ();

  if (tree != NULL)
    g_ptr_array_add (dirs, g_build_filename (tree->source_root, "config.d", NULL));
  else
    g_ptr_array_add (dirs, g_strdup (CS_CONFIG_VENDOR_DIR));
  if (chosen != NULL)
    g_ptr_array_add (dirs, g_strdup (chosen));
  else if (tree == NULL)
    g_ptr_array_add (dirs, g_strdup (CS_CONFIG_LOCAL_DIR));
  g_ptr_array_add (dirs, NULL);
  return (char **) g_ptr_array_free (dirs, FALSE);
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
add_folders (GPtrArray *dirs, const char *root, const char *below)
{
  g_autofree char *path = g_build_filename (root, below, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *folder = g_build_filename (path, name, NULL);

      if (g_file_test (folder, G_FILE_TEST_IS_DIR))
        g_ptr_array_add (dirs, g_steal_pointer (&folder));
    }
}

char **
cs_paths_plugin_dirs (void)
{
  const CsTree *tree = cs_tree_find ();
  GPtrArray *dirs = g_ptr_array_new ();

  if (tree != NULL)
    {
      add_folders (dirs, tree->build_root, "plugins");
      add_folders (dirs, tree->build_root, "sdk/examples");
      g_ptr_array_sort (dirs, compare_paths);
    }
  else
    g_ptr_array_add (dirs, g_strdup (CS_PLUGIN_DIR));
  g_ptr_array_add (dirs, NULL);
  return (char **) g_ptr_array_free (dirs, FALSE);
}

char *
cs_paths_data_dir (void)
{
  const CsTree *tree = cs_tree_find ();

  return tree != NULL ? g_build_filename (tree->source_root, "var", NULL) : g_strdup (CS_STATE_DIR);
}

char *
cs_paths_run_dir (const char *data_dir)
{
  return cs_tree_find () != NULL ? g_build_filename (data_dir, "run", NULL) : g_strdup (CS_RUN_DIR);
}
