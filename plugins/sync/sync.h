/* sync.h: what the files of this plugin share: its state, a request's database, and how answers look.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_H
#define SYNC_H

#include "sync-turns.h"

#include <cloudsync/sdk.h>

/* Of requests whose attachments are streamed: what may be in them is watched over as it comes. */
#define SYNC_UPLOAD_MAX ((gint64) 1 << 50)

#define SYNC_NAME_MAX 238 /* bytes of a database's name, as in CouchDB */

/* What becomes of a design document whose access rule nobody would enforce. */
typedef enum
{
  SYNC_UNENFORCED_REFUSE,
  SYNC_UNENFORCED_STORE
} SyncUnenforced;

typedef struct
{
  char *mount;
  char **cors_origins;
  gboolean cors_credentials;
  char **cors_headers;
  gint64 cors_max_age;
  gint64 max_document; /* bytes */
  gint64 max_attachment;
  gint64 blob_threshold;
  gint64 blob_collect;
  gint64 blob_grace;
  gint64 max_depth;
  gint64 feed_timeout;
  gint64 heartbeat;
  gint unenforced_validation; /* SyncUnenforced */
  gboolean per_user_databases;
  gboolean per_user_delete;
} SyncSettings;

extern const CsSetting sync_settings[];
gboolean sync_settings_check (const char *kind, const void *settings, GError **error);

/* The instance. Constant after start () but for `generation`. */
typedef struct
{
  CsDocuments documents; /* what other plugins get */
  SyncTurns patches;
  CsStore *store;
  CsHttp *http;
  CsAuth *auth;
  CsBlobs *blobs; /* NULL: every attachment is kept in the store */
  char uuid[33];   /* of the server; part of every client's checkpoint id */
  gint generation; /* atomic; rises whenever a database comes, goes or changes its rules */
  GMutex compacting_lock;
  GHashTable *compacting; /* a database's name in the store -> how far (sync-compact.c) */
  GHashTable *purging;    /* names, under the same lock */
  GMutex index_lock;
  GHashTable *index_states; /* sync-index-state.c */
  CsStat feeds_waiting;
  CsStat feed_wakes;
  CsStat conflicts;
  CsStat documents_written;
  CsStat queries;
  CsStat queries_unindexed;
  CsStat query_documents;
  CsStat indexed_documents;
  CsStat blobs_collected;
  CsBroker *broker; /* NULL: none */
  gint n_channels;  /* atomic: open, on all workers */
  CsStat channels_open;
  CsTimer collect_timer; /* worker 0's */
  gint collecting;       /* atomic */
} Sync;

/* Who may do what in a database: names and roles, NULL-terminated. */
typedef struct
{
  char **admin_names;
  char **admin_roles;
  char **member_names;
  char **member_roles;
} SyncSecurity;

/* A database as one worker sees it; belongs to that worker. */
typedef struct
{
  guint ref_count;
  CsStoreDb *db;
  char *key; /* its name in the store; what a request calls it is in the path */
  gboolean users; /* it is _users */
  gint generation; /* of the databases, when it was looked up */
  CsBlobs *blobs; /* as the instance has it */
  SyncSecurity security;
  guint64 revs_limit;
  guint64 purge_seq; /* how many documents were purged from */
  struct _SyncIndexes *indexes; /* as of indexes_seq; NULL: not looked at yet */
  guint64 indexes_seq;
} SyncDb;

typedef enum
{
  SYNC_READ,
  SYNC_WRITE,
  SYNC_MEMBER, /* in sync_open (): to read or to write, as the route says */
  SYNC_ADMIN   /* change the rules, compact */
} SyncRight;

/* ---- sync-database.c ---- */

/* The database of the path's first parameter, with the right checked; a reference. NULL: answered. */
SyncDb *sync_open (CsHttpExchange *exchange, Sync *self, SyncRight right);
/* The same by name: CS_OK and a reference; CS_NOT_FOUND; CS_DENIED; why it could not be looked up. Worker's
 * fiber; may wait. */
CsStatus sync_open_for (Sync *self, const CsIdentity *identity, CsSlice name, SyncRight right,
                        SyncDb **db);
/* Creates one: CS_OK (durable), CS_EXISTS, CS_DENIED, CS_INVALID (the name), CS_UNSUPPORTED (a route would hide
 * it), why it could not be stored. Worker's fiber; may wait. */
CsStatus sync_create_for (Sync *self, const CsIdentity *identity, CsSlice name);
/* The route of another plugin, as a path, that hides the database `name`, or NULL; to be g_free()d. */
char *sync_hidden_by (Sync *self, CsSlice name, const char **plugin);
/* TRUE for an administrator, of the node or of the tenant that the request is of; else answered. */
gboolean sync_server_admin (CsHttpExchange *exchange);
/* TRUE for an administrator of the node; else answered. */
gboolean sync_node_admin (CsHttpExchange *exchange);
SyncDb *sync_db_ref (SyncDb *db);
void sync_db_unref (SyncDb *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SyncDb, sync_db_unref)

