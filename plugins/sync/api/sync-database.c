/* sync-database.c: databases: opening with the right checked, creating, information, deleting.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-access.h"
#include "sync-channel.h"
#include "sync-index.h"
#include "sync-wake.h"

/* What a worker has looked up, as of one generation. */
typedef struct
{
  GHashTable *databases; /* name in the store -> SyncDb */
  gint generation;
  SyncFeeds feeds;
  GQueue channels;
} SyncWorker;

SyncFeeds *
sync_worker_feeds (Sync *self)
{
  SyncWorker *worker = cs_local (self);

  return &worker->feeds;
}

GQueue *
sync_worker_channels (Sync *self)
{
  SyncWorker *worker = cs_local (self);

  return worker != NULL ? &worker->channels : NULL;
}

SyncDb *
sync_db_ref (SyncDb *db)
{
  db->ref_count++;
  return db;
}

void
sync_db_unref (SyncDb *db)
{
  if (db == NULL || --db->ref_count > 0)
    return;
  sync_indexes_unref (db->indexes);
  cs_store_db_unref (db->db);
  sync_security_clear (&db->security);
  g_free (db->key);
  g_free (db);
}

static void
release (gpointer db)
{
  sync_db_unref (db);
}

gpointer
sync_worker_new (Sync *self)
{
  SyncWorker *worker = g_new0 (SyncWorker, 1);

  worker->databases = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, release);
  worker->generation = g_atomic_int_get (&self->generation);
  sync_feeds_init (&worker->feeds, self);
  return worker;
}

void
sync_worker_free (gpointer data)
{
  SyncWorker *worker = data;

  sync_feeds_clear (&worker->feeds);
  g_hash_table_unref (worker->databases);
  g_free (worker);
}

void
sync_databases_changed (Sync *self)
{
  g_atomic_int_inc (&self->generation);
}

static SyncWorker *
current_worker (Sync *self)
{
  SyncWorker *worker = cs_local (self);
  gint generation = g_atomic_int_get (&self->generation);

  if (worker->generation != generation)
    {
      worker->generation = generation;
      g_hash_table_remove_all (worker->databases);
    }
  return worker;
}

/* Reads on a fiber, which json-glib must not run on: the text is small and its depth was checked when it
 * was stored, so the pool parses it. */
typedef struct
{
  GBytes *text;
  SyncSecurity *security;
} Loading;

static void
load_security (gpointer data)
{
  Loading *loading = data;
  gsize size;
  const char *text = g_bytes_get_data (loading->text, &size);

  if (!sync_security_parse (cs_slice (text, size), loading->security))
    sync_security_default (loading->security);
}

static CsStatus
read_security (Sync *self, SyncDb *db)
{
  g_autoptr (GBytes) text = NULL;
  Loading loading = { NULL, &db->security };
  CsStatus status = cs_store_meta_get (self->store, db->db, "security", &text);

  if (status == CS_NOT_FOUND)
    {
      sync_security_default (&db->security);
      return CS_OK;
    }
  if (status != CS_OK)
    return status;
  loading.text = text;
  return cs_pool_run (self, load_security, &loading);
}

CsStatus
sync_db_load (Sync *self, const char *key, SyncDb **out)
{
  g_autoptr (SyncDb) db = g_new0 (SyncDb, 1);
  CsStatus status;

  db->ref_count = 1;
  db->key = g_strdup (key);
  db->users = strcmp (key, SYNC_USERS) == 0;
  db->generation = g_atomic_int_get (&self->generation); /* before anything is read */
  db->blobs = self->blobs;
  status = cs_store_open (self->store, cs_slice_str (key), &db->db);
  if (status == CS_OK)
    status = read_security (self, db);
  if (status == CS_OK)
    status = sync_number_get (self, db->db, &sync_revs_limit, &db->revs_limit);
  if (status == CS_OK)
    status = sync_number_get (self, db->db, &sync_purge_seq, &db->purge_seq);
  if (status == CS_OK)
    *out = g_steal_pointer (&db);
  return status;
}

/* Looks the database up; the worker may have changed generations over the waits, in which case nothing
 * is remembered. */
static CsStatus
look_up (Sync *self, const char *key, SyncDb **db)
{
  gint generation = g_atomic_int_get (&self->generation);
  CsStatus status = sync_db_load (self, key, db);

  if (status == CS_OK && generation == current_worker (self)->generation)
    {
      SyncDb *kept = sync_db_ref (*db);

      g_hash_table_replace (current_worker (self)->databases, kept->key, kept);
    }
  return status;
}

