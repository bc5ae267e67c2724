/* sync-access.h: who may open what: tenants' names, scopes, and the users' own database.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_ACCESS_H
#define SYNC_ACCESS_H

#include "sync-write.h"

#define SYNC_SCOPE_READ "sync:read"
#define SYNC_SCOPE_WRITE "sync:write"
#define SYNC_SCOPE_ADMIN "sync:admin"
#define SYNC_SCOPE_DATABASE "db:"

#define SYNC_TENANT_MAX 64
#define SYNC_KEY_MAX (SYNC_TENANT_MAX + 2 + SYNC_NAME_MAX) /* bytes of a name in the store */

/* ---- sync-scope.c ---- */

gboolean sync_scope_allows (const CsIdentity *identity, CsSlice name, SyncRight right);
/* SYNC_READ or SYNC_WRITE, as the route and the method say. */
SyncRight sync_right_of_route (CsHttpExchange *exchange);
void sync_reply_scope (CsHttpExchange *exchange, SyncRight right);

/* ---- sync-database.c ---- */

/* A database's name in the store: its own in the default tenant, else `@tenant/name`, which no database of the
 * default tenant can be called. FALSE: too long. */
gboolean sync_key_make (const char *tenant, CsSlice name, char key[SYNC_KEY_MAX + 1]);
/* The name in the store of what an identity calls `name`. CS_NOT_FOUND: it has no such name. */
CsStatus sync_key_for (const CsIdentity *identity, CsSlice name, char key[SYNC_KEY_MAX + 1]);
/* Reads what is kept with a database, no right being checked. Any thread; may wait. */
CsStatus sync_db_load (Sync *self, const char *key, SyncDb **db);
/* The database of that name in the store, no right being checked. Worker's fiber; may wait. */
CsStatus sync_open_key (Sync *self, const char *key, SyncDb **db);

/* ---- sync-users.c: the database _users, which is the node's ---- */

#define SYNC_USERS "_users"
#define SYNC_USER_PREFIX "org.couchdb.user:"

/* For a route of `_users`: administrators of the node may all that they may elsewhere, others read and write
 * their own document. A reference. NULL: answered. */
SyncDb *sync_users_open (CsHttpExchange *exchange, Sync *self, SyncRight right);
/* The name of the user whose document that is; data NULL: nobody's. */
CsSlice sync_user_of_id (CsSlice id);
/* After documents of _users were written, purged or (ids NULL) all are gone: what was verified of these users is
 * forgotten on every worker, and their databases are made or removed. Fiber; may wait. */
void sync_users_changed (Sync *self, SyncDb *users, const CsSlice *ids, guint n);
gboolean sync_users_add (Sync *self, GError **error);
/* Makes _users unless it is there. May wait. */
CsStatus sync_users_make (Sync *self);

/* What a document of _users says; text is of the arena. */
typedef struct
{
  SyncJson object;
  CsSlice name;
  CsSlice tenant; /* len 0: the default one */
} SyncUser;

/* Reads the user's document as it is now. CS_NOT_FOUND: none, or deleted. *rev (may be NULL) is its revision's
 * text. May wait. */
CsStatus sync_user_read (CsStoreDb *users, CsSlice id, const SyncArena *arena, SyncUser *user,
                         CsSlice *rev);

/* ---- sync-users-write.c ---- */

/* Before edits of _users are committed: refuses what CouchDB refuses, and puts a hash in the place of each
 * password. A refusal is the edit's own; a status fails them all. Parts are the arena's. Fiber; may wait. */
CsStatus sync_users_admit (Sync *self, SyncDb *db, const CsIdentity *identity, SyncEdit *edits,
                           guint n, const SyncArena *arena);

/* ---- sync-per-user.c: a database for each user ---- */

/* Is it the database of that identity's user, and are there such? */
gboolean sync_per_user_owns (Sync *self, const CsIdentity *identity, CsSlice name);
/* Makes the user's database unless it is there, with him as its member and administrator. May wait. */
CsStatus sync_per_user_make (Sync *self, const char *tenant, CsSlice user);
/* Removes it. */
CsStatus sync_per_user_remove (Sync *self, const char *tenant, CsSlice user);

/* ---- sync-control.c: commands of the control socket, whose user owns the node ---- */

/* The node's administrator. */
CsIdentity *sync_control_identity (void);
/* The database of that name, `@tenant/name` for one of a tenant; for this thread only. A command's thread; may
 * wait. */
CsStatus sync_control_open (Sync *self, const char *name, SyncDb **db);

/* ---- sync-export.c, sync-import.c ---- */

void sync_export_add (Sync *self);
void sync_import_add (Sync *self);

/* ---- sync-users-command.c ---- */

void sync_users_command_add (Sync *self);

#endif
