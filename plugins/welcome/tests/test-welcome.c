/* test-welcome.c: the page's holes, its policy, and the figures.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "welcome-page.h"
#include "welcome-state.h"
#include "welcome.h"

static const CsNodePlugin plugins[] = {
  { .size = sizeof (CsNodePlugin), .name = "http", .version = "1.0.0", .summary = "Web \"server\"",
    .provides = (const char *const[]){ "http=1", NULL }, .healthy = TRUE },
  { .size = sizeof (CsNodePlugin), .name = "sqlite", .version = "1.1.0", .reason = "disk full" },
};

static char *
render (gboolean sync, gboolean open, const char *state)
{
  WelcomePage page = { .node = "a<b>&c", .role = "all", .version = "0.1.0",
                       .origin = "http://127.0.0.1:8080", .sync = sync, .open = open,
                       .state = state };

  return g_string_free (welcome_page_render (&page), FALSE);
}

static void
test_holes (void)
{
  g_autofree char *open = render (TRUE, TRUE, "null");
  g_autofree char *closed = render (TRUE, FALSE, "null");
  g_autofree char *other = render (FALSE, TRUE, "null");

  g_assert_null (strstr (open, "{{"));
  g_assert_nonnull (strstr (open, "<h1>a&lt;b&gt;&amp;c</h1>"));
  g_assert_null (strstr (open, "a<b>"));
  g_assert_nonnull (strstr (open, "curl -X PUT <span data-origin>http://127.0.0.1:8080</span>/notes"));
  g_assert_nonnull (strstr (open, "\ndb.sync('<span data-origin>"));
  g_assert_nonnull (strstr (closed, "curl -u admin -X PUT"));
  g_assert_nonnull (strstr (closed, "\ndb.sync(remote, { live: true, retry: true })"));
  g_assert_null (strstr (other, "_changes"));
  g_assert_nonnull (strstr (other, "/readyz"));
}

/* Nothing is fetched from elsewhere, and nothing inline but what the policy names. */
static void
test_self_contained (void)
{
  g_autofree char *page = render (TRUE, TRUE, "null");
  g_autofree char *policy = welcome_page_policy ();
  const char *script = strstr (page, "<script>") + strlen ("<script>");
  g_autofree char *text = g_strndup (script, (gsize) (strstr (script, "</script>") - script));
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize len = sizeof digest;
  g_autofree char *base64 = NULL;

  g_assert_null (strstr (page, "src=\"http"));
  g_assert_null (strstr (page, "@import"));
  g_assert_null (strstr (page, " style=\""));
  g_assert_null (strstr (page, " onclick"));
  g_checksum_update (checksum, (const guchar *) text, -1);
  g_checksum_get_digest (checksum, digest, &len);
  base64 = g_base64_encode (digest, len);
  g_assert_nonnull (strstr (policy, base64));
  g_assert_true (g_str_has_prefix (policy, "default-src 'none'; "));
  g_assert_null (strstr (policy, "unsafe"));
}

static void
test_state_cannot_end_the_script (void)
{
  g_autofree char *page = render (TRUE, TRUE, "{\"x\":\"</script><script>alert(1)</script>\"}");

  g_assert_null (strstr (page, "alert(1)</script>"));
  g_assert_nonnull (strstr (page, "\\u003c/script>"));
}

static void
test_origin (void)
{
  g_autofree char *plain = welcome_origin (cs_slice_str ("[::1]:8080"), FALSE);
  g_autofree char *secure = welcome_origin (cs_slice_str ("db.example.org"), TRUE);

  g_assert_cmpstr (plain, ==, "http://[::1]:8080");
  g_assert_cmpstr (secure, ==, "https://db.example.org");
  g_assert_null (welcome_origin (cs_slice_str (""), FALSE));
  g_assert_null (welcome_origin (cs_slice_str ("a'b"), FALSE));
  g_assert_null (welcome_origin (cs_slice_str ("$(reboot)"), FALSE));
}

static void
test_state (void)
{
  GString *state;

  cs_harness_start (1);
  cs_harness_set_plugins (plugins, G_N_ELEMENTS (plugins));
  cs_stat_add (cs_counter (NULL, "http_requests_total", "R.", "code=\"2xx\""), 40);
  cs_stat_add (cs_counter (NULL, "http_requests_total", "R.", "code=\"4xx\""), 2);
  cs_stat_add (cs_gauge (NULL, "http_connections", "C.", NULL), 3);
  state = welcome_state ();
  g_assert_nonnull (strstr (state->str, "\"node\":\"node1\",\"role\":\"test\""));
  g_assert_nonnull (strstr (state->str, "\"ready\":true"));
  g_assert_nonnull (strstr (state->str, "\"summary\":\"Web \\\"server\\\"\",\"provides\":[\"http=1\"]"));
  g_assert_nonnull (strstr (state->str, "\"reason\":\"disk full\",\"healthy\":false}]"));
  g_assert_true (g_str_has_suffix (state->str,
                                   "\"counters\":{\"http_requests_total\":42,\"http_connections\":3}}"));
  g_string_free (state, TRUE);
  cs_harness_stop ();
}

static void
test_json_string (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  welcome_json_string (out, "a\"\\\n\x01é\xff");
  g_assert_cmpstr (out->str, ==, "\"a\\\"\\\\\\u000a\\u0001é\xef\xbf\xbd\"");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/welcome/holes", test_holes);
  g_test_add_func ("/welcome/self-contained", test_self_contained);
  g_test_add_func ("/welcome/state-cannot-end-the-script", test_state_cannot_end_the_script);
  g_test_add_func ("/welcome/origin", test_origin);
  g_test_add_func ("/welcome/state", test_state);
  g_test_add_func ("/welcome/json-string", test_json_string);
  return g_test_run ();
}