static void
reply_not_allowed (CsHttpExchange *exchange, SyncRight right)
{
  CsIdentity *identity = cs_http_identity (exchange);

  if (right == SYNC_ADMIN)
    sync_reply_error (exchange, 401, "unauthorized", "You are not a server or db admin.");
  else if (identity->user == NULL)
    sync_reply_error (exchange, 401, "unauthorized", "You are not authorized to access this db.");
  else
    sync_reply_error (exchange, 403, "forbidden", "You are not allowed to access this db.");
}

/* ---- names ---- */

static gboolean
legal_name (CsSlice name)
{
  if (name.len == 0 || name.len > SYNC_NAME_MAX || !g_ascii_islower (name.data[0]))
    return FALSE;
  for (gsize i = 1; i < name.len; i++)
    if (!g_ascii_islower (name.data[i]) && !g_ascii_isdigit (name.data[i])
        && (name.data[i] == '\0' || strchr ("_$()+/-", name.data[i]) == NULL))
      return FALSE;
  return TRUE;
}

static gboolean
known_name (CsSlice name)
{
  return legal_name (name) || cs_slice_is (name, SYNC_USERS) || cs_slice_is (name, "_replicator");
}

gboolean
sync_key_make (const char *tenant, CsSlice name, char key[SYNC_KEY_MAX + 1])
{
  gsize n = strlen (tenant);

  if (n > SYNC_TENANT_MAX || name.len > SYNC_NAME_MAX)
    return FALSE;
  if (n > 0)
    {
      *key++ = '@';
      memcpy (key, tenant, n);
      key += n;
      *key++ = '/';
    }
  memcpy (key, name.data, name.len);
  key[name.len] = '\0';
  return TRUE;
}

/* `@tenant/name`, as the node's administrators call what is of a tenant. */
static gboolean
is_of_tenant (CsSlice name)
{
  const char *slash = name.len > 2 && name.data[0] == '@' ? memchr (name.data, '/', name.len) : NULL;
  gsize n = slash != NULL ? (gsize) (slash - name.data - 1) : 0;

  return n > 0 && n <= SYNC_TENANT_MAX
         && legal_name (cs_slice (slash + 1, name.len - n - 2));
}

CsStatus
sync_key_for (const CsIdentity *identity, CsSlice name, char key[SYNC_KEY_MAX + 1])
{
  if (is_of_tenant (name) && cs_identity_is_node_admin (identity))
    {
      memcpy (key, name.data, name.len);
      key[name.len] = '\0';
      return CS_OK;
    }
  if (!known_name (name) || (*identity->tenant != '\0' && name.data[0] == '_')
      || !sync_key_make (identity->tenant, name, key))
    return CS_NOT_FOUND;
  return CS_OK;
}

/* ---- opening ---- */

CsStatus
sync_open_key (Sync *self, const char *key, SyncDb **db)
{
  *db = g_hash_table_lookup (current_worker (self)->databases, key);
  if (*db == NULL)
    return look_up (self, key, db);
  sync_db_ref (*db);
  return CS_OK;
}

static CsStatus
open_checked (Sync *self, const CsIdentity *identity, const char *key, SyncRight right,
              SyncDb **db)
{
  CsStatus status = sync_open_key (self, key, db);

  if (status == CS_OK && !sync_security_allows (&(*db)->security, identity, right))
    status = CS_DENIED;
  if (status == CS_OK)
    return CS_OK;
  sync_db_unref (*db);
  *db = NULL;
  return status;
}

CsStatus
sync_open_for (Sync *self, const CsIdentity *identity, CsSlice name, SyncRight right, SyncDb **db)
{
  char key[SYNC_KEY_MAX + 1];
  CsStatus status = sync_key_for (identity, name, key);

  *db = NULL;
  if (status != CS_OK)
    return status;
  if (!sync_scope_allows (identity, name, right))
    return CS_DENIED;
  status = open_checked (self, identity, key, right, db);
  if ((status != CS_NOT_FOUND && status != CS_DENIED)
      || !sync_per_user_owns (self, identity, name))
    return status;
  status = sync_per_user_make (self, identity->tenant, cs_slice_str (identity->user));
  return status == CS_OK ? open_checked (self, identity, key, right, db) : status;
}

SyncDb *
sync_open (CsHttpExchange *exchange, Sync *self, SyncRight right)
{
  CsIdentity *identity = cs_http_identity (exchange);
  CsSlice name = cs_http_param (exchange, 0);
  SyncDb *db = NULL;
  CsStatus status;

  if (right == SYNC_MEMBER)
    right = sync_right_of_route (exchange);
  if (!sync_scope_allows (identity, name, right))
    {
      sync_reply_scope (exchange, right);
      return NULL;
    }
  if (cs_slice_is (name, SYNC_USERS))
    return sync_users_open (exchange, self, right);
  status = sync_open_for (self, identity, name, right, &db);
  if (status == CS_DENIED)
    reply_not_allowed (exchange, right);
  else if (status != CS_OK)
    sync_reply_status (exchange, status);
  return db;
}

