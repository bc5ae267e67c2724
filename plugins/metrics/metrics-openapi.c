/* metrics-openapi.c: paths, operations, parameters and security from route rows.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A route's `openapi` is merged into its operation member by member; parameters and responses are added
 * to those that the row itself implies. */
#include "metrics-openapi.h"

#include <json-glib/json-glib.h>

struct _MetricsOpenapi
{
  char *version;
  JsonObject *paths;
  GHashTable *shapes; /* path without parameters' names -> path as in the document */
  GHashTable *tags;   /* plugins seen */
  JsonArray *tag_list;
};

static const char any_methods[][8] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

MetricsOpenapi *
metrics_openapi_new (const char *version)
{
  MetricsOpenapi *self = g_new0 (MetricsOpenapi, 1);

  self->version = g_strdup (version);
  self->paths = json_object_new ();
  self->shapes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->tags = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->tag_list = json_array_new ();
  return self;
}

/* `{name...}` is `{name}` here: OpenAPI has no word for the rest of a path. */
static char *
document_path (const char *path)
{
  g_autoptr (GString) text = g_string_new (path);

  g_string_replace (text, "...}", "}", 0);
  return g_strdup (text->len > 0 ? text->str : "/");
}

static char *
shape_of (const char *path)
{
  GString *shape = g_string_new (NULL);
  gboolean inside = FALSE;

  for (; *path != '\0'; path++)
    {
      if (*path == '}')
        inside = FALSE;
      if (!inside)
        g_string_append_c (shape, *path);
      if (*path == '{')
        inside = TRUE;
    }
  return g_string_free (shape, FALSE);
}

/* The path item, and the path under which it stands. */
static JsonObject *
path_item (MetricsOpenapi *self, const char *path, const char **shown)
{
  g_autofree char *as_shown = document_path (path);
  char *shape = shape_of (as_shown);
  JsonObject *item;

  *shown = g_hash_table_lookup (self->shapes, shape);
  if (*shown != NULL)
    {
      g_free (shape);
      return json_object_get_object_member (self->paths, *shown);
    }
  item = json_object_new ();
  json_object_set_object_member (self->paths, as_shown, item);
  *shown = g_steal_pointer (&as_shown);
  g_hash_table_insert (self->shapes, shape, (char *) *shown);
  return item;
}

static void
add_parameter (JsonArray *parameters, const char *name, gsize len, gboolean rest)
{
  JsonObject *parameter = json_object_new ();
  JsonObject *schema = json_object_new ();
  g_autofree char *text = g_strndup (name, len);

  json_object_set_string_member (parameter, "name", text);
  json_object_set_string_member (parameter, "in", "path");
  json_object_set_boolean_member (parameter, "required", TRUE);
  if (rest)
    json_object_set_string_member (parameter, "description", "May contain slashes.");
  json_object_set_string_member (schema, "type", "string");
  json_object_set_object_member (parameter, "schema", schema);
  json_array_add_object_element (parameters, parameter);
}

/* Named as in `shown`; which one is the rest of the path only the route's own text tells. */
static JsonArray *
path_parameters (const char *shown, const char *path)
{
  JsonArray *parameters = json_array_new ();
  const char *open;

  while ((open = strchr (shown, '{')) != NULL)
    {
      const char *end = strchr (open, '}');
      gboolean last = strchr (end, '{') == NULL;

      add_parameter (parameters, open + 1, (gsize) (end - open - 1),
                     last && strstr (path, "...}") != NULL);
      shown = end;
    }
  return parameters;
}

/* Any of the ways to log in. */
static JsonArray *
security_of (const CsHttpRoute *route)
{
  static const char *const schemes[] = { "basic", "bearer", "key", "session" };
  JsonArray *security = json_array_new ();

  if (route->access == CS_ACCESS_PUBLIC || route->access == CS_ACCESS_LOCAL)
    return security; /* an empty list: none is needed */
  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      JsonObject *scheme = json_object_new ();
      JsonArray *scopes = json_array_new ();

      if (route->access == CS_ACCESS_SCOPE && route->scope != NULL)
        json_array_add_string_element (scopes, route->scope);
      json_object_set_array_member (scheme, schemes[i], scopes);
      json_array_add_object_element (security, scheme);
    }
  return security;
}

static JsonObject *
reference (const char *to)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "$ref", to);
  return object;
}

static JsonObject *
described (const char *description)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "description", description);
  return object;
}

static const char *
access_text (CsHttpAccess access)
{
  switch (access)
    {
    case CS_ACCESS_ADMIN:
      return "For administrators.";
    case CS_ACCESS_LOCAL:
      return "Answers clients on the same machine, and those that `metrics.allow` or "
             "`metrics.listener` let in.";
    default:
      return NULL;
    }
}

static void
move_element (JsonArray *array, guint index, JsonNode *node, gpointer into)
{
  json_array_add_element (into, json_node_copy (node));
}

static void
move_member (JsonObject *object, const char *name, JsonNode *node, gpointer into)
{
  json_object_set_member (into, name, json_node_copy (node));
}

static void
merge_member (JsonObject *extra, const char *name, JsonNode *node, gpointer operation)
{
  JsonNode *own = json_object_get_member (operation, name);

  if (own != NULL && JSON_NODE_HOLDS_ARRAY (own) && JSON_NODE_HOLDS_ARRAY (node)
      && g_str_equal (name, "parameters"))
    json_array_foreach_element (json_node_get_array (node), move_element,
                                json_node_get_array (own));
  else if (own != NULL && JSON_NODE_HOLDS_OBJECT (own) && JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), move_member,
                                json_node_get_object (own));
  else
    json_object_set_member (operation, name, json_node_copy (node));
}

