/* test-basic.c: what is and is not a Basic credential.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-basic.h"
#include "harness.h"

static CsStatus
parse (const char *token, AuthBasic *basic)
{
  return auth_basic_parse (cs_slice_str (token), basic);
}

static void
test_good (void)
{
  AuthBasic basic;

  /* RFC 7617 §2 and §2.1 */
  g_assert_cmpint (parse ("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", &basic), ==, CS_OK);
  g_assert_cmpstr (basic.name, ==, "Aladdin");
  g_assert_cmpstr (basic.password, ==, "open sesame");
  g_assert_cmpint (parse ("dGVzdDoxMjPCow==", &basic), ==, CS_OK);
  g_assert_cmpstr (basic.password, ==, "123£");
  /* the first colon ends the name; either side may be empty */
  g_assert_cmpint (parse ("YTpiOmM=", &basic), ==, CS_OK);
  g_assert_cmpstr (basic.password, ==, "b:c");
  g_assert_cmpint (parse ("Ojox", &basic), ==, CS_OK);
  g_assert_cmpstr (basic.name, ==, "");
  auth_basic_clear (&basic);
  g_assert_cmpint (basic.text[0], ==, 0);
}

static void
test_bad (void)
{
  static const char *const bad[] = {
    "",         "=",        "====",     "YWJj",        /* no colon */
    "YTpi=",    "YTp",      "YT pi",    "YTpi\n",      "YTpi====",
    "Y=Tp",     "YTp*",     "YToAYg==", /* a NUL */    "YToKYg==", /* a line feed */
    "YTp/",                                            /* 0x7f */
    "YTr//w==",                                        /* not UTF-8 */
  };
  AuthBasic basic;
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_cmpint (parse (bad[i], &basic), ==, CS_INVALID);
}

static void
test_longest (void)
{
  g_autofree char *text = g_strnfill (AUTH_BASIC_MAX, 'x');
  g_autofree char *token = NULL;
  g_autofree char *longer = NULL;
  AuthBasic basic;

  text[1] = ':';
  token = g_base64_encode ((const guchar *) text, AUTH_BASIC_MAX);
  g_assert_cmpint (parse (token, &basic), ==, CS_OK);
  g_assert_cmpuint (strlen (basic.password), ==, AUTH_BASIC_MAX - 2);
  longer = g_strconcat (token, "YTpi", NULL);
  g_assert_cmpint (parse (longer, &basic), ==, CS_INVALID);
}

static void
test_scheme (void)
{
  CsSlice scheme;
  CsSlice rest;

  g_assert_true (auth_split_scheme (cs_slice_str (" Basic \t abc "), &scheme, &rest));
  g_assert_true (cs_slice_is (scheme, "Basic") && cs_slice_is (rest, "abc"));
  g_assert_true (auth_split_scheme (cs_slice_str ("Digest a=b, c=d"), &scheme, &rest));
  g_assert_true (cs_slice_is (rest, "a=b, c=d"));
  g_assert_false (auth_split_scheme (cs_slice_str ("Basic"), &scheme, &rest));
  g_assert_false (auth_split_scheme (cs_slice_str ("Basic  "), &scheme, &rest));
  g_assert_false (auth_split_scheme (cs_slice_str (""), &scheme, &rest));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/basic/good", test_good);
  g_test_add_func ("/auth/basic/bad", test_bad);
  g_test_add_func ("/auth/basic/longest", test_longest);
  g_test_add_func ("/auth/basic/scheme", test_scheme);
  return g_test_run ();
}
