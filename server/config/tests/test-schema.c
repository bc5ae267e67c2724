/* test-schema.c: a table as JSON Schema that parses, and as a Markdown table.
 * SPDX-License-Identifier: Apache-2.0 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "config/settings-schema.h"

typedef struct
{
  char *secret;
  gint64 wait;
  gint64 count;
} Sample;

static const CsSetting rows[] = {
  CS_SECRET (Sample, secret, "secret", "\"s\\", "Say \"no\"", .flags = CS_SETTING_REQUIRED),
  CS_DURATION (Sample, wait, "wait", "30s", "How long", .flags = CS_SETTING_RELOADABLE),
  CS_INT (Sample, count, "count", NULL, "How many", .flags = CS_SETTING_REQUIRED, .min = 1, .max = 2),
  CS_SETTINGS_END
};

static const CsSchemaSection sections[] = {
  { "one", "The first", FALSE, { rows, sizeof (CsSetting), sizeof (Sample) } },
  { "many", NULL, TRUE, { rows, sizeof (CsSetting), sizeof (Sample) } },
};

static void
test_schema (void)
{
  g_autofree char *text = cs_settings_schema ("A \"title\"", sections, 2);
  g_autoptr (JsonNode) root = json_from_string (text, NULL);
  JsonObject *one, *properties;

  g_assert_nonnull (root);
  one = json_object_get_object_member (
    json_object_get_object_member (json_node_get_object (root), "properties"), "one");
  properties = json_object_get_object_member (one, "properties");
  g_assert_cmpuint (json_object_get_size (properties), ==, 3);
  g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (one, "required"), 0),
                   ==, "count");
  g_assert_null (strstr (text, "\\\"s\\\\")); /* a secret's default is not shown */
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (properties, "wait"),
                                                  "default"), ==, "30s");
  g_assert_true (json_object_has_member (
    json_object_get_object_member (json_node_get_object (root), "patternProperties"), "^many .+$"));
}

static void
test_doc (void)
{
  g_autofree char *text = cs_settings_doc (sections, 2);

  g_assert_nonnull (strstr (text, "### `[one]`"));
  g_assert_nonnull (strstr (text, "### `[many NAME]`"));
  g_assert_nonnull (strstr (text, "| `wait` | duration | `30s` | yes | How long |\n"));
  g_assert_nonnull (strstr (text, "| `count` | number | |  | Required. How many |\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schema/schema", test_schema);
  g_test_add_func ("/schema/doc", test_doc);
  return g_test_run ();
}