static void
merge_extra (JsonObject *operation, const char *extra)
{
  g_autoptr (JsonNode) node = extra != NULL ? json_from_string (extra, NULL) : NULL;

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), merge_member, operation);
}

static char *
operation_id (const char *method, const char *shown)
{
  GString *id = g_string_new (method);

  for (; *shown != '\0'; shown++)
    if (g_ascii_isalnum (*shown))
      g_string_append_c (id, *shown);
    else if (*shown == '_' || *shown == '-')
      g_string_append_c (id, '_');
    else if (*shown == '/' && shown[1] != '\0')
      g_string_append_c (id, '-');
  return g_string_free (id, FALSE);
}

static gboolean
names_success (JsonObject *responses)
{
  g_autoptr (GList) names = json_object_get_members (responses);
  GList *name;

  for (name = names; name != NULL; name = name->next)
    if (((const char *) name->data)[0] == '2')
      return TRUE;
  return FALSE;
}

static JsonObject *
operation_new (const CsHttpRoute *route, const char *method, const char *shown, const char *path,
               const char *plugin)
{
  JsonObject *operation = json_object_new ();
  JsonObject *responses = json_object_new ();
  JsonArray *tags = json_array_new ();
  g_autofree char *id = operation_id (method, shown);

  json_array_add_string_element (tags, plugin);
  json_object_set_array_member (operation, "tags", tags);
  json_object_set_string_member (operation, "operationId", id);
  json_object_set_string_member (operation, "summary",
                                 route->summary != NULL ? route->summary : "");
  if (access_text (route->access) != NULL)
    json_object_set_string_member (operation, "description", access_text (route->access));
  json_object_set_array_member (operation, "parameters", path_parameters (shown, path));
  json_object_set_array_member (operation, "security", security_of (route));
  json_object_set_object_member (operation, "responses", responses);
  json_object_set_object_member (responses, "default",
                                 reference ("#/components/responses/Problem"));
  merge_extra (operation, route->openapi);
  if (!names_success (responses))
    json_object_set_object_member (responses, "200", described ("Done"));
  return operation;
}

static void
add_tag (MetricsOpenapi *self, const char *plugin)
{
  JsonObject *tag;

  if (!g_hash_table_add (self->tags, g_strdup (plugin)))
    return;
  tag = json_object_new ();
  json_object_set_string_member (tag, "name", plugin);
  json_array_add_object_element (self->tag_list, tag);
}

static void
add_operation (MetricsOpenapi *self, const CsHttpRoute *route, const char *method,
               const char *path, const char *plugin)
{
  const char *shown;
  JsonObject *item = path_item (self, path, &shown);
  g_autofree char *lower = g_ascii_strdown (method, -1);

  if (!json_object_has_member (item, lower))
    json_object_set_object_member (item, lower,
                                   operation_new (route, lower, shown, path, plugin));
}

/* OpenAPI 3.1 §4.8.9.1: no other method has a place in a path item. */
static gboolean
has_place (const char *method)
{
  static const char *const methods[]
    = { "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", NULL };

  return g_strv_contains (methods, method);
}

void
metrics_openapi_route (const CsHttpRoute *route, const char *path, const char *plugin,
                       gpointer data)
{
  MetricsOpenapi *self = data;
  gsize i;

  if (route->flags & CS_HTTP_UNLISTED)
    return;
  if (g_str_equal (route->method, "*"))
    for (i = 0; i < G_N_ELEMENTS (any_methods); i++)
      add_operation (self, route, any_methods[i], path, plugin);
  else if (has_place (route->method))
    add_operation (self, route, route->method, path, plugin);
  else
    return;
  add_tag (self, plugin);
}

static JsonObject *
info_object (MetricsOpenapi *self)
{
  JsonObject *info = json_object_new ();
  JsonObject *license = json_object_new ();

  json_object_set_string_member (info, "title", "CloudSync");
  json_object_set_string_member (info, "version", self->version);
  json_object_set_string_member (info, "description",
                                 "Every route of the plugins that run on this node.");
  json_object_set_string_member (license, "name", "Apache License 2.0");
  json_object_set_string_member (license, "identifier", "Apache-2.0");
  json_object_set_object_member (info, "license", license);
  return info;
}

/* RFC 9457, and what a plugin answers instead in its own style, is JSON of some kind. */
static const char components[]
  = "{\"securitySchemes\":{\"basic\":{\"type\":\"http\",\"scheme\":\"basic\"},"
    "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"},"
    "\"key\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-API-Key\"},"
    "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"AuthSession\"}},"
    "\"responses\":{\"Problem\":{\"description\":\"What went wrong\",\"content\":{"
    "\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}},"
    "\"application/json\":{\"schema\":{\"type\":\"object\"}}}}},"
    "\"schemas\":{\"Problem\":{\"type\":\"object\",\"properties\":{"
    "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
    "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"}}}}}";

static JsonArray *
servers (void)
{
  JsonArray *list = json_array_new ();
  JsonObject *here = json_object_new ();

  json_object_set_string_member (here, "url", "/");
  json_array_add_object_element (list, here);
  return list;
}

char *
metrics_openapi_end (MetricsOpenapi *self)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *root = json_object_new ();
  char *text;

  json_object_set_string_member (root, "openapi", "3.1.0");
  json_object_set_object_member (root, "info", info_object (self));
  json_object_set_array_member (root, "servers", servers ());
  json_object_set_array_member (root, "tags", self->tag_list);
  json_object_set_object_member (root, "paths", self->paths);
  json_object_set_member (root, "components", json_from_string (components, NULL));
  json_node_take_object (node, root);
  text = json_to_string (node, TRUE);
  g_hash_table_unref (self->shapes);
  g_hash_table_unref (self->tags);
  g_free (self->version);
  g_free (self);
  return text;
}
