/* fuzz-http-values.c: any bytes as a path, query, date, range and Accept header.
 * SPDX-License-Identifier: Apache-2.0 */
#include <http-accept.h>
#include <http-date.h>
#include <http-range.h>
#include <http-router.h>
#include <http-uri.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static HttpRouter *
make_router (void)
{
  static const char *const patterns[] = { "/",  "/a",      "/{x}", "/{x}/a", "/{x}/{y}",
                                          "/a/{x...}", "/{x}/a/{y}", "/{x}/{y}/{z...}" };
  HttpRouter *router = http_router_new ();

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    http_router_add (router, "GET", patterns[i], (gpointer) patterns[i], NULL, NULL);
  return router;
}

static void
try_route (const char *text, gsize size)
{
  static HttpRouter *router;
  HttpMatch match;

  if (router == NULL)
    router = make_router ();
  if (size == 0 || text[0] != '/')
    return;
  http_router_match (router, "GET", 3, text, size, &match);
  for (guint i = 0; i < match.n_params && match.route != NULL; i++)
    g_assert_true (match.params[i].value >= text
                   && match.params[i].value + match.params[i].length <= text + size);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *) data;
  g_autofree char *out = g_malloc (size + 1);
  const char *value;
  gsize length;
  guint64 first = 0;
  guint64 last = 0;
  gint64 seconds;

  try_route (text, size);
  g_assert_cmpint (http_uri_decode (text, size, HTTP_URI_FORM, out), <=, (gssize) size);
  http_query_find (text, size, "name", &value, &length);
  http_date_parse (text, size, &seconds);
  if (http_range_parse (text, size, 1000, &first, &last) == HTTP_RANGE_PART)
    g_assert_true (first <= last && last < 1000);
  g_assert_cmpuint (http_accept_quality (text, size, "text/html"), <=, 1000);
  g_assert_cmpuint (http_accept_coding (text, size, "gzip"), <=, 1000);
  return 0;
}