/* Of the server, as far as it is the tenant's. */
gboolean
sync_server_admin (CsHttpExchange *exchange)
{
  CsIdentity *identity = cs_http_identity (exchange);

  if (!identity->admin)
    sync_reply_error (exchange, 401, "unauthorized", "You are not a server admin.");
  else if (!sync_scope_allows (identity, cs_http_param (exchange, 0), SYNC_ADMIN))
    sync_reply_scope (exchange, SYNC_ADMIN);
  else
    return TRUE;
  return FALSE;
}

gboolean
sync_node_admin (CsHttpExchange *exchange)
{
  if (!sync_server_admin (exchange))
    return FALSE;
  if (cs_identity_is_node_admin (cs_http_identity (exchange)))
    return TRUE;
  sync_reply_error (exchange, 401, "unauthorized", "You are not an administrator of the node.");
  return FALSE;
}

/* ---- listing ---- */

typedef struct
{
  const CsIdentity *identity;
  gsize prefix;
  CsStoreNameFunc func;
  gpointer data;
} Listing;

/* What scopes shut out is not named either. */
static gboolean
tell_name (CsSlice key, gpointer data)
{
  const Listing *listing = data;
  CsSlice name = cs_slice (key.data + listing->prefix, key.len - listing->prefix);

  return !sync_scope_allows (listing->identity, name, SYNC_ADMIN)
         || listing->func (name, listing->data);
}

CsStatus
sync_database_names (Sync *self, const CsIdentity *identity, CsStoreNameFunc func, gpointer data)
{
  char prefix[SYNC_KEY_MAX + 1];
  Listing listing = { identity, 0, func, data };

  if (!sync_key_make (identity->tenant, cs_slice ("", 0), prefix))
    return CS_TOO_LARGE;
  listing.prefix = strlen (prefix);
  return cs_store_list (self->store, cs_slice_str (prefix), tell_name, &listing);
}

/* ---- PUT /{db} ---- */

static gboolean
check_new_name (CsHttpExchange *exchange, CsSlice name)
{
  g_autofree char *reason = NULL;
  char key[SYNC_KEY_MAX + 1];

  if (name.len > SYNC_NAME_MAX)
    {
      reason = g_strdup_printf ("At least one path segment of `%.*s` is too long.", (int) name.len,
                                name.data);
      sync_reply_error (exchange, 400, "database_name_too_long", reason);
      return FALSE;
    }
  if (sync_key_for (cs_http_identity (exchange), name, key) == CS_OK)
    return TRUE;
  reason = g_strdup_printf ("Name: '%.*s'. Only lowercase characters (a-z), digits (0-9), and any of "
                            "the characters _, $, (, ), +, -, and / are allowed. Must begin with a "
                            "letter.",
                            (int) name.len, name.data);
  sync_reply_error (exchange, 400, "illegal_database_name", reason);
  return FALSE;
}

CsStatus
sync_create_for (Sync *self, const CsIdentity *identity, CsSlice name)
{
  const char *plugin = NULL;
  g_autofree char *route = NULL;
  char key[SYNC_KEY_MAX + 1];
  CsStoreDb *db = NULL;
  CsStatus status;

  if (!identity->admin || !sync_scope_allows (identity, name, SYNC_ADMIN))
    return CS_DENIED;
  if (sync_key_for (identity, name, key) != CS_OK)
    return CS_INVALID;
  route = sync_hidden_by (self, name, &plugin);
  if (route != NULL)
    return CS_UNSUPPORTED;
  status = cs_store_create (self->store, cs_slice_str (key), &db);
  cs_store_db_unref (db);
  if (status == CS_OK)
    sync_databases_changed (self);
  return status;
}

/* A database that another plugin's route hides could never be reached. */
static void
reply_hidden (CsHttpExchange *exchange, Sync *self, CsSlice name)
{
  const char *plugin = NULL;
  g_autofree char *route = sync_hidden_by (self, name, &plugin);
  g_autofree char *reason
    = g_strdup_printf ("The plugin '%s' answers %s here: choose another name, or set sync.mount",
                       plugin, route);

  sync_reply_error (exchange, 412, "name_is_taken", reason);
}

