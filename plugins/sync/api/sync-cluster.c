/* sync-cluster.c: what CouchDB tells of a cluster, for the one node that this is: one shard, one copy.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-json.h"
#include "sync.h"

#define WHOLE_RANGE "00000000-ffffffff"

static GString *
node_name (void)
{
  CsNodeInfo node = { .size = sizeof node };
  GString *name = g_string_new (NULL);

  cs_node_info (&node);
  sync_json_append_string (name, cs_slice_str (node.name));
  return name;
}

static void
reply_with_name (CsHttpExchange *exchange, const char *before, const char *after)
{
  g_autoptr (GString) name = node_name ();

  g_string_prepend (name, before);
  g_string_append (name, after);
  sync_reply_json (exchange, 200, name);
}

void
sync_membership (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (GString) name = node_name ();
  g_autoptr (GString) json = g_string_new (NULL);

  if (!sync_node_admin (exchange))
    return;
  g_string_printf (json, "{\"all_nodes\":[%s],\"cluster_nodes\":[%s]}", name->str, name->str);
  sync_reply_json (exchange, 200, json);
}

void
sync_node (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (GString) name = node_name ();
  CsSlice asked = cs_http_param (exchange, 0);
  gboolean ours = cs_slice_is (asked, "_local")
                  || (asked.len == name->len - 2 && memcmp (asked.data, name->str + 1, asked.len) == 0);

  if (!sync_node_admin (exchange))
    return;
  if (ours)
    reply_with_name (exchange, "{\"name\":", "}");
  else
    sync_reply_error (exchange, 404, "not_found", "no such node");
}

void
sync_cluster_setup (CsHttpExchange *exchange, gpointer self)
{
  CsSlice state = cs_slice_str ("{\"state\":\"single_node_enabled\"}\n");

  if (sync_node_admin (exchange))
    sync_reply_slices (exchange, 200, &state, 1);
}

void
sync_shards (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);

  if (db != NULL)
    reply_with_name (exchange, "{\"shards\":{\"" WHOLE_RANGE "\":[", "]}}");
}

void
sync_shard_of (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);

  if (db != NULL)
    reply_with_name (exchange, "{\"range\":\"" WHOLE_RANGE "\",\"nodes\":[", "]}");
}

/* There is no other copy to be brought up to date. */
void
sync_sync_shards (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_ADMIN);

  if (db != NULL)
    sync_reply_ok (exchange, 202);
}
