/* test-values.c: dates, URIs, ranges and weighted lists.
 * SPDX-License-Identifier: Apache-2.0 */
#include "../http-accept.h"
#include "../http-date.h"
#include "../http-range.h"
#include "../http-uri.h"

#include <string.h>

static void
test_date (void)
{
  static const char *const forms[] = { "Sun, 06 Nov 1994 08:49:37 GMT",
                                       "Sunday, 06-Nov-94 08:49:37 GMT",
                                       "Sun Nov  6 08:49:37 1994" };
  static const char *const bad[] = { "", "Sun", "Sun, 06 Xxx 1994 08:49:37 GMT",
                                     "Sun, 06 Nov 1994 28:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
                                     "Sun, 00 Nov 1994 08:49:37 GMT" };
  HttpDateCache cache = { -1, "" };
  gint64 seconds;

  g_assert_cmpstr (http_date_cached (&cache, 784111777), ==, forms[0]);
  g_assert_cmpstr (http_date_cached (&cache, 784111778), ==, "Sun, 06 Nov 1994 08:49:38 GMT");
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_assert_true (http_date_parse (forms[i], strlen (forms[i]), &seconds));
      g_assert_cmpint (seconds, ==, 784111777);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (http_date_parse (bad[i], strlen (bad[i]), &seconds));
}

static void
test_decode (void)
{
  char out[64];

  g_assert_cmpint (http_uri_decode ("a%2Fb%20c+d", 11, HTTP_URI_PATH, out), ==, 7);
  g_assert_cmpstr (out, ==, "a/b c+d");
  g_assert_cmpint (http_uri_decode ("a+b%2B", 6, HTTP_URI_FORM, out), ==, 4);
  g_assert_cmpstr (out, ==, "a b+");
  g_assert_cmpint (http_uri_decode ("%C3%a9", 6, HTTP_URI_PATH, out), ==, 2);
  g_assert_cmpstr (out, ==, "\xc3\xa9");
  g_assert_cmpint (http_uri_decode ("%", 1, HTTP_URI_PATH, out), ==, -1);
  g_assert_cmpint (http_uri_decode ("%4", 2, HTTP_URI_PATH, out), ==, -1);
  g_assert_cmpint (http_uri_decode ("%4g", 3, HTTP_URI_PATH, out), ==, -1);
  g_assert_cmpint (http_uri_decode ("a%00", 4, HTTP_URI_PATH, out), ==, -1);
}

static void
test_query (void)
{
  static const char query[] = "a=1&&b&c=%22x%22&d%5B=2&a=3";
  const char *value;
  gsize length;
  HttpQuery pairs;
  const char *name;
  gsize name_length;
  guint n = 0;

  g_assert_true (http_query_find (query, strlen (query), "a", &value, &length));
  g_assert_cmpint (length, ==, 1);
  g_assert_cmpint (value[0], ==, '1');
  g_assert_true (http_query_find (query, strlen (query), "b", &value, &length));
  g_assert_cmpint (length, ==, 0);
  g_assert_true (http_query_find (query, strlen (query), "d[", &value, &length));
  g_assert_cmpint (value[0], ==, '2');
  g_assert_false (http_query_find (query, strlen (query), "e", &value, &length));
  http_query_init (&pairs, query, strlen (query));
  while (http_query_next (&pairs, &name, &name_length, &value, &length))
    n++;
  g_assert_cmpuint (n, ==, 5);
}

static void
test_range (void)
{
  static const struct
  {
    const char *value;
    HttpRange result;
    guint64 first;
    guint64 last;
  } cases[] = {
    { "bytes=0-4", HTTP_RANGE_PART, 0, 4 },       { "bytes=5-", HTTP_RANGE_PART, 5, 9 },
    { "bytes=-3", HTTP_RANGE_PART, 7, 9 },        { "bytes=-30", HTTP_RANGE_PART, 0, 9 },
    { "bytes=0-100", HTTP_RANGE_PART, 0, 9 },     { "bytes=10-", HTTP_RANGE_UNSATISFIABLE, 0, 0 },
    { "bytes=-0", HTTP_RANGE_UNSATISFIABLE, 0, 0 }, { "bytes=4-2", HTTP_RANGE_WHOLE, 0, 0 },
    { "bytes=0-1,3-4", HTTP_RANGE_WHOLE, 0, 0 },  { "items=0-1", HTTP_RANGE_WHOLE, 0, 0 },
    { "bytes=a-b", HTTP_RANGE_WHOLE, 0, 0 },      { "bytes=", HTTP_RANGE_WHOLE, 0, 0 },
    { "bytes=99999999999999999999-", HTTP_RANGE_WHOLE, 0, 0 },
    { "bytes=1", HTTP_RANGE_WHOLE, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint64 first = 0;
      guint64 last = 0;

      g_assert_cmpint (
        http_range_parse (cases[i].value, strlen (cases[i].value), 10, &first, &last), ==,
        cases[i].result);
      if (cases[i].result != HTTP_RANGE_PART)
        continue;
      g_assert_cmpuint (first, ==, cases[i].first);
      g_assert_cmpuint (last, ==, cases[i].last);
    }
}

static guint
quality (const char *accept, const char *type)
{
  return http_accept_quality (accept, strlen (accept), type);
}

static void
test_accept (void)
{
  static const char prometheus[] = "application/openmetrics-text;version=1.0.0,"
                                   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  static const char *const offered[] = { "text/plain", "application/openmetrics-text", NULL };

  g_assert_cmpuint (quality ("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", "text/html"), ==, 700);
  g_assert_cmpuint (quality ("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", "text/css"), ==, 300);
  g_assert_cmpuint (quality ("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", "image/png"), ==, 500);
  g_assert_cmpuint (quality ("text/html", "image/png"), ==, 0);
  g_assert_cmpuint (quality ("TEXT/HTML ; Q=1.000", "text/html"), ==, 1000);
  g_assert_cmpuint (quality ("", "text/html"), ==, 1000);
  g_assert_cmpuint (quality ("a/b;q=0.1234567", "a/b"), ==, 123);
  g_assert_cmpint (http_accept_choose (prometheus, strlen (prometheus), offered), ==, 1);
  g_assert_cmpint (http_accept_choose (NULL, 0, offered), ==, 0);
  g_assert_cmpint (http_accept_choose ("image/png", 9, offered), ==, -1);
}

static void
test_accept_encoding (void)
{
  g_assert_cmpuint (http_accept_coding ("gzip, deflate", 13, "gzip"), ==, 1000);
  g_assert_cmpuint (http_accept_coding ("gzip;q=0", 8, "gzip"), ==, 0);
  g_assert_cmpuint (http_accept_coding ("*;q=0.5", 7, "gzip"), ==, 500);
  g_assert_cmpuint (http_accept_coding ("br", 2, "gzip"), ==, 0);
  g_assert_cmpuint (http_accept_coding (NULL, 0, "gzip"), ==, 0);
  g_assert_cmpuint (http_accept_coding (NULL, 0, "identity"), ==, 1000);
  g_assert_cmpuint (http_accept_coding ("identity;q=0", 12, "identity"), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/values/date", test_date);
  g_test_add_func ("/http/values/decode", test_decode);
  g_test_add_func ("/http/values/query", test_query);
  g_test_add_func ("/http/values/range", test_range);
  g_test_add_func ("/http/values/accept", test_accept);
  g_test_add_func ("/http/values/accept-encoding", test_accept_encoding);
  return g_test_run ();
}
