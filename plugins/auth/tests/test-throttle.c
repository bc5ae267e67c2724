/* test-throttle.c: how failures are counted and forgotten.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-throttle.h"

static AuthAttempt
attempt (guint64 name, guint64 address)
{
  return (AuthAttempt){ .name = name, .address = address, .max_name = 3, .max_address = 5,
                        .lock_time = 100 };
}

static gboolean
begin (AuthThrottle *throttle, guint64 name, guint64 address, gint64 now)
{
  AuthAttempt one = attempt (name, address);

  return auth_throttle_begin (throttle, &one, now);
}

static void
test_name (void)
{
  AuthThrottle throttle;

  auth_throttle_init (&throttle);
  for (guint i = 0; i < 3; i++)
    g_assert_true (begin (&throttle, 1, 7, 10));
  g_assert_false (begin (&throttle, 1, 7, 20));
  g_assert_true (begin (&throttle, 2, 7, 20));  /* another name */
  g_assert_true (begin (&throttle, 3, 8, 20));  /* the first name elsewhere has another key */
  g_assert_false (begin (&throttle, 1, 7, 109));
  g_assert_true (begin (&throttle, 1, 8, 110)); /* 100 after the third */
  auth_throttle_clear (&throttle);
}

static void
test_address (void)
{
  AuthThrottle throttle;

  auth_throttle_init (&throttle);
  for (guint i = 0; i < 5; i++)
    g_assert_true (begin (&throttle, 100 + i, 7, 10));
  g_assert_false (begin (&throttle, 200, 7, 10));
  g_assert_true (begin (&throttle, 200, 8, 10));
  auth_throttle_clear (&throttle);
}

static void
test_undo (void)
{
  AuthThrottle throttle;
  AuthAttempt one = attempt (1, 7);

  auth_throttle_init (&throttle);
  for (guint i = 0; i < 10; i++) /* what could not be checked counts for nothing */
    {
      g_assert_true (auth_throttle_begin (&throttle, &one, 10));
      auth_throttle_undo (&throttle, &one, FALSE);
    }
  g_assert_true (begin (&throttle, 1, 7, 10));
  g_assert_true (begin (&throttle, 1, 7, 10));
  g_assert_true (auth_throttle_begin (&throttle, &one, 10));
  auth_throttle_undo (&throttle, &one, TRUE); /* the right password: the name begins anew … */
  g_assert_true (begin (&throttle, 1, 7, 10));
  g_assert_true (begin (&throttle, 1, 7, 10));
  g_assert_true (begin (&throttle, 1, 7, 10));
  g_assert_false (begin (&throttle, 2, 7, 10)); /* … the address does not */
  auth_throttle_clear (&throttle);
}

/* A million names: the memory is what it was, and an address stays locked. */
static void
test_flood (void)
{
  AuthThrottle throttle;

  auth_throttle_init (&throttle);
  for (guint i = 0; i < 5; i++)
    g_assert_true (begin (&throttle, i, 7, 10));
  for (guint64 i = 0; i < 1000000; i++)
    g_assert_false (begin (&throttle, i * 0x9e3779b97f4a7c15u, 7, 10));
  auth_throttle_clear (&throttle);
}

static void
expect_address (const char *peer, const char *expected)
{
  char text[AUTH_ADDRESS_TEXT];

  auth_address_key (peer, text);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_addresses (void)
{
  expect_address ("192.0.2.7:1234", "192.0.2.7");
  expect_address ("[2001:db8:1:2:3:4:5:6]:80", "2001:db8:1:2::");
  expect_address ("[2001:db8:1:2::9]:81", "2001:db8:1:2::");
  expect_address ("[fe80::1%eth0]:80", "fe80::");
  expect_address ("[::ffff:192.0.2.7]:80", "192.0.2.7");
  expect_address ("unix:/run/x:y", "");
  expect_address ("unix", "");
  expect_address ("", "");
  expect_address (NULL, "");
  expect_address ("[", "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/throttle/name", test_name);
  g_test_add_func ("/auth/throttle/address", test_address);
  g_test_add_func ("/auth/throttle/undo", test_undo);
  g_test_add_func ("/auth/throttle/flood", test_flood);
  g_test_add_func ("/auth/throttle/addresses", test_addresses);
  return g_test_run ();
}
