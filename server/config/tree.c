/* tree.c: whether this program runs from the tree it was built in.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/tree.h"

#include <stdlib.h>
#include <sys/auxv.h>

/* Meson writes the source root into this file beside the programs; `install` does not copy it. */
#define MARKER "source-root"

/* Where /proc is not mounted (a bare chroot) the kernel's own word for it, made absolute at once. */
static char *
own_path (void)
{
  char *path = g_file_read_link ("/proc/self/exe", NULL);
  const char *executed = (const char *) getauxval (AT_EXECFN);
  char *resolved = NULL;

  if (path != NULL || executed == NULL)
    return path;
  resolved = realpath (executed, NULL);
  path = g_strdup (resolved);
  free (resolved);
  return path;
}

static CsTree *
look (void)
{
  g_autofree char *program = own_path ();
  g_autofree char *folder = program != NULL ? g_path_get_dirname (program) : NULL;
  g_autofree char *marker = folder != NULL ? g_build_filename (folder, MARKER, NULL) : NULL;
  g_autofree char *source_root = NULL;
  CsTree *tree;

  if (marker == NULL || !g_file_get_contents (marker, &source_root, NULL, NULL))
    return NULL;
  g_strstrip (source_root);
  if (!g_file_test (source_root, G_FILE_TEST_IS_DIR))
    return NULL;

  tree = g_new0 (CsTree, 1);
  tree->source_root = g_steal_pointer (&source_root);
  tree->build_root = g_path_get_dirname (folder);
  return tree;
}

const CsTree *
cs_tree_find (void)
{
  static gsize looked;
  static CsTree *tree;

  if (g_once_init_enter (&looked))
    {
      tree = look ();
      g_once_init_leave (&looked, 1);
    }
  return tree;
}
