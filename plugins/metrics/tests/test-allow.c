/* test-allow.c: which addresses a range holds.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "metrics-allow.h"
#include "metrics-settings.h"

static void
test_ranges (void)
{
  static const char *const ranges[]
    = { "10.0.0.0/8", "192.0.2.7", "198.51.100.128/25", "2001:db8:40::/44", "::1", NULL };
  static const struct
  {
    const char *peer;
    gboolean in;
  } cases[] = {
    { "10.255.3.4:1", TRUE },         { "11.0.0.1:1", FALSE },
    { "192.0.2.7:65535", TRUE },      { "192.0.2.8:1", FALSE },
    { "198.51.100.128:9", TRUE },     { "198.51.100.127:9", FALSE },
    { "[2001:db8:4f::9]:1", TRUE },   { "[2001:db8:50::9]:1", FALSE },
    { "[::1]:80", TRUE },             { "[::2]:80", FALSE },
    { "[::ffff:10.1.2.3]:80", TRUE }, { "[::ffff:11.1.2.3]:80", FALSE },
    { "[fe80::1%eth0]:80", FALSE },   { "unix", FALSE },
    { "", FALSE },                    { "[::1", FALSE },
    { "10.0.0.1", FALSE },
  };
  MetricsAllow *allow = metrics_allow_new (ranges, NULL);
  gsize i;

  g_assert_nonnull (allow);
  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (metrics_allow_has (allow, cases[i].peer), ==, cases[i].in);
  metrics_allow_free (allow);
}

static void
test_everybody_and_nobody (void)
{
  static const char *const all[] = { "0.0.0.0/0", NULL };
  MetricsAllow *allow = metrics_allow_new (all, NULL);

  g_assert_true (metrics_allow_has (allow, "203.0.113.9:1"));
  g_assert_false (metrics_allow_has (allow, "[2001:db8::1]:1"));
  metrics_allow_free (allow);
  allow = metrics_allow_new (NULL, NULL);
  g_assert_false (metrics_allow_has (allow, "127.0.0.1:1"));
  metrics_allow_free (allow);
}

static void
test_malformed (void)
{
  static const char *const bad[] = { "",            "10.0.0.0/33",  "10.0.0.1/8", "10.0.0/8",
                                     "10.0.0.0/",   "10.0.0.0/-1",  "localhost",  "2001:db8::/129",
                                     "2001:db8::1/64", "10.0.0.0/8/8" };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      char *ranges[] = { (char *) bad[i], NULL };
      MetricsSettings settings = { .allow = ranges };
      g_autoptr (GError) error = NULL;

      g_assert_false (metrics_settings_check (NULL, &settings, &error));
      g_assert_error (error, CS_ERROR, CS_INVALID);
      g_assert_true (g_str_has_prefix (error->message, "allow: "));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/allow/ranges", test_ranges);
  g_test_add_func ("/metrics/allow/everybody-and-nobody", test_everybody_and_nobody);
  g_test_add_func ("/metrics/allow/malformed", test_malformed);
  return g_test_run ();
}