void
sync_database_put (CsHttpExchange *exchange, gpointer self)
{
  Sync *sync = self;
  CsSlice name = cs_http_param (exchange, 0);
  CsStatus status;

  if (!sync_server_admin (exchange) || !check_new_name (exchange, name))
    return;
  if (sync_query_flag (exchange, "partitioned"))
    {
      sync_reply_error (exchange, 501, "not_implemented",
                        "Partitioned databases are not offered; leave the parameter out");
      return;
    }
  status = sync_create_for (sync, cs_http_identity (exchange), name);
  if (status == CS_UNSUPPORTED)
    reply_hidden (exchange, sync, name);
  else if (status == CS_EXISTS)
    sync_reply_error (exchange, 412, "file_exists",
                      "The database could not be created, the file already exists.");
  else if (status != CS_OK)
    sync_reply_status (exchange, status);
  else
    {
      sync_set_location (exchange, sync, cs_slice (NULL, 0), cs_slice (NULL, 0));
      sync_reply_ok (exchange, 201);
    }
}

/* ---- GET, DELETE /{db} ---- */

GString *
sync_database_info (Sync *self, const char *key, CsSlice name, const CsStoreInfo *info,
                    guint64 purge_seq)
{
  GString *json = g_string_new ("{\"db_name\":");

  sync_json_append_string (json, name);
  g_string_append (json, ",\"purge_seq\":");
  sync_seq_append (json, purge_seq, info->epoch);
  g_string_append (json, ",\"update_seq\":");
  sync_seq_append (json, info->last_seq, info->epoch);
  g_string_append_printf (json,
                          ",\"sizes\":{\"file\":%" G_GUINT64_FORMAT ",\"external\":%" G_GUINT64_FORMAT
                          ",\"active\":%" G_GUINT64_FORMAT "},\"props\":{}"
                          ",\"doc_del_count\":%" G_GUINT64_FORMAT ",\"doc_count\":%" G_GUINT64_FORMAT
                          ",\"disk_format_version\":8,\"compact_running\":%s"
                          ",\"cluster\":{\"q\":1,\"n\":1,\"w\":1,\"r\":1}"
                          ",\"instance_start_time\":\"%" G_GINT64_FORMAT "\"}",
                          info->bytes_file, info->bytes_data, info->bytes_data, info->n_deleted,
                          info->n_records, sync_compacting (self, key) ? "true" : "false",
                          info->created / G_USEC_PER_SEC);
  return json;
}

void
sync_database_get (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  g_autoptr (GString) json = NULL;
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status;

  if (db == NULL)
    return;
  status = cs_store_info (db->db, &info);
  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      return;
    }
  json = sync_database_info (self, db->key, cs_http_param (exchange, 0), &info, db->purge_seq);
  sync_reply_json (exchange, 200, json);
}

void
sync_database_delete (CsHttpExchange *exchange, gpointer self)
{
  Sync *sync = self;
  char key[SYNC_KEY_MAX + 1];
  CsSlice rev;
  CsStatus status;

  if (!sync_server_admin (exchange))
    return;
  if (cs_http_query (exchange, "rev", &rev))
    {
      sync_reply_error (exchange, 400, "bad_request",
                        "You tried to DELETE a database with a ?=rev parameter. Did you mean to "
                        "DELETE a document instead?");
      return;
    }
  status = sync_key_for (cs_http_identity (exchange), cs_http_param (exchange, 0), key);
  if (status == CS_OK)
    status = cs_store_drop (sync->store, cs_slice_str (key));
  sync_databases_changed (sync);
  if (status == CS_OK && strcmp (key, SYNC_USERS) == 0)
    sync_users_changed (sync, NULL, NULL, 0);
  if (status == CS_OK)
    sync_reply_ok (exchange, 200);
  else
    sync_reply_status (exchange, status);
}

/* ---- what needs no work here ---- */

/* What design documents defined once and do no more. */
void
sync_view_cleanup (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_ADMIN);

  if (db == NULL || !sync_body_is_json (exchange))
    return;
  sync_indexes_clean (self, db);
  sync_reply_ok (exchange, 202);
}

/* Every answer to a write comes after its fsync, so there is nothing left to do. */
void
sync_ensure_full_commit (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_MEMBER);
  g_autoptr (GString) json = NULL;
  CsStoreInfo info = { .size = sizeof info };
  CsSlice body;
  CsStatus status;

  if (db == NULL || !sync_body_is_json (exchange) || cs_http_read_body (exchange, &body) != CS_OK)
    return;
  status = cs_store_info (db->db, &info);
  if (status != CS_OK)
    {
      sync_reply_status (exchange, status);
      return;
    }
  json = g_string_new ("{\"ok\":true,\"instance_start_time\":");
  g_string_append_printf (json, "\"%" G_GINT64_FORMAT "\"}", info.created / G_USEC_PER_SEC);
  sync_reply_json (exchange, 201, json);
}
