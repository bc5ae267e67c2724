/* test-json.c: what is JSON and what is not, and what a member holds.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-json.h"

static gboolean
is_object (const char *text)
{
  AuthJson object;

  return auth_json_object (cs_slice_str (text), &object);
}

static void
test_objects (void)
{
  static const char *const good[] = {
    "{}", " { } ", "{\"a\":1}", "{\"a\":[],\"b\":{}}", "{\"a\":[1,[2,{\"b\":null}],true]}",
    "{\"a\":-0.5e+3,\"\":false}", "{\"a\\u0041\\n\":\"\\ud83d\\ude00\"}",
    "{\"a\":[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]}",
  };
  static const char *const bad[] = {
    "", "[]", "1", "{", "}", "{}}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}",
    "{a:1}", "{'a':1}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":1e}",
    "{\"a\":nul}", "{\"a\":True}", "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1}", "{\"a\":{]}",
    "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"", "{\"a\":\"\\",
    "{\"a\":1}//", "/**/{}", "{\"a\":NaN}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
    "{\"\\u0000\":1}", "{\"\\ud800\":1}", "{\"a\":\"\xc3\"}",
    "{\"a\":[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_test_message ("%s", good[i]);
      g_assert_true (is_object (good[i]));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("%s", bad[i]);
      g_assert_false (is_object (bad[i]));
    }
}

static void
test_members (void)
{
  AuthJson object;
  AuthJson value;
  const char *cursor = NULL;
  char text[64];
  double number;

  g_assert_true (auth_json_object (
    cs_slice_str ("{ \"a\" : \"x\\\"\\/\\u00e9\\ud83d\\ude00\" , \"b\":[1,\"two\",[3]],\"c\":-2.5,"
                  "\"d\":\"\\u0000\",\"e\":\"\\udc00\"}"),
    &object));
  g_assert_true (auth_json_string (auth_json_member (object, "a"), text, sizeof text));
  g_assert_cmpstr (text, ==, "x\"/é😀");
  g_assert_false (auth_json_string (auth_json_member (object, "a"), text, 8));
  value = auth_json_member (object, "b");
  g_assert_cmpint (value.type, ==, AUTH_JSON_ARRAY);
  g_assert_true (auth_json_element (value, &cursor, &object));
  g_assert_true (auth_json_number (object, 0, 9, &number));
  g_assert_cmpfloat (number, ==, 1);
  g_assert_true (auth_json_element (value, &cursor, &object));
  g_assert_true (auth_json_string (object, text, sizeof text));
  g_assert_cmpstr (text, ==, "two");
  g_assert_true (auth_json_element (value, &cursor, &object));
  g_assert_cmpint (object.type, ==, AUTH_JSON_ARRAY);
  g_assert_false (auth_json_element (value, &cursor, &object));
}

static void
test_values (void)
{
  AuthJson object;
  char text[64];
  double number;

  g_assert_true (auth_json_object (
    cs_slice_str ("{\"c\":-2.5,\"d\":\"a\\u0000b\",\"e\":\"\\udc00\",\"f\":1e999}"), &object));
  g_assert_true (auth_json_number (auth_json_member (object, "c"), -3, 3, &number));
  g_assert_cmpfloat (number, ==, -2.5);
  g_assert_false (auth_json_number (auth_json_member (object, "c"), 0, 3, &number));
  g_assert_false (auth_json_number (auth_json_member (object, "f"), 0, 1e300, &number));
  g_assert_false (auth_json_string (auth_json_member (object, "d"), text, sizeof text));
  g_assert_false (auth_json_string (auth_json_member (object, "e"), text, sizeof text));
  g_assert_cmpint (auth_json_member (object, "x").type, ==, AUTH_JSON_NONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/json/objects", test_objects);
  g_test_add_func ("/auth/json/members", test_members);
  g_test_add_func ("/auth/json/values", test_values);
  return g_test_run ();
}
