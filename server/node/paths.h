/* paths.h: where configuration, plugins and data are, installed or in a build tree.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_PATHS_H
#define CS_PATHS_H

#include <glib.h>

/* Each answer is new: strings with g_free (), lists with g_strfreev (). */

/* Weakest first; `chosen` (may be NULL) stands in for the local one. */
char **cs_paths_config_dirs (const char *chosen);
char **cs_paths_plugin_dirs (void);
char *cs_paths_data_dir (void);
char *cs_paths_run_dir (const char *data_dir);

#endif
