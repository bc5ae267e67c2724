/* sync.c: the instance: its services, the server's uuid, and its life.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-index.h"
#include "sync-plugin.h"
#include "sync-access.h"
#include "sync-channel.h"

gboolean
sync_create (gpointer data, GError **error)
{
  Sync *self = data;

  g_mutex_init (&self->compacting_lock);
  sync_index_states_init (self);
  self->compacting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->purging = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->feeds_waiting
    = cs_gauge (self, "sync_feeds_waiting", "Feeds that wait for a change.", NULL);
  self->feed_wakes = cs_counter (self, "sync_feed_wakes_total", "Feeds woken by a change.", NULL);
  self->documents_written
    = cs_counter (self, "sync_documents_written_total", "Revisions stored.", NULL);
  self->conflicts = cs_counter (self, "sync_document_conflicts_total",
                                "Writes refused because of another revision.", NULL);
  self->queries = cs_counter (self, "sync_queries_total", "Queries by selector.", NULL);
  self->queries_unindexed = cs_counter (self, "sync_queries_unindexed_total",
                                        "Queries that no index fitted.", NULL);
  self->query_documents = cs_counter (self, "sync_query_documents_total",
                                      "Documents that queries looked at.", NULL);
  self->indexed_documents = cs_counter (self, "sync_indexed_documents_total",
                                        "Documents that indexes were brought up to date with.", NULL);
  sync_users_command_add (self);
  self->blobs_collected = cs_counter (
    self, "sync_blobs_collected_total", "Large objects removed that no document named.", NULL);
  self->channels_open = cs_gauge (self, "sync_channels",
                                  "Channels of databases that are followed, on each worker.", NULL);
  cs_add_command (self, &sync_collect_command);
  sync_export_add (self);
  sync_import_add (self);
  self->documents.table = &sync_documents_table;
  sync_turns_init (&self->patches);
  return cs_provide (self, CS_DOCUMENTS, &self->documents, error);
}

static CsStatus
make_uuid (Sync *self)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autoptr (GBytes) bytes = NULL;
  gsize n = 0;

  for (gsize i = 0; uuid[i] != '\0'; i++)
    if (uuid[i] != '-')
      self->uuid[n++] = uuid[i];
  bytes = g_bytes_new (self->uuid, n);
  return cs_store_meta_set (self->store, NULL, "server-uuid", bytes);
}

/* It must survive restarts: clients make checkpoint ids of it. */
static gboolean
load_uuid (Sync *self, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  CsStatus status = cs_store_meta_get (self->store, NULL, "server-uuid", &bytes);

  if (status == CS_OK && g_bytes_get_size (bytes) == sizeof self->uuid - 1)
    memcpy (self->uuid, g_bytes_get_data (bytes, NULL), sizeof self->uuid - 1);
  else if (status == CS_NOT_FOUND || status == CS_OK)
    status = make_uuid (self);
  if (status == CS_OK)
    return TRUE;
  g_set_error (error, CS_ERROR, (gint) status, "the server's uuid cannot be kept in the store: %s",
               cs_status_text (status));
  return FALSE;
}

typedef struct
{
  Sync *self;
  const char *mount;
  CsSlice name; /* the database that is asked about; data NULL: any that is there */
  char *path;   /* the first route that clashes */
  const char *plugin;
  char *first; /* and the name that it hides */
} Shadows;

static gboolean
is_hidden (Shadows *shadows, const char *first)
{
  CsStoreDb *db = NULL;

  if (shadows->name.data != NULL)
    return cs_slice_is (shadows->name, first);
  if (cs_store_open (shadows->self->store, cs_slice_str (first), &db) != CS_OK)
    return FALSE;
  cs_store_db_unref (db);
  return TRUE;
}

static void
check_route (const CsHttpRoute *route, const char *path, const char *plugin, gpointer data)
{
  Shadows *shadows = data;
  gsize n = strlen (shadows->mount);
  g_autofree char *first = NULL;

  if (shadows->path != NULL || strcmp (plugin, cs_name (shadows->self)) == 0
      || strncmp (path, shadows->mount, n) != 0)
    return;
  path += n;
  path += *path == '/';
  first = g_strndup (path, strcspn (path, "/"));
  if (*first == '\0' || *first == '{' || !is_hidden (shadows, first))
    return;
  shadows->path = g_strconcat ("/", path, NULL);
  shadows->plugin = plugin;
  shadows->first = g_steal_pointer (&first);
}

static void
find_shadow (Shadows *shadows, Sync *self)
{
  const SyncSettings *settings = cs_settings (self);

  shadows->self = self;
  shadows->mount = strcmp (settings->mount, "/") == 0 ? "" : settings->mount;
  cs_http_visit_routes (self->http, check_route, shadows);
}

char *
sync_hidden_by (Sync *self, CsSlice name, const char **plugin)
{
  Shadows shadows = { .name = name };

  find_shadow (&shadows, self);
  *plugin = shadows.plugin;
  g_free (shadows.first);
  return shadows.path;
}

/* Once every plugin has started and all routes are there. */
static gboolean
check_shadows (Sync *self, GError **error)
{
  Shadows shadows = { .name = { NULL, 0 } };

  find_shadow (&shadows, self);
  if (shadows.path == NULL)
    return TRUE;
  g_set_error (error, CS_ERROR, CS_EXISTS,
               "the route %s of the plugin '%s' would hide the database '%s': move the route (a "
               "setting such as %s.mount), or the API with sync.mount = /couchdb",
               shadows.path, shadows.plugin, shadows.first, shadows.plugin);
  g_free (shadows.path);
  g_free (shadows.first);
  return FALSE;
}

gboolean
sync_node_runs (void)
{
  CsNodeInfo info = { .size = sizeof info };

  cs_node_info (&info);
  return info.state == CS_NODE_RUNNING;
}

void
sync_destroy (gpointer data)
{
  Sync *self = data;

  sync_index_states_clear (self);
  sync_turns_clear (&self->patches);
  g_hash_table_unref (self->compacting);
  g_hash_table_unref (self->purging);
  g_mutex_clear (&self->compacting_lock);
}

gboolean
sync_start (gpointer data, GError **error)
{
  Sync *self = data;

  self->store = cs_require (self, CS_STORE);
  self->http = cs_require (self, CS_HTTP);
  self->auth = cs_require (self, CS_AUTH);
  self->blobs = cs_require (self, CS_BLOB);
  return load_uuid (self, error) && sync_users_add (self, error) && sync_routes_add (self, error)
         && sync_cors_add (self, error) && sync_channels_own (self, error);
}

gboolean
sync_worker_start (gpointer data, guint worker, GError **error)
{
  Sync *self = data;

  if (worker == 0 && !check_shadows (self, error))
    return FALSE;
  cs_set_local (self, sync_worker_new (self));
  if (worker == 0)
    sync_collect_start (self);
  return TRUE;
}

void
sync_worker_stop (gpointer data, guint worker)
{
  if (worker == 0)
    sync_collect_stop (data);
  if (cs_local (data) != NULL)
    sync_channels_end (data);
  sync_worker_free (cs_local (data));
  cs_set_local (data, NULL);
}
