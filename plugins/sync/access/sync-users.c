/* sync-users.c: the database _users: who may open it, and its documents as a source of credentials.
 *
 * There is one for the node; a document's member `tenant` says whose user it is.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-access.h"

CsSlice
sync_user_of_id (CsSlice id)
{
  gsize n = sizeof SYNC_USER_PREFIX - 1;

  if (id.len <= n || memcmp (id.data, SYNC_USER_PREFIX, n) != 0)
    return cs_slice (NULL, 0);
  return cs_slice (id.data + n, id.len - n);
}

/* ---- reading a user ---- */

static CsSlice
text_member (SyncJson object, const char *name, const SyncArena *arena)
{
  SyncJson value = sync_json_member (object, name);

  return value.type == SYNC_JSON_STRING ? sync_json_text (value, arena) : cs_slice (NULL, 0);
}

/* The stored members with their braces, in the arena. */
static gboolean
object_of (const CsStoreRecord *record, const SyncArena *arena, SyncJson *object)
{
  SyncBody body;
  char *text;

  if (record->body.data == NULL || !sync_body_decode (record->body, arena, &body))
    return FALSE;
  text = sync_alloc (arena, body.text.len + 2);
  text[0] = '{';
  if (body.text.len > 0)
    memcpy (text + 1, body.text.data, body.text.len);
  text[body.text.len + 1] = '}';
  *object = sync_json_value (text, text + body.text.len + 2);
  return TRUE;
}

CsStatus
sync_user_read (CsStoreDb *users, CsSlice id, const SyncArena *arena, SyncUser *user, CsSlice *rev)
{
  CsStoreRows *rows = NULL;
  CsStatus status = cs_store_read (users, &id, 1, CS_STORE_BODY, &rows);
  const CsStoreRecord *record;

  if (status != CS_OK)
    return status;
  record = &rows->records[0];
  if (record->seq == 0 || record->deleted)
    status = CS_NOT_FOUND;
  else if (!object_of (record, arena, &user->object))
    status = CS_CORRUPT;
  if (status == CS_OK)
    {
      user->name = text_member (user->object, "name", arena);
      user->tenant = text_member (user->object, "tenant", arena);
    }
  if (status == CS_OK && rev != NULL)
    {
      char *copy = sync_alloc (arena, record->summary.len + 1);

      memcpy (copy, record->summary.data, record->summary.len);
      *rev = cs_slice (copy, record->summary.len);
    }
  cs_store_rows_free (users, rows);
  return status;
}

/* ---- the source of credentials ---- */

