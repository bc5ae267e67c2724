/* welcome-page.h: the page as text with holes, and the policy that allows its style and script alone.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char *node;
  const char *role;
  const char *version;
  const char *origin; /* "http://127.0.0.1:8080" */
  gboolean sync;      /* the sync API answers at `origin` */
  gboolean open;      /* nobody needs to log in */
  const char *state;  /* JSON, or "null" for a client that may not see it */
} WelcomePage;

/* The page, to be g_string_free()d. Everything but `state` is escaped for HTML; `state` for a script
 * element. Any thread. */
GString *welcome_page_render (const WelcomePage *page);

/* The value of Content-Security-Policy (CSP Level 3), to be g_free()d. */
char *welcome_page_policy (void);

G_END_DECLS
