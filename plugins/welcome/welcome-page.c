/* welcome-page.c: fills the holes, and hashes what is inline.
 * SPDX-License-Identifier: Apache-2.0 */
#include "welcome-page.h"
#include "welcome-resource.h"

#include <string.h>

#define RESOURCES "/cloudsync/welcome/"

static GBytes *
resource (const char *path)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = g_resource_lookup_data (welcome_get_resource (), path, 0, &error);

  if (bytes == NULL)
    g_error ("%s", error->message); /* it is built in */
  return bytes;
}

static void
append_html (GString *out, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  g_string_append (out, escaped);
}

/* So that no value can end the script element or open a comment in it. */
static void
append_script (GString *out, const char *json)
{
  for (; *json != '\0'; json++)
    if (*json == '<')
      g_string_append (out, "\\u003c");
    else
      g_string_append_c (out, *json);
}

static void fill (GString *out, const char *path, const WelcomePage *page);

static void
append_value (GString *out, const char *name, gsize len, const WelcomePage *page)
{
  g_autofree char *hole = g_strndup (name, len);

  if (g_str_equal (hole, "node"))
    append_html (out, page->node);
  else if (g_str_equal (hole, "role"))
    append_html (out, page->role);
  else if (g_str_equal (hole, "version"))
    append_html (out, page->version);
  else if (g_str_equal (hole, "origin"))
    append_html (out, page->origin);
  else if (g_str_equal (hole, "user"))
    g_string_append (out, page->open ? "" : "-u admin ");
  else if (g_str_equal (hole, "remote"))
    g_string_append (out, page->open ? "db.sync(" : "const remote = new PouchDB(");
  else if (g_str_equal (hole, "auth"))
    g_string_append (out, page->open ? ""
                                     : "{ auth: { username: 'admin', password: '…' } })\n"
                                       "db.sync(remote, ");
  else if (g_str_equal (hole, "tries"))
    fill (out, page->sync ? RESOURCES "tries-sync.html" : RESOURCES "tries-node.html", page);
  else if (g_str_equal (hole, "state"))
    append_script (out, page->state);
}

static void
fill (GString *out, const char *path, const WelcomePage *page)
{
  g_autoptr (GBytes) bytes = resource (path);
  const char *at = g_bytes_get_data (bytes, NULL);
  const char *end = at + g_bytes_get_size (bytes);
  const char *open;

  while ((open = g_strstr_len (at, end - at, "{{")) != NULL)
    {
      const char *close = g_strstr_len (open, end - open, "}}");

      g_string_append_len (out, at, open - at);
      append_value (out, open + 2, (gsize) (close - open - 2), page);
      at = close + 2;
    }
  g_string_append_len (out, at, end - at);
}

GString *
welcome_page_render (const WelcomePage *page)
{
  GString *out = g_string_sized_new (16 * 1024);

  fill (out, RESOURCES "page.html", page);
  return out;
}

/* 'sha256-…' of what is between two tags (CSP Level 3 §2.3.1). */
static char *
hash_between (GBytes *bytes, const char *open, const char *close)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const char *text = g_bytes_get_data (bytes, NULL);
  gsize size = g_bytes_get_size (bytes);
  const char *from = g_strstr_len (text, (gssize) size, open) + strlen (open);
  const char *to = g_strstr_len (from, text + size - from, close);
  guint8 digest[32];
  gsize len = sizeof digest;
  g_autofree char *base64 = NULL;

  g_checksum_update (checksum, (const guchar *) from, to - from);
  g_checksum_get_digest (checksum, digest, &len);
  base64 = g_base64_encode (digest, len);
  return g_strconcat ("'sha256-", base64, "'", NULL);
}

char *
welcome_page_policy (void)
{
  g_autoptr (GBytes) page = resource (RESOURCES "page.html");
  g_autofree char *style = hash_between (page, "<style>", "</style>");
  g_autofree char *script = hash_between (page, "<script>", "</script>");

  return g_strdup_printf ("default-src 'none'; style-src %s; script-src %s; img-src data:; "
                          "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                          "frame-ancestors 'none'",
                          style, script);
}
