/* files-plugin.c: the descriptor of files: the embedded provider of blob=1.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

static const CsNodeCommand check
  = { "check", "Reads and verifies every large object", files_check_command };

static gboolean
create (gpointer self, GError **error)
{
  Files *files = self;

  files_init (files, self);
  cs_add_command (self, &check);
  return cs_provide (self, CS_BLOB, &files->base, error);
}

static gboolean
start (gpointer self, GError **error)
{
  Files *files = self;
  CsNodeInfo node = { .size = sizeof node };
  g_autofree char *dir = NULL;

  files->settings = cs_settings (self);
  cs_node_info (&node);
  if (files->settings->directory == NULL || *files->settings->directory == '\0')
    dir = g_build_filename (node.data_dir, "blobs", NULL);
  else if (g_path_is_absolute (files->settings->directory))
    dir = g_strdup (files->settings->directory);
  else
    dir = g_build_filename (node.data_dir, files->settings->directory, NULL);
  return files_start (files, dir, error);
}

static void
stop (gpointer self)
{
  files_stop (self);
}

static void
destroy (gpointer self)
{
  files_clear (self);
}

CS_PLUGIN_DEFINE ("files", "1.0.0", "Keeps large objects in files of this node",
                  CS_PROVIDES ("blob=1"), CS_SETTINGS (FilesSettings, files_settings),
                  CS_STATE (Files), .create = create, .start = start, .stop = stop,
                  .destroy = destroy);