/* CouchDB's `sha` is SHA-1, and what it used before it had the member. */
static const char *
digest_of (CsSlice prf)
{
  static const char *const names[] = { "sha224", "sha256", "sha384", "sha512" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (cs_slice_is (prf, names[i]))
      return names[i];
  return prf.data == NULL || cs_slice_is (prf, "sha") || cs_slice_is (prf, "sha1") ? "sha1" : NULL;
}

/* The members as one text, or NULL when the user has no password that could be checked. */
static char *
hash_of (SyncJson object, const SyncArena *arena)
{
  CsSlice key = text_member (object, "derived_key", arena);
  CsSlice salt = text_member (object, "salt", arena);
  const char *digest = digest_of (text_member (object, "pbkdf2_prf", arena));
  guint64 iterations;

  if (!cs_slice_is (text_member (object, "password_scheme", arena), "pbkdf2") || digest == NULL
      || key.len == 0 || salt.len == 0 || memchr (salt.data, '\0', salt.len) != NULL
      || !sync_json_unsigned (sync_json_member (object, "iterations"), &iterations))
    return NULL;
  return g_strdup_printf ("pbkdf2:%s:%" G_GUINT64_FORMAT "$%.*s$%.*s", digest, iterations,
                          (int) salt.len, salt.data, (int) key.len, key.data);
}

/* Roles that begin with `_` are the server's own, wherever they came from. */
static char **
roles_of (SyncJson object, const SyncArena *arena)
{
  SyncJson list = sync_json_member (object, "roles");
  g_autoptr (GStrvBuilder) roles = g_strv_builder_new ();
  SyncJsonCursor cursor;
  SyncJson item;

  if (sync_json_elements (&cursor, list))
    while (sync_json_next_element (&cursor, &item))
      {
        CsSlice role = item.type == SYNC_JSON_STRING ? sync_json_text (item, arena)
                                                     : cs_slice ("", 0);
        g_autofree char *text = g_strndup (role.data, role.len);

        if (role.len > 0 && *text != '_')
          g_strv_builder_add (roles, text);
      }
  return g_strv_builder_end (roles);
}

static CsStatus
fill_credential (const SyncUser *user, const char *tenant, const SyncArena *arena,
                 CsCredential *credential)
{
  if (*tenant != '\0' && !cs_slice_is (user->tenant, tenant))
    return CS_NOT_FOUND;
  credential->hash = hash_of (user->object, arena);
  credential->tenant = user->tenant.len > 0 ? g_strndup (user->tenant.data, user->tenant.len) : NULL;
  credential->roles = roles_of (user->object, arena);
  return CS_OK;
}

static CsStatus
look_up (gpointer data, const char *tenant, const char *name, CsCredential *credential)
{
  Sync *self = data;
  g_autofree char *id = g_strconcat (SYNC_USER_PREFIX, name, NULL);
  CsStoreDb *users = NULL;
  SyncScratch scratch;
  SyncUser user;
  CsStatus status = cs_store_open (self->store, cs_slice_str (SYNC_USERS), &users);

  if (status != CS_OK)
    return status;
  sync_scratch_init (&scratch);
  status = sync_user_read (users, cs_slice_str (id), &scratch.arena, &user, NULL);
  if (status == CS_OK)
    status = fill_credential (&user, tenant, &scratch.arena, credential);
  sync_scratch_clear (&scratch);
  cs_store_db_unref (users);
  return status;
}

static const CsCredentialsSource source = { sizeof (CsCredentialsSource), look_up };

gboolean
sync_users_add (Sync *self, GError **error)
{
  return cs_auth_add_source (self->auth, self, &source, error);
}

/* ---- opening ---- */

CsStatus
sync_users_make (Sync *self)
{
  CsStoreDb *db = NULL;
  CsStatus status = cs_store_create (self->store, cs_slice_str (SYNC_USERS), &db);

  cs_store_db_unref (db);
  if (status == CS_OK)
    sync_databases_changed (self);
  return status == CS_EXISTS ? CS_OK : status;
}

/* It comes with the first write of somebody who may. */
static CsStatus
open_users (Sync *self, gboolean make, SyncDb **db)
{
  CsStatus status = sync_open_key (self, SYNC_USERS, db);

  if (status != CS_NOT_FOUND || !make)
    return status;
  status = sync_users_make (self);
  return status == CS_OK ? sync_open_key (self, SYNC_USERS, db) : status;
}

static gboolean
is_of_document (CsHttpExchange *exchange)
{
  const char *path = cs_http_route (exchange)->path;

  return strcmp (path, "/{db}/{id}") == 0 || strcmp (path, "/{db}/{id}/{name...}") == 0;
}

/* Of the same name in another tenant is somebody else. */
static CsStatus
is_own (SyncDb *db, const CsIdentity *identity, CsSlice id, gboolean *own)
{
  CsSlice name = sync_user_of_id (id);
  SyncScratch scratch;
  SyncUser user;
  CsStatus status;

  *own = FALSE;
  if (identity->user == NULL || name.data == NULL || !cs_slice_is (name, identity->user))
    return CS_OK;
  sync_scratch_init (&scratch);
  status = sync_user_read (db->db, id, &scratch.arena, &user, NULL);
  *own = status == CS_OK && cs_slice_is (user.tenant, identity->tenant);
  sync_scratch_clear (&scratch);
  return status == CS_NOT_FOUND ? CS_OK : status;
}

static void
reply_refused (CsHttpExchange *exchange)
{
  CsIdentity *identity = cs_http_identity (exchange);

  if (identity->user == NULL || !is_of_document (exchange))
    sync_reply_error (exchange, 401, "unauthorized", "You are not a server admin.");
  else if (sync_right_of_route (exchange) == SYNC_READ)
    sync_reply_error (exchange, 404, "not_found", "missing");
  else
    sync_reply_error (exchange, 403, "forbidden",
                      "You may only update your own user document.");
}

SyncDb *
sync_users_open (CsHttpExchange *exchange, Sync *self, SyncRight right)
{
  CsIdentity *identity = cs_http_identity (exchange);
  gboolean admin = cs_identity_is_node_admin (identity);
  gboolean allowed = admin;
  SyncDb *db = NULL;
  CsStatus status;

  if (!admin && (right == SYNC_ADMIN || !is_of_document (exchange) || identity->user == NULL))
    {
      reply_refused (exchange);
      return NULL;
    }
  status = open_users (self, admin && sync_right_of_route (exchange) == SYNC_WRITE, &db);
  if (status == CS_OK && !admin)
    status = is_own (db, identity, cs_http_param (exchange, 1), &allowed);
  if (status == CS_OK && allowed)
    return db;
  if (status == CS_OK || (status == CS_NOT_FOUND && !admin))
    reply_refused (exchange);
  else
    sync_reply_status (exchange, status);
  sync_db_unref (db);
  return NULL;
}

/* ---- after a change ---- */

static void
follow (Sync *self, SyncDb *users, CsSlice id)
{
  CsSlice name = sync_user_of_id (id);
  g_autofree char *text = g_strndup (name.data, name.len);
  SyncScratch scratch;
  SyncUser user;
  CsStatus status;

  if (name.data == NULL)
    return;
  cs_auth_forget (self->auth, NULL, text);
  sync_scratch_init (&scratch);
  status = sync_user_read (users->db, id, &scratch.arena, &user, NULL);
  if (status == CS_OK)
    {
      g_autofree char *tenant = g_strndup (user.tenant.data, user.tenant.len);

      status = sync_per_user_make (self, tenant != NULL ? tenant : "", name);
    }
  sync_scratch_clear (&scratch);
  if (status != CS_OK && status != CS_NOT_FOUND)
    cs_warning (self, "the user's database was not made; it is when the user asks for it",
                CS_F_STR ("user", text), CS_F_STR ("reason", cs_status_text (status)));
}

void
sync_users_changed (Sync *self, SyncDb *users, const CsSlice *ids, guint n)
{
  if (ids == NULL)
    cs_auth_forget (self->auth, NULL, NULL);
  for (guint i = 0; i < n; i++)
    follow (self, users, ids[i]);
}
