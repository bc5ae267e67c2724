/* welcome.h: the instance of the welcome plugin.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

/* The instance's state. */
typedef struct
{
  CsHttp *http;
  CsAuth *auth; /* NULL: none is bound */
  char *policy;
} WelcomeState;

gboolean welcome_start (gpointer self, GError **error);
void welcome_destroy (gpointer self);

/* "http://authority", to be g_free()d; NULL when the authority has a character that no host has. */
char *welcome_origin (CsSlice authority, gboolean secure);

G_END_DECLS
