/* auth-secret.h: the secret that sessions are signed with.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

#define AUTH_SECRET_MIN 32 /* characters */

/* Reads <data_dir>/auth-secret, or makes it: 256 random bits, for the node's user alone. To be g_free()d; NULL
 * and the error. Main thread. */
char *auth_secret_load (const char *data_dir, GError **error);

G_END_DECLS
