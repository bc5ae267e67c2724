/* secret.h: an argument that must not stand in a command line.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_SECRET_H
#define CTL_SECRET_H

#include <glib.h>

/* Replaces each argument `-` by a line of standard input, not echoed when that is a terminal. FALSE when
 * there is none. */
gboolean ctl_read_secrets (char **arguments, GError **error);

/* Reads a password in the same way and appends `password=…` to the words, twice and alike on a terminal when it
 * is a new one. FALSE when there is none, or when one stood in the command line. */
gboolean ctl_append_password (char ***words, GError **error);

#endif
