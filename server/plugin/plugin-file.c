/* plugin-file.c: which files may be loaded, loading them, and the verdict on their version.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugin-file.h"

#include <cloudsync/error.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/settings-set.h"

#define DESCRIPTOR "cloudsync_plugin"

/* What the first release of the descriptor had: a size below it is a broken build. */
enum { SMALLEST = G_STRUCT_OFFSET (CsPlugin, health) + sizeof (gpointer) };

static gboolean G_GNUC_PRINTF (3, 4)
fail (GError **error, CsStatus code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (CS_ERROR, (gint) code, format, args);
  va_end (args);
  return FALSE;
}

static void
own_owner (uid_t *uid, gid_t *gid)
{
  struct stat program;

  *uid = 0;
  *gid = 0;
  if (stat ("/proc/self/exe", &program) == 0)
    {
      *uid = program.st_uid;
      *gid = program.st_gid;
    }
}

static gboolean
check_trust (const char *path, const char *what, GError **error)
{
  g_autofree char *quoted = g_shell_quote (path);
  struct stat info;
  uid_t uid;
  gid_t gid;

  own_owner (&uid, &gid);
  if (stat (path, &info) != 0)
    return fail (error, CS_NOT_FOUND, "%s: %s", path, g_strerror (errno));
  if (info.st_uid != 0 && info.st_uid != uid)
    return fail (error, CS_DENIED, "%s: the %s belongs to user %u; allowed are root and the owner of "
                 "cloudsyncd (%u). To mend it: chown root: %s", path, what, (guint) info.st_uid,
                 (guint) uid, quoted);
  if ((info.st_mode & S_IWOTH)
      || ((info.st_mode & S_IWGRP) && info.st_gid != 0 && info.st_gid != gid))
    return fail (error, CS_DENIED, "%s: others may write the %s. To mend it: chmod go-w %s", path,
                 what, quoted);
  return TRUE;
}

static gboolean
check_place (const char *dir, const char *path, GError **error)
{
  char *real_dir = realpath (dir, NULL);
  char *real_path = realpath (path, NULL);
  g_autofree char *holder = real_path != NULL ? g_path_get_dirname (real_path) : NULL;
  gboolean ok = real_dir != NULL && holder != NULL && strcmp (real_dir, holder) == 0;

  if (!ok)
    fail (error, CS_DENIED, "%s: it leads out of the plugin directory %s; install the file itself "
          "there", path, dir);
  free (real_dir);
  free (real_path);
  return ok;
}

static CsManifest *
read_checked (const char *dir, const char *path, const char *name, GError **error)
{
  g_autoptr (CsManifest) manifest = NULL;

  if (!check_place (dir, path, error) || !check_trust (dir, "directory", error)
      || !check_trust (path, "file", error))
    return NULL;
  manifest = cs_manifest_read (path, error);
  if (manifest == NULL)
    return NULL;
  if (strcmp (manifest->name, name) != 0)
    {
      fail (error, CS_INVALID, "%s: the plugin in it is named '%s'; rename the file to %s.so", path,
            manifest->name, manifest->name);
      return NULL;
    }
  return g_steal_pointer (&manifest);
}

CsManifest *
cs_plugin_file_find (const char *const *dirs, const char *name, GError **error)
{
  g_autofree char *base = g_strconcat (name, ".so", NULL);
  g_autofree char *places = NULL;
  gsize i;

  if (strchr (name, '/') != NULL || *name == '\0' || *name == '.')
    {
      fail (error, CS_DENIED, "'%s' is no plugin's name: it is given without a path", name);
      return NULL;
    }
  for (i = 0; dirs[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (dirs[i], base, NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return read_checked (dirs[i], path, name, error);
    }
  places = g_strv_length ((char **) dirs) <= 2 ? g_strjoinv (", ", (char **) dirs)
                                                : g_strdup ("the build tree");
  fail (error, CS_NOT_FOUND, "plugin '%s' is not installed (no %s in %s)", name, base, places);
  return NULL;
}

static void
list_dir (GPtrArray *list, const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (file, ".so"))
      {
        g_autofree char *name = g_strndup (file, strlen (file) - strlen (".so"));
        g_autofree char *whole = g_build_filename (path, file, NULL);
        CsManifest *manifest = read_checked (path, whole, name, NULL);

        if (manifest != NULL)
          g_ptr_array_add (list, manifest);
      }
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(CsManifest *const *) a)->name, (*(CsManifest *const *) b)->name);
}

