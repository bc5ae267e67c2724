/* data-dir.h: makes the node's directories, and locks the one of its data.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_DATA_DIR_H
#define CS_DATA_DIR_H

#include <glib.h>

/* Makes the directory (0700) and locks it against a second node. A descriptor to be closed at the end, or
 * -1: the message names who holds it or what to mend. */
int cs_data_dir_lock (const char *path, GError **error);

/* Makes a directory for sockets (0755 when new). */
gboolean cs_run_dir_make (const char *path, GError **error);

#endif