/* Every worker looks its databases up anew: one came, went or changed its rules. Any thread. */
void sync_databases_changed (Sync *self);
/* The node has not begun to stop. Any thread. */
gboolean sync_node_runs (void);
void sync_worker_free (gpointer worker);
gpointer sync_worker_new (Sync *self);
GString *sync_database_info (Sync *self, const char *key, CsSlice name,
                             const CsStoreInfo *info, guint64 purge_seq);
/* The names that an identity's administrator sees, in byte order: those of its tenant, or of all. */
CsStatus sync_database_names (Sync *self, const CsIdentity *identity, CsStoreNameFunc func,
                              gpointer data);

/* ---- sync-collect.c ---- */

/* Worker 0; off any fiber. */
void sync_collect_start (Sync *self);
void sync_collect_stop (Sync *self);
extern const CsNodeCommand sync_collect_command;

/* ---- sync-documents.c ---- */

extern const CsDocumentsTable sync_documents_table;

/* ---- sync-numbers.c: numbers kept with a database ---- */

typedef struct
{
  const char *key; /* in the store */
  guint64 initial;
  guint64 max;
} SyncNumber;

extern const SyncNumber sync_revs_limit;
extern const SyncNumber sync_purge_seq;

/* Fibers; may wait. */
CsStatus sync_number_get (Sync *self, CsStoreDb *db, const SyncNumber *number, guint64 *value);
CsStatus sync_number_set (Sync *self, CsStoreDb *db, const SyncNumber *number, guint64 value);

/* ---- sync-security.c ---- */

/* Parses `{"admins": {"names", "roles"}, "members": …}`; FALSE when a list is no list of strings. Pool or
 * main thread. `text` has been validated. */
gboolean sync_security_parse (CsSlice text, SyncSecurity *security);
void sync_security_clear (SyncSecurity *security);
/* Administrators only, as CouchDB has it. */
void sync_security_default (SyncSecurity *security);
gboolean sync_security_allows (const SyncSecurity *security, const CsIdentity *identity,
                               SyncRight right);

/* ---- sync-answer.c: answers in CouchDB's form ---- */

void sync_reply_error (CsHttpExchange *exchange, guint status, const char *error,
                       const char *reason);
/* The 4xx or 5xx for a failure of the store. */
void sync_reply_status (CsHttpExchange *exchange, CsStatus status);
void sync_reply_json (CsHttpExchange *exchange, guint status, GString *json);
void sync_reply_slices (CsHttpExchange *exchange, guint status, const CsSlice *parts, guint n);
void sync_reply_ok (CsHttpExchange *exchange, guint status);
void sync_reply_not_json (CsHttpExchange *exchange);
/* Begins a streamed answer with the headers every answer has. */
void sync_begin (CsHttpExchange *exchange, const char *type);
/* Writes what has been gathered and empties it; may wait. */
CsStatus sync_flush (CsHttpExchange *exchange, GString *out);
/* The same as a view's `pass`; the exchange has been begun. */
CsStatus sync_pass_on (gpointer exchange, GString *out);
/* For cs_http_set_error_func (). */
void sync_error_page (CsHttpExchange *exchange, gpointer self, guint status, const char *reason);
void sync_set_etag (CsHttpExchange *exchange, CsSlice tag);
/* TRUE when If-None-Match has the tag: 304 was answered. */
gboolean sync_not_modified (CsHttpExchange *exchange, CsSlice tag);
/* Appends text percent-encoded as CouchDB does in Location. */
void sync_append_encoded (GString *out, CsSlice text);
/* `http://host/mount/db`, the database as the request calls it, then `/document` and `/attachment` when they are not
 * empty. */
void sync_set_location (CsHttpExchange *exchange, Sync *self, CsSlice document,
                        CsSlice attachment);

/* ---- sync-query.c: query parameters ---- */

/* The tag of If-Match without its quotes; data NULL: absent. */
CsSlice sync_if_match (CsHttpExchange *exchange);
/* TRUE iff the parameter is exactly `true`. */
gboolean sync_query_flag (CsHttpExchange *exchange, const char *name);
/* FALSE: answered 400. Absent leaves *value as it is. */
gboolean sync_query_number (CsHttpExchange *exchange, const char *name, gint64 *value);
/* FALSE: not application/json, answered 415. */
gboolean sync_body_is_json (CsHttpExchange *exchange);

/* ---- sync-seq.c: sequence tokens ---- */

/* Appends `"N-epoch"` with quotes. */
void sync_seq_append (GString *out, guint64 seq, guint64 epoch);
/* Where a reader with this token goes on. `info` as of now. FALSE: malformed, or of another database. */
gboolean sync_seq_parse (CsStoreDb *db, const CsStoreInfo *info, CsSlice token, guint64 *since);

/* ---- routes: one handler a resource and method ---- */

gboolean sync_routes_add (Sync *self, GError **error);