GPtrArray *
cs_plugin_file_list (const char *const *dirs)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) cs_manifest_free);

  for (; *dirs != NULL; dirs++)
    list_dir (list, *dirs);
  g_ptr_array_sort (list, compare_names);
  return list;
}

gboolean
cs_plugin_verdict (const char *name, const char *version, const char *path, guint major,
                   guint minor, GError **error)
{
  const char *remedy;

  if (major == CS_ABI_MAJOR && minor <= CS_ABI_MINOR && (major > 0 || minor >= CS_ABI_OLDEST))
    return TRUE;

  if (major > CS_ABI_MAJOR || (major == CS_ABI_MAJOR && minor > CS_ABI_MINOR))
    remedy = "upgrade cloudsync, or rebuild the plugin for this SDK (-DCS_SDK_TARGET_MINOR=N)";
  else
    remedy = "rebuild the plugin with this server's SDK";
  return fail (error, CS_UNSUPPORTED,
               "plugin '%s' %s (%s) is written for SDK %u.%u; this server offers %u.%u (oldest "
               "%u.%u): %s", name, version, path, major, minor, CS_ABI_MAJOR, CS_ABI_MINOR,
               CS_ABI_MAJOR, CS_ABI_OLDEST, remedy);
}

static gboolean
check_descriptor (const CsManifest *manifest, const CsPlugin *found, GError **error)
{
  const char *path = manifest->path;

  if (found->magic != CS_PLUGIN_MAGIC)
    return fail (error, CS_INVALID, "%s: its " DESCRIPTOR " is no plugin descriptor (magic %08x "
                 "instead of %08x); rebuild it with CS_PLUGIN_DEFINE", path, found->magic,
                 CS_PLUGIN_MAGIC);
  if (!cs_plugin_verdict (manifest->name, manifest->version, path, found->abi_major,
                          found->abi_minor, error))
    return FALSE;
  if (found->size < SMALLEST)
    return fail (error, CS_INVALID, "%s: its descriptor has %u bytes, fewer than any release of the "
                 "SDK made (%u); rebuild it", path, found->size, (guint) SMALLEST);
  if (found->manifest == NULL || strcmp (found->manifest, manifest->text) != 0)
    return fail (error, CS_INVALID, "%s: the file changed while it was being loaded; start again",
                 path);
  if (found->host == NULL)
    return fail (error, CS_INVALID, "%s: its descriptor has no place for the host table; rebuild it "
                 "with CS_PLUGIN_DEFINE", path);
  if ((found->settings != NULL && found->settings_row_size < sizeof (CsSetting))
      || (found->section_kinds != NULL && found->section_kind_row_size < sizeof (CsSectionKind)))
    return fail (error, CS_INVALID, "%s: the rows of its settings are smaller than any release of "
                 "the SDK made them; rebuild it", path);
  return TRUE;
}

/* The manifest names the kinds of sections for those who read no table. */
static gboolean
check_kinds (const CsManifest *manifest, const CsPlugin *plugin, GError **error)
{
  CsSectionKind row;
  guint n;

  for (n = 0; cs_plugin_section_kind_at (plugin, n, &row); n++)
    if (!g_strv_contains ((const char *const *) manifest->kinds, row.kind))
      return fail (error, CS_INVALID, "%s: it has sections of the kind '%s', which its CS_OWNS does "
                   "not name", manifest->path, row.kind);
  if (n != g_strv_length (manifest->kinds))
    return fail (error, CS_INVALID, "%s: its CS_OWNS names kinds of sections that it does not have",
                 manifest->path);
  return TRUE;
}

gboolean
cs_plugin_file_load (const CsManifest *manifest, CsPlugin *plugin, GError **error)
{
  const CsPlugin *found;
  void *handle;

  if (!cs_plugin_verdict (manifest->name, manifest->version, manifest->path, manifest->abi_major,
                          manifest->abi_minor, error))
    return FALSE;

  /* NODELETE: a type that GLib registered in plugin code cannot be registered again. */
  handle = dlopen (manifest->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == NULL)
    return fail (error, CS_INVALID, "plugin '%s' cannot be loaded: %s", manifest->name, dlerror ());
  found = dlsym (handle, DESCRIPTOR);
  if (found == NULL)
    return fail (error, CS_INVALID, "%s: it does not export " DESCRIPTOR "; rebuild it with "
                 "CS_PLUGIN_DEFINE", manifest->path);
  if (!check_descriptor (manifest, found, error))
    return FALSE;

  memset (plugin, 0, sizeof *plugin);
  memcpy (plugin, found, MIN (found->size, sizeof *plugin));
  return check_kinds (manifest, plugin, error);
}
