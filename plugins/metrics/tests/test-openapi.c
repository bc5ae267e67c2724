/* test-openapi.c: route rows as an OpenAPI document.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "metrics-openapi.h"

#include <json-glib/json-glib.h>

static const CsHttpRoute rows[] = {
  { .method = "GET", .path = "/", .summary = "Root", .access = CS_ACCESS_PUBLIC },
  { .method = "GET", .path = "/{db}", .summary = "A database" },
  { .method = "PUT", .path = "/{database}", .summary = "Make one", .access = CS_ACCESS_ADMIN,
    .openapi = "{\"summary\":\"Make a database\",\"parameters\":[{\"name\":\"q\",\"in\":\"query\","
               "\"schema\":{\"type\":\"integer\"}}],\"responses\":{\"201\":{\"description\":"
               "\"Made\"}}}" },
  { .method = "*", .path = "/{db}/{id...}", .summary = "Anything" },
  { .method = "GET", .path = "/{db}/{doc}", .summary = "The same path again" },
  { .method = "COPY", .path = "/{db}/{doc}", .summary = "Has no place in OpenAPI" },
  { .method = "GET", .path = "/pay", .access = CS_ACCESS_SCOPE, .scope = "pay:read" },
  { .method = "GET", .path = "/local", .access = CS_ACCESS_LOCAL, .summary = "Figures" },
  { .method = "GET", .path = "/absent", .summary = "Not there", .flags = CS_HTTP_UNLISTED },
};

static JsonObject *
build (JsonNode **node)
{
  MetricsOpenapi *builder = metrics_openapi_new ("1.2.3");
  g_autofree char *text = NULL;
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++)
    metrics_openapi_route (&rows[i], rows[i].path, i < 6 ? "sync" : "pay", builder);
  text = metrics_openapi_end (builder);
  *node = json_from_string (text, NULL);
  g_assert_nonnull (*node);
  return json_node_get_object (*node);
}

static JsonObject *
operation (JsonObject *root, const char *path, const char *method)
{
  JsonObject *paths = json_object_get_object_member (root, "paths");

  g_assert_true (json_object_has_member (paths, path));
  return json_object_get_object_member (json_object_get_object_member (paths, path), method);
}

static void
test_document (void)
{
  g_autoptr (JsonNode) node = NULL;
  JsonObject *root = build (&node);
  JsonObject *info = json_object_get_object_member (root, "info");
  JsonArray *tags = json_object_get_array_member (root, "tags");

  g_assert_cmpstr (json_object_get_string_member (root, "openapi"), ==, "3.1.0");
  g_assert_cmpstr (json_object_get_string_member (info, "version"), ==, "1.2.3");
  g_assert_cmpuint (json_array_get_length (tags), ==, 2);
  g_assert_cmpuint (
    json_object_get_size (json_object_get_object_member (root, "paths")), ==, 5);
}

static void
test_parameters (void)
{
  g_autoptr (JsonNode) node = NULL;
  JsonObject *root = build (&node);
  JsonObject *make = operation (root, "/{db}", "put");
  JsonArray *parameters = json_object_get_array_member (make, "parameters");
  JsonObject *first = json_array_get_object_element (parameters, 0);
  JsonObject *rest;

  g_assert_cmpuint (json_array_get_length (parameters), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (first, "name"), ==, "db"); /* the path's name */
  g_assert_true (json_object_get_boolean_member (first, "required"));
  g_assert_cmpstr (
    json_object_get_string_member (json_array_get_object_element (parameters, 1), "in"), ==,
    "query");
  g_assert_cmpstr (json_object_get_string_member (make, "summary"), ==, "Make a database");

  parameters = json_object_get_array_member (operation (root, "/{db}/{id}", "get"), "parameters");
  rest = json_array_get_object_element (parameters, 1);
  g_assert_cmpstr (json_object_get_string_member (rest, "description"), ==,
                   "May contain slashes.");
}

static void
test_responses (void)
{
  g_autoptr (JsonNode) node = NULL;
  JsonObject *root = build (&node);
  JsonObject *made
    = json_object_get_object_member (operation (root, "/{db}", "put"), "responses");
  JsonObject *plain
    = json_object_get_object_member (operation (root, "/{db}", "get"), "responses");

  g_assert_true (json_object_has_member (made, "201"));
  g_assert_true (json_object_has_member (made, "default"));
  g_assert_false (json_object_has_member (made, "200"));
  g_assert_true (json_object_has_member (plain, "200"));
}

static void
test_methods (void)
{
  g_autoptr (JsonNode) node = NULL;
  JsonObject *root = build (&node);
  JsonObject *item = json_object_get_object_member (
    json_object_get_object_member (root, "paths"), "/{db}/{id}");

  g_assert_cmpuint (json_object_get_size (item), ==, 5);
  g_assert_cmpstr (
    json_object_get_string_member (json_object_get_object_member (item, "get"), "summary"), ==,
    "Anything");
}

static void
test_security (void)
{
  g_autoptr (JsonNode) node = NULL;
  JsonObject *root = build (&node);
  JsonArray *open = json_object_get_array_member (operation (root, "/", "get"), "security");
  JsonArray *closed = json_object_get_array_member (operation (root, "/{db}", "get"), "security");
  JsonArray *scoped = json_object_get_array_member (operation (root, "/pay", "get"), "security");
  JsonArray *scopes = json_object_get_array_member (json_array_get_object_element (scoped, 0),
                                                    "basic");

  g_assert_cmpuint (json_array_get_length (open), ==, 0);
  g_assert_cmpuint (json_array_get_length (closed), ==, 4); /* Basic, Bearer, key, session */
  for (guint i = 0; i < 4; i++)
    g_assert_cmpuint (json_object_get_size (json_array_get_object_element (closed, i)), ==, 1);
  g_assert_cmpstr (json_array_get_string_element (scopes, 0), ==, "pay:read");
  g_assert_nonnull (strstr (json_object_get_string_member (operation (root, "/local", "get"),
                                                           "description"),
                            "metrics.allow"));
}

static void
test_operation_ids_are_unique (void)
{
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  JsonObject *paths = json_object_get_object_member (build (&node), "paths");
  g_autoptr (GList) names = json_object_get_members (paths);
  GList *name;

  for (name = names; name != NULL; name = name->next)
    {
      JsonObject *item = json_object_get_object_member (paths, name->data);
      g_autoptr (GList) methods = json_object_get_members (item);
      GList *method;

      for (method = methods; method != NULL; method = method->next)
        g_assert_true (g_hash_table_add (
          seen, (gpointer) json_object_get_string_member (
                  json_object_get_object_member (item, method->data), "operationId")));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/openapi/document", test_document);
  g_test_add_func ("/metrics/openapi/parameters", test_parameters);
  g_test_add_func ("/metrics/openapi/responses", test_responses);
  g_test_add_func ("/metrics/openapi/methods", test_methods);
  g_test_add_func ("/metrics/openapi/security", test_security);
  g_test_add_func ("/metrics/openapi/operation-ids", test_operation_ids_are_unique);
  return g_test_run ();
}