void sync_welcome (CsHttpExchange *exchange, gpointer self);
void sync_up (CsHttpExchange *exchange, gpointer self);
void sync_all_dbs (CsHttpExchange *exchange, gpointer self);
void sync_dbs_info (CsHttpExchange *exchange, gpointer self);
void sync_uuids (CsHttpExchange *exchange, gpointer self);

/* sync-session.c */
void sync_session_get (CsHttpExchange *exchange, gpointer self);
void sync_session_post (CsHttpExchange *exchange, gpointer self);
void sync_session_delete (CsHttpExchange *exchange, gpointer self);

void sync_active_tasks (CsHttpExchange *exchange, gpointer self);

/* sync-cluster.c */
void sync_membership (CsHttpExchange *exchange, gpointer self);
void sync_node (CsHttpExchange *exchange, gpointer self);
void sync_cluster_setup (CsHttpExchange *exchange, gpointer self);
void sync_shards (CsHttpExchange *exchange, gpointer self);
void sync_shard_of (CsHttpExchange *exchange, gpointer self);
void sync_sync_shards (CsHttpExchange *exchange, gpointer self);

/* sync-absent.c */
void sync_absent_in_server (CsHttpExchange *exchange, gpointer self);
void sync_absent_in_database (CsHttpExchange *exchange, gpointer self);
void sync_absent_in_design (CsHttpExchange *exchange, gpointer self);
void sync_form_upload (CsHttpExchange *exchange, gpointer self);
void sync_not_partitioned (CsHttpExchange *exchange, gpointer self);
void sync_compact_views (CsHttpExchange *exchange, gpointer self);

void sync_database_put (CsHttpExchange *exchange, gpointer self);
void sync_database_get (CsHttpExchange *exchange, gpointer self);
void sync_database_delete (CsHttpExchange *exchange, gpointer self);
void sync_security_get (CsHttpExchange *exchange, gpointer self);
void sync_security_put (CsHttpExchange *exchange, gpointer self);
void sync_revs_limit_get (CsHttpExchange *exchange, gpointer self);
void sync_revs_limit_put (CsHttpExchange *exchange, gpointer self);
void sync_ensure_full_commit (CsHttpExchange *exchange, gpointer self);
void sync_purged_infos_limit_get (CsHttpExchange *exchange, gpointer self);
void sync_purged_infos_limit_put (CsHttpExchange *exchange, gpointer self);
void sync_view_cleanup (CsHttpExchange *exchange, gpointer self);
void sync_compact (CsHttpExchange *exchange, gpointer self);
/* sync-compact.c; any thread. By the name in the store. */
gboolean sync_compacting (Sync *self, const char *key);

/* sync-find.c, sync-explain.c, sync-index-routes.c */
void sync_find (CsHttpExchange *exchange, gpointer self);
void sync_explain (CsHttpExchange *exchange, gpointer self);
void sync_index_list (CsHttpExchange *exchange, gpointer self);
void sync_index_put (CsHttpExchange *exchange, gpointer self);
void sync_index_delete (CsHttpExchange *exchange, gpointer self);
void sync_index_bulk_delete (CsHttpExchange *exchange, gpointer self);

void sync_changes (CsHttpExchange *exchange, gpointer self);
void sync_local_get (CsHttpExchange *exchange, gpointer self);
void sync_local_put (CsHttpExchange *exchange, gpointer self);
void sync_local_delete (CsHttpExchange *exchange, gpointer self);

/* sync-document.c, sync-attachment.c, sync-bulk.c, sync-bulk-get.c, sync-purge.c, sync-all-docs.c */
void sync_document_get (CsHttpExchange *exchange, gpointer self);
void sync_document_put (CsHttpExchange *exchange, gpointer self);
void sync_document_delete (CsHttpExchange *exchange, gpointer self);
void sync_document_post (CsHttpExchange *exchange, gpointer self);
void sync_document_copy (CsHttpExchange *exchange, gpointer self);
void sync_attachment_get (CsHttpExchange *exchange, gpointer self);
void sync_attachment_put (CsHttpExchange *exchange, gpointer self);
void sync_attachment_delete (CsHttpExchange *exchange, gpointer self);
void sync_bulk_docs (CsHttpExchange *exchange, gpointer self);
void sync_bulk_get (CsHttpExchange *exchange, gpointer self);
void sync_revs_diff (CsHttpExchange *exchange, gpointer self);
void sync_purge (CsHttpExchange *exchange, gpointer self);
void sync_missing_revs (CsHttpExchange *exchange, gpointer self);
void sync_all_docs (CsHttpExchange *exchange, gpointer self);
void sync_all_docs_queries (CsHttpExchange *exchange, gpointer self);
void sync_design_docs (CsHttpExchange *exchange, gpointer self);
void sync_design_docs_queries (CsHttpExchange *exchange, gpointer self);
void sync_local_docs (CsHttpExchange *exchange, gpointer self);
void sync_local_docs_queries (CsHttpExchange *exchange, gpointer self);

/* ---- sync-cors.c ---- */
gboolean sync_cors_add (Sync *self, GError **error);

#endif
