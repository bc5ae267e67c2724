/* plugin-file.h: which files may be loaded, loading them, and the verdict on their version.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_PLUGIN_FILE_H
#define CS_PLUGIN_FILE_H

#include <cloudsync/plugin.h>

#include "plugin/manifest.h"

/* The manifest of NAME.so in the first of the directories that has it, after the path's rules: no `/`
 * in the name, the file lies in the directory itself, it belongs to root or to the owner of this
 * program, nobody else may write it or the directory. Runs none of its code. The message says how to
 * mend it. CS_NOT_FOUND: there is no such file. */
CsManifest *cs_plugin_file_find (const char *const *dirs, const char *name, GError **error);

/* Every plugin that could be loaded, by name; files that could not are left out. */
GPtrArray *cs_plugin_file_list (const char *const *dirs);

/* Accept or refuse the version; the message names both and the remedy. Pure. */
gboolean cs_plugin_verdict (const char *name, const char *version, const char *path, guint major,
                            guint minor, GError **error);

/* Loads the file for good and fills `plugin` with its descriptor in the host's own layout; what an
 * older one lacks is zero. Main thread. */
gboolean cs_plugin_file_load (const CsManifest *manifest, CsPlugin *plugin, GError **error);

#endif
