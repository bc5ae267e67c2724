/* test-parser.c: heads that must be read, and by name each framing that must be refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "../http-parser.h"

#include <string.h>

static HttpField fields[HTTP_MAX_FIELDS];
static const HttpHeadLimits limits = { .head_bytes = 16384, .target_bytes = 8192 };

typedef struct
{
  const char *name;
  const char *text;
  gsize length; /* 0: strlen */
  guint status;
} Refusal;

#define GET "GET / HTTP/1.1\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: a\r\n"
#define END "\r\n\r\n"
#define WITH_LENGTH(text) text, sizeof (text) - 1

static const Refusal refusals[] = {
  { "length-and-coding", POST "Content-Length: 3\r\nTransfer-Encoding: chunked" END, 0, 400 },
  { "coding-and-length", POST "Transfer-Encoding: chunked\r\nContent-Length: 3" END, 0, 400 },
  { "two-lengths", POST "Content-Length: 3\r\nContent-Length: 4" END, 0, 400 },
  { "same-length-twice", POST "Content-Length: 3\r\nContent-Length: 3" END, 0, 400 },
  { "length-list", POST "Content-Length: 3, 3" END, 0, 400 },
  { "length-plus", POST "Content-Length: +3" END, 0, 400 },
  { "length-minus", POST "Content-Length: -1" END, 0, 400 },
  { "length-hexadecimal", POST "Content-Length: 0x1" END, 0, 400 },
  { "length-underscore", POST "Content-Length: 1_0" END, 0, 400 },
  { "length-empty", POST "Content-Length:" END, 0, 400 },
  { "length-blank", POST "Content-Length:  \t" END, 0, 400 },
  { "length-inner-space", POST "Content-Length: 1 0" END, 0, 400 },
  { "length-overflow-64", POST "Content-Length: 18446744073709551617" END, 0, 400 },
  { "length-overflow-63", POST "Content-Length: 9223372036854775808" END, 0, 400 },
  { "length-many-digits", POST "Content-Length: 99999999999999999999999999" END, 0, 400 },
  { "space-before-colon", POST "Transfer-Encoding : chunked" END, 0, 400 },
  { "tab-before-colon", POST "Content-Length\t: 3" END, 0, 400 },
  { "chunked-then-identity", POST "Transfer-Encoding: chunked, identity" END, 0, 400 },
  { "chunked-then-identity-lines",
    POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" END, 0, 400 },
  { "xchunked", POST "Transfer-Encoding: xchunked" END, 0, 501 },
  { "identity", POST "Transfer-Encoding: identity" END, 0, 501 },
  { "gzip-then-chunked", POST "Transfer-Encoding: gzip, chunked" END, 0, 501 },
  { "chunked-parameter", POST "Transfer-Encoding: chunked;q=1" END, 0, 501 },
  { "double-chunked", POST "Transfer-Encoding: chunked, chunked" END, 0, 400 },
  { "double-chunked-lines", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" END, 0,
    400 },
  { "coding-empty", POST "Transfer-Encoding:" END, 0, 400 },
  { "coding-empty-element", POST "Transfer-Encoding: , chunked" END, 0, 400 },
  { "coding-vertical-tab", POST "Transfer-Encoding: \vchunked" END, 0, 400 },
  { "coding-on-1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked" END, 0, 400 },
  { "obs-fold-space", GET "Host: a\r\nX: 1\r\n 2" END, 0, 400 },
  { "obs-fold-tab", GET "Host: a\r\nX: 1\r\n\t2" END, 0, 400 },
  { "fold-after-request-line", GET " Host: a" END, 0, 400 },
  { "bare-lf-request-line", "GET / HTTP/1.1\nHost: a" END, 0, 400 },
  { "bare-lf-field", GET "Host: a\nX: 1" END, 0, 400 },
  { "bare-lf-end", GET "Host: a\r\n\n", 0, 400 },
  { "bare-cr-value", GET "Host: a\r\nX: 1\r2" END, 0, 400 },
  { "bare-cr-request-line", "GET / HTTP/1.1\rHost: a" END, 0, 400 },
  { "bare-cr-end", GET "Host: a\r\n\rX: 1" END, 0, 400 },
  { "nul-value", WITH_LENGTH (GET "Host: a\r\nX: 1\0" "2" END), 400 },
  { "nul-name", WITH_LENGTH (GET "Host: a\r\nX\0: 1" END), 400 },
  { "nul-target", WITH_LENGTH ("GET /\0 HTTP/1.1\r\nHost: a" END), 400 },
  { "delete-value", GET "Host: a\r\nX: 1\x7f" END, 0, 400 },
  { "control-value-late", GET "Host: a\r\nX: 0123456789abcdef0123456789\x01" END, 0, 400 },
  { "two-hosts", GET "Host: a\r\nHost: b" END, 0, 400 },
  { "same-host-twice", GET "Host: a\r\nHost: a" END, 0, 400 },
  { "two-hosts-1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b" END, 0, 400 },
  { "no-host", GET "X: 1" END, 0, 400 },
  { "no-fields", "GET / HTTP/1.1\r\n\r\n", 0, 400 },
  { "host-empty", GET "Host:" END, 0, 400 },
  { "host-with-path", GET "Host: a/b" END, 0, 400 },
  { "host-with-user", GET "Host: u@a" END, 0, 400 },
  { "host-with-space", GET "Host: a b" END, 0, 400 },
  { "host-port", GET "Host: a:8x" END, 0, 400 },
  { "host-port-large", GET "Host: a:65536" END, 0, 400 },
  { "host-bracket", GET "Host: [::1" END, 0, 400 },
  { "host-port-only", GET "Host: :80" END, 0, 400 },
  { "space-in-target", "GET /a b HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "two-spaces", "GET  / HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "two-spaces-version", "GET /  HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "tab-in-target", "GET /a\tb HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "space-after-version", "GET / HTTP/1.1 \r\nHost: a" END, 0, 400 },
  { "non-ascii-target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "fragment", "GET /a#b HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "relative-target", "GET a HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "star-with-get", "GET * HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "absolute-differs", "GET http://b/ HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "absolute-port-differs", "GET http://a:81/ HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "absolute-user", "GET http://u@a/ HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "absolute-no-host", "GET http:/// HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "absolute-scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "method-bytes", "G(T / HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "method-empty", " / HTTP/1.1\r\nHost: a" END, 0, 400 },
  { "name-bytes", GET "Host: a\r\nX[: 1" END, 0, 400 },
  { "name-non-ascii", GET "Host: a\r\nX\xe9: 1" END, 0, 400 },
  { "name-empty", GET "Host: a\r\n: 1" END, 0, 400 },
  { "no-colon", GET "Host: a\r\nX" END, 0, 400 },
  { "no-version", "GET /\r\nHost: a" END, 0, 400 },
  { "version-lower-case", "GET / http/1.1\r\nHost: a" END, 0, 400 },
  { "version-cut", "GET / HTTP/1\r\nHost: a" END, 0, 400 },
  { "version-2", "GET / HTTP/2.0\r\nHost: a" END, 0, 505 },
  { "http-2-preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 505 },
  { "two-empty-lines", "\r\n\r\n" GET "Host: a" END, 0, 400 },
  { "tls-hello", WITH_LENGTH ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400 },
  { "expectation", GET "Host: a\r\nExpect: 200-ok" END, 0, 417 },
  { "method-long", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHI / HTTP/1.1\r\nHost: a" END, 0, 501 },
};

static HttpParse
parse_whole (HttpHead *head, const char *text, gsize length)
{
  http_head_reset (head, fields);
  return http_head_parse (head, (const guint8 *) text, length, &limits);
}

/* A fresh copy each time, so that ASan sees a read beyond what has arrived. */
static HttpParse
parse_in_pieces (HttpHead *head, const char *text, gsize length, gsize piece)
{
  HttpParse result = HTTP_PARSE_MORE;

  http_head_reset (head, fields);
  for (gsize n = piece; result == HTTP_PARSE_MORE; n += piece)
    {
      g_autofree guint8 *copy = g_memdup2 (text, MIN (n, length));

      result = http_head_parse (head, copy, MIN (n, length), &limits);
      if (n >= length)
        break;
    }
  return result;
}

static void
test_refused (gconstpointer data)
{
  const Refusal *refusal = data;
  gsize length = refusal->length != 0 ? refusal->length : strlen (refusal->text);
  HttpHead head;

  g_assert_cmpint (parse_whole (&head, refusal->text, length), ==, HTTP_PARSE_REFUSED);
  g_assert_cmpuint (head.status, ==, refusal->status);
  g_assert_nonnull (head.reason);
  for (gsize piece = 1; piece < 8; piece++)
    {
      HttpParse result = parse_in_pieces (&head, refusal->text, length, piece);

      g_assert_cmpint (result, ==, HTTP_PARSE_REFUSED);
      g_assert_cmpuint (head.status, ==, refusal->status);
    }
}

static void
assert_slice (const char *text, HttpSlice slice, const char *expected)
{
  g_autofree char *got = g_strndup (text + slice.at, slice.length);

  g_assert_cmpstr (got, ==, expected);
}

static const char request[] = "PUT /db/a%2Fb?rev=1&x HTTP/1.1\r\n"
                              "Host: example.org:8080\r\n"
                              "Content-Length: 10\r\n"
                              "X-Empty:\r\n"
                              "x-BLANK: \t a \t b\t \r\n"
                              "Expect: 100-Continue\r\n"
                              "\r\n0123456789";

static void
check_request (const HttpHead *head)
{
  const HttpField *field;

  g_assert_cmpuint (head->length, ==, sizeof request - 1 - 10);
  g_assert_cmpint (head->method, ==, HTTP_METHOD_PUT);
  assert_slice (request, head->method_text, "PUT");
  assert_slice (request, head->target, "/db/a%2Fb?rev=1&x");
  assert_slice (request, head->path, "/db/a%2Fb");
  assert_slice (request, head->query, "rev=1&x");
  assert_slice (request, head->host, "example.org:8080");
  g_assert_true (head->has_length);
  g_assert_cmpuint (head->content_length, ==, 10);
  g_assert_true (head->keep_alive);
  g_assert_true (head->expect_continue);
  g_assert_cmpuint (head->n_fields, ==, 5);
  field = http_head_find (head, (const guint8 *) request, "x-blank", 7);
  g_assert_nonnull (field);
  assert_slice (request, (HttpSlice){ field->value, field->value_length }, "a \t b");
  field = http_head_find (head, (const guint8 *) request, "x-empty", 7);
  g_assert_cmpuint (field->value_length, ==, 0);
  g_assert_null (http_head_find (head, (const guint8 *) request, "x-missing", 9));
}

static void
test_whole (void)
{
  HttpHead head;

  g_assert_cmpint (parse_whole (&head, request, sizeof request - 1), ==, HTTP_PARSE_DONE);
  check_request (&head);
}

static void
test_pieces (void)
{
  HttpHead head;

  for (gsize piece = 1; piece < sizeof request; piece++)
    {
      HttpParse result = parse_in_pieces (&head, request, sizeof request - 1 - 10, piece);

      g_assert_cmpint (result, ==, HTTP_PARSE_DONE);
      check_request (&head);
    }
}

typedef struct
{
  const char *text;
  gboolean keep_alive;
} KeepAlive;

static void
test_keep_alive (void)
{
  static const KeepAlive cases[] = {
    { GET "Host: a" END, TRUE },
    { GET "Host: a\r\nConnection: close" END, FALSE },
    { GET "Host: a\r\nConnection: x, CLOSE" END, FALSE },
    { GET "Host: a\r\nConnection: keep-alive\r\nConnection: close" END, FALSE },
    { "GET / HTTP/1.0\r\n\r\n", FALSE },
    { "GET / HTTP/1.0\r\nConnection: Keep-Alive" END, TRUE },
    { "\r\n" GET "Host: a" END, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      HttpHead head;

      g_assert_cmpint (parse_whole (&head, cases[i].text, strlen (cases[i].text)), ==,
                       HTTP_PARSE_DONE);
      g_assert_cmpint (head.keep_alive, ==, cases[i].keep_alive);
    }
}

static void
test_absolute_target (void)
{
  static const char *const accepted[] = {
    "GET http://A.org/x?y HTTP/1.1\r\nHost: a.org" END,
    "GET http://a.org:80/x?y HTTP/1.1\r\nHost: a.org" END,
    "GET HTTP://a.org/x?y HTTP/1.1\r\nHost: a.org:80" END,
    "GET https://a.org/x?y HTTP/1.1\r\nHost: a.org:443" END,
  };
  HttpHead head;

  for (guint i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_assert_cmpint (parse_whole (&head, accepted[i], strlen (accepted[i])), ==,
                       HTTP_PARSE_DONE);
      assert_slice (accepted[i], head.path, "/x");
      assert_slice (accepted[i], head.query, "y");
    }
  g_assert_cmpint (parse_whole (&head, WITH_LENGTH ("GET http://a?q HTTP/1.1\r\nHost: a" END)), ==,
                   HTTP_PARSE_DONE);
  g_assert_cmpuint (head.path.length, ==, 0);
  g_assert_cmpint (parse_whole (&head, WITH_LENGTH ("OPTIONS * HTTP/1.1\r\nHost: a" END)), ==,
                   HTTP_PARSE_DONE);
  g_assert_cmpint (parse_whole (&head, WITH_LENGTH ("CONNECT a:1 HTTP/1.1\r\nHost: a:1" END)), ==,
                   HTTP_PARSE_DONE);
  g_assert_cmpint (parse_whole (&head, WITH_LENGTH ("GET / HTTP/1.1\r\nHost: [::1]:80" END)), ==,
                   HTTP_PARSE_DONE);
}

static void
refused_when_long (const char *begin, gsize fill, const char *end, guint status)
{
  g_autoptr (GString) text = g_string_new (begin);
  HttpHead head;

  for (gsize i = 0; i < fill; i++)
    g_string_append_c (text, 'a');
  g_string_append (text, end);
  g_assert_cmpint (parse_whole (&head, text->str, text->len), ==, HTTP_PARSE_REFUSED);
  g_assert_cmpuint (head.status, ==, status);
  g_assert_cmpint (parse_in_pieces (&head, text->str, text->len, 1000), ==, HTTP_PARSE_REFUSED);
  g_assert_cmpuint (head.status, ==, status);
}

static void
test_limits (void)
{
  g_autoptr (GString) many = g_string_new (GET "Host: a\r\n");
  HttpHead head;

  refused_when_long ("GET /", 9000, " HTTP/1.1\r\nHost: a" END, 414);
  refused_when_long ("GET /", 100000, "", 414);
  refused_when_long (GET "Host: a\r\nX: ", 100000, END, 431);
  refused_when_long (GET "Host: a\r\nX: ", 16384, END, 431);
  refused_when_long (GET "Host: a\r\n", 100000, ": x" END, 431);
  for (guint i = 0; i < HTTP_MAX_FIELDS; i++)
    g_string_append (many, "X: 1\r\n");
  g_string_append (many, "\r\n");
  g_assert_cmpint (parse_whole (&head, many->str, many->len), ==, HTTP_PARSE_REFUSED);
  g_assert_cmpuint (head.status, ==, 431);
}

/* A byte at a time must cost about as much as the whole at once, not its square. */
static void
test_slow_client_is_linear (void)
{
  g_autoptr (GString) text = g_string_new (GET "Host: a\r\nX: ");
  HttpHeadLimits wide = { .head_bytes = 4 << 20, .target_bytes = 8192 };
  HttpHead head;
  gint64 began;

  for (gsize i = 0; i < 1 << 20; i++)
    g_string_append_c (text, 'a');
  g_string_append (text, END);
  http_head_reset (&head, fields);
  began = g_get_monotonic_time ();
  for (gsize n = 1; n < text->len; n++)
    g_assert_cmpint (http_head_parse (&head, (guint8 *) text->str, n, &wide), ==, HTTP_PARSE_MORE);
  g_assert_cmpint (http_head_parse (&head, (guint8 *) text->str, text->len, &wide), ==,
                   HTTP_PARSE_DONE);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 5 * G_USEC_PER_SEC);
}

static void
test_pipelined_garbage (void)
{
  static const char two[] = GET "Host: a" END "\x01\x02";
  HttpHead head;

  g_assert_cmpint (parse_whole (&head, two, sizeof two - 1), ==, HTTP_PARSE_DONE);
  g_assert_cmpint (parse_whole (&head, two + head.length, sizeof two - 1 - head.length), ==,
                   HTTP_PARSE_REFUSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strconcat ("/http/parser/refuses/", refusals[i].name, NULL);

      g_test_add_data_func (path, &refusals[i], test_refused);
    }
  g_test_add_func ("/http/parser/whole", test_whole);
  g_test_add_func ("/http/parser/pieces", test_pieces);
  g_test_add_func ("/http/parser/keep-alive", test_keep_alive);
  g_test_add_func ("/http/parser/absolute-target", test_absolute_target);
  g_test_add_func ("/http/parser/limits", test_limits);
  g_test_add_func ("/http/parser/slow-client-is-linear", test_slow_client_is_linear);
  g_test_add_func ("/http/parser/pipelined-garbage", test_pipelined_garbage);
  return g_test_run ();
}
