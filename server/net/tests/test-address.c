/* test-address.c: what is an address and what is not, and how each is printed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/address.h"

static void
test_good (void)
{
  static const char *const rows[][2] = {
    { "127.0.0.1:80", "127.0.0.1:80" },   { "0.0.0.0:0", "0.0.0.0:0" },
    { "[::1]:65535", "[::1]:65535" },     { "*:8080", "[::]:8080" },
    { "localhost:9", "127.0.0.1:9" },     { "[::ffff:10.1.2.3]:5", "10.1.2.3:5" },
    { "unix:/run/a.sock", "unix:/run/a.sock" }, { "unix:@name", "unix" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      CsAddress address;
      g_autoptr (GError) error = NULL;
      char text[128];

      cs_address_parse (rows[i][0], &address, &error);
      g_assert_no_error (error);
      cs_address_print ((struct sockaddr *) &address.sockaddr, address.len, text, sizeof text);
      g_assert_cmpstr (text, ==, rows[i][1]);
    }
}

static void
test_systemd (void)
{
  CsAddress address;

  g_assert_true (cs_address_parse ("systemd:public", &address, NULL));
  g_assert_cmpint (address.kind, ==, CS_ADDRESS_SYSTEMD);
  g_assert_cmpstr (address.name, ==, "public");
}

static void
test_bad (void)
{
  static const char *const rows[] = {
    "",         "80",           ":80",          "127.0.0.1",   "127.0.0.1:",
    "1.2.3:80", "1.2.3.4:65536", "1.2.3.4:-1",  "1.2.3.4:8x",  "[::1:80",
    "[::1]80",  "[::g]:80",     "[]:80",        "host:80",     "::1:80",
    "unix:",    "unix:a",       "systemd:",     "systemd:a:b", "1.2.3.4:000080",
    "[::1",     "unix:/",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      CsAddress address;
      g_autoptr (GError) error = NULL;

      if (cs_address_parse (rows[i], &address, &error))
        g_error ("%s was taken", rows[i]);
      g_assert_nonnull (strstr (error->message, "allowed: "));
    }
}

static void
test_loopback (void)
{
  static const struct
  {
    const char *text;
    gboolean loopback;
  } rows[] = {
    { "127.0.0.1:1", TRUE },          { "127.9.9.9:1", TRUE },   { "128.0.0.1:1", FALSE },
    { "[::1]:1", TRUE },              { "[::2]:1", FALSE },      { "[::ffff:127.0.0.1]:1", TRUE },
    { "[::ffff:10.0.0.1]:1", FALSE }, { "unix:/tmp/a", TRUE },   { "*:1", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      CsAddress address;

      g_assert_true (cs_address_parse (rows[i].text, &address, NULL));
      g_assert_cmpint (cs_address_is_loopback ((struct sockaddr *) &address.sockaddr), ==,
                       rows[i].loopback);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/address/good", test_good);
  g_test_add_func ("/net/address/systemd", test_systemd);
  g_test_add_func ("/net/address/bad", test_bad);
  g_test_add_func ("/net/address/loopback", test_loopback);
  return g_test_run ();
}
