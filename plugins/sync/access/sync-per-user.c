/* sync-per-user.c: `userdb-<hex of the name>`, as couch_peruser has it: a database that is one user's own.
 *
 * It is made with the user's document, and for a user who came otherwise (by token, key or settings) when he first
 * asks for it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-access.h"

#define PREFIX "userdb-"
#define USER_MAX ((SYNC_NAME_MAX - sizeof PREFIX + 1) / 2)

static gboolean
is_on (Sync *self)
{
  const SyncSettings *settings = cs_settings (self);

  return settings->per_user_databases;
}

/* FALSE: the user's name is too long to name a database. */
static gboolean
name_of (CsSlice user, char name[SYNC_NAME_MAX + 1])
{
  static const char hex[] = "0123456789abcdef";
  char *at = name + sizeof PREFIX - 1;

  if (user.len == 0 || user.len > USER_MAX)
    return FALSE;
  memcpy (name, PREFIX, sizeof PREFIX - 1);
  for (gsize i = 0; i < user.len; i++)
    {
      guint8 byte = user.data[i];

      *at++ = hex[byte >> 4];
      *at++ = hex[byte & 15];
    }
  *at = '\0';
  return TRUE;
}

gboolean
sync_per_user_owns (Sync *self, const CsIdentity *identity, CsSlice name)
{
  char own[SYNC_NAME_MAX + 1];

  return is_on (self) && identity->user != NULL && name.len > sizeof PREFIX - 1
         && memcmp (name.data, PREFIX, sizeof PREFIX - 1) == 0
         && name_of (cs_slice_str (identity->user), own) && cs_slice_is (name, own);
}

static GBytes *
security_of (CsSlice user)
{
  GString *json = g_string_new ("{\"admins\":{\"names\":[");

  sync_json_append_string (json, user);
  g_string_append (json, "],\"roles\":[]},\"members\":{\"names\":[");
  sync_json_append_string (json, user);
  g_string_append (json, "],\"roles\":[]}}");
  return g_string_free_to_bytes (json);
}

/* One that was made and then cut short by a crash has no rules yet, and is closed to all but administrators. */
static CsStatus
set_rules (Sync *self, CsStoreDb *db, CsSlice user)
{
  g_autoptr (GBytes) stored = NULL;
  g_autoptr (GBytes) security = NULL;
  CsStatus status = cs_store_meta_get (self->store, db, "security", &stored);

  if (status != CS_NOT_FOUND)
    return status;
  security = security_of (user);
  return cs_store_meta_set (self->store, db, "security", security);
}

CsStatus
sync_per_user_make (Sync *self, const char *tenant, CsSlice user)
{
  char name[SYNC_NAME_MAX + 1];
  char key[SYNC_KEY_MAX + 1];
  CsStoreDb *db = NULL;
  CsStatus status;

  if (!is_on (self))
    return CS_OK;
  if (!name_of (user, name) || !sync_key_make (tenant, cs_slice_str (name), key))
    return CS_TOO_LARGE;
  status = cs_store_create (self->store, cs_slice_str (key), &db);
  if (status == CS_EXISTS)
    status = cs_store_open (self->store, cs_slice_str (key), &db);
  if (status == CS_OK)
    status = set_rules (self, db, user);
  cs_store_db_unref (db);
  if (status == CS_OK)
    sync_databases_changed (self);
  return status;
}

CsStatus
sync_per_user_remove (Sync *self, const char *tenant, CsSlice user)
{
  const SyncSettings *settings = cs_settings (self);
  char name[SYNC_NAME_MAX + 1];
  char key[SYNC_KEY_MAX + 1];
  CsStatus status;

  if (!is_on (self) || !settings->per_user_delete || !name_of (user, name)
      || !sync_key_make (tenant, cs_slice_str (name), key))
    return CS_OK;
  status = cs_store_drop (self->store, cs_slice_str (key));
  sync_databases_changed (self);
  return status == CS_NOT_FOUND ? CS_OK : status;
}
