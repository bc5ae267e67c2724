/* sync-security.c: a database's `_security`: who reads and writes, who administers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-channel.h"
#include "sync-json.h"

#include <json-glib/json-glib.h>

#define SECURITY_BYTES_MAX 65536
#define SECURITY_DEPTH_MAX 32

static const char *const default_roles[] = { "_admin", NULL };
static const char default_text[]
  = "{\"members\":{\"roles\":[\"_admin\"]},\"admins\":{\"roles\":[\"_admin\"]}}";

void
sync_security_clear (SyncSecurity *security)
{
  g_strfreev (security->admin_names);
  g_strfreev (security->admin_roles);
  g_strfreev (security->member_names);
  g_strfreev (security->member_roles);
  memset (security, 0, sizeof *security);
}

/* FALSE: there, but no list of strings. */
static gboolean
string_list (JsonObject *object, const char *member, char ***list)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;
  JsonArray *array;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  array = json_node_get_array (node);
  *list = g_new0 (char *, json_array_get_length (array) + 1);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (json_node_get_value_type (element) != G_TYPE_STRING)
        return FALSE;
      (*list)[i] = json_node_dup_string (element);
    }
  return TRUE;
}

static gboolean
group (JsonObject *root, const char *member, char ***names, char ***roles)
{
  JsonNode *node = json_object_get_member (root, member);

  if (node == NULL)
    return TRUE;
  return JSON_NODE_HOLDS_OBJECT (node)
         && string_list (json_node_get_object (node), "names", names)
         && string_list (json_node_get_object (node), "roles", roles);
}

gboolean
sync_security_parse (CsSlice text, SyncSecurity *security)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonNode *node;
  JsonObject *root;

  if (!json_parser_load_from_data (parser, text.data, text.len, NULL))
    return FALSE;
  node = json_parser_get_root (parser);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  root = json_node_get_object (node);
  if (group (root, "admins", &security->admin_names, &security->admin_roles)
      && group (root, "members", &security->member_names, &security->member_roles))
    return TRUE;
  sync_security_clear (security);
  return FALSE;
}

static gboolean
lists (char **list, const char *text)
{
  return text != NULL && list != NULL && g_strv_contains ((const char *const *) list, text);
}

static gboolean
in_group (char **names, char **roles, const CsIdentity *identity)
{
  if (lists (names, identity->user))
    return TRUE;
  for (gsize i = 0; roles != NULL && roles[i] != NULL; i++)
    if (cs_identity_has_role (identity, roles[i]))
      return TRUE;
  return FALSE;
}

static gboolean
empty (char **list)
{
  return list == NULL || list[0] == NULL;
}

gboolean
sync_security_allows (const SyncSecurity *security, const CsIdentity *identity, SyncRight right)
{
  if (identity->admin || in_group (security->admin_names, security->admin_roles, identity))
    return TRUE;
  if (right == SYNC_ADMIN)
    return FALSE;
  if (empty (security->member_names) && empty (security->member_roles))
    return TRUE;
  return in_group (security->member_names, security->member_roles, identity);
}

void
sync_security_default (SyncSecurity *security)
{
  memset (security, 0, sizeof *security);
  security->admin_roles = g_strdupv ((char **) default_roles);
  security->member_roles = g_strdupv ((char **) default_roles);
}

/* ---- GET and PUT /{db}/_security ---- */

void
sync_security_get (CsHttpExchange *exchange, gpointer self)
{
  Sync *sync = self;
  g_autoptr (SyncDb) db = sync_open (exchange, sync, SYNC_MEMBER);
  g_autoptr (GBytes) stored = NULL;
  CsSlice parts[2] = { cs_slice_str (default_text), cs_slice ("\n", 1) };
  CsStatus status;

  if (db == NULL)
    return;
  status = cs_store_meta_get (sync->store, db->db, "security", &stored);
  if (status == CS_OK)
    parts[0] = cs_slice (g_bytes_get_data (stored, NULL), g_bytes_get_size (stored));
  else if (status != CS_NOT_FOUND)
    {
      sync_reply_status (exchange, status);
      return;
    }
  sync_reply_slices (exchange, 200, parts, G_N_ELEMENTS (parts));
}

typedef struct
{
  CsSlice text;
  gboolean valid;
} Parsing;

static void
parse_in_pool (gpointer data)
{
  Parsing *parsing = data;
  SyncSecurity security = { 0 };

  parsing->valid = sync_security_parse (parsing->text, &security);
  sync_security_clear (&security);
}

/* A control document: parsed by json-glib, in the pool since that recurses. */
static gboolean
valid_security (CsHttpExchange *exchange, Sync *self, CsSlice body)
{
  Parsing parsing = { body, FALSE };
  CsStatus status;

  if (body.len > SECURITY_BYTES_MAX || !sync_json_valid (body, SECURITY_DEPTH_MAX))
    {
      sync_reply_not_json (exchange);
      return FALSE;
    }
  status = cs_pool_run (self, parse_in_pool, &parsing);
  if (status != CS_OK)
    sync_reply_status (exchange, status);
  else if (!parsing.valid)
    sync_reply_error (exchange, 400, "bad_request",
                      "_security must be an object; admins and members hold lists of strings");
  return status == CS_OK && parsing.valid;
}

void
sync_security_put (CsHttpExchange *exchange, gpointer self)
{
  Sync *sync = self;
  g_autoptr (SyncDb) db = sync_open (exchange, sync, SYNC_ADMIN);
  g_autoptr (GBytes) bytes = NULL;
  CsSlice body;
  CsStatus status;

  if (db == NULL || cs_http_read_body (exchange, &body) != CS_OK)
    return;
  if (db->users)
    {
      sync_reply_error (exchange, 403, "forbidden",
                        "You can't edit the security object of the user database.");
      return;
    }
  if (!valid_security (exchange, sync, body))
    return;
  bytes = g_bytes_new (body.data, body.len);
  status = cs_store_meta_set (sync->store, db->db, "security", bytes);
  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      return;
    }
  sync_databases_changed (sync);
  sync_channels_review (sync, db->key);
  sync_reply_ok (exchange, 200);
}
