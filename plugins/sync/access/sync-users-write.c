/* sync-users-write.c: documents of _users before they are stored: checked as CouchDB checks them, and no password
 * kept.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-access.h"

#include <openssl/crypto.h>

/* One edit on its way. */
typedef struct
{
  Sync *self;
  SyncDb *db;
  const CsIdentity *identity;
  gboolean admin;
  SyncEdit *edit;
  const SyncArena *arena;
  SyncJson object; /* the members as they came */
} Admission;

static gboolean
refuse (Admission *self, const char *reason)
{
  self->edit->refusal = (SyncError){ 403, "forbidden", reason };
  return FALSE;
}

static SyncJson
object_of_parts (const SyncEdit *edit, const SyncArena *arena)
{
  gsize length = 2;
  char *text;
  char *at;

  for (guint i = 0; i < edit->n_parts; i++)
    length += edit->parts[i].len;
  text = at = sync_alloc (arena, length);
  *at++ = '{';
  for (guint i = 0; i < edit->n_parts; i++)
    {
      memcpy (at, edit->parts[i].data, edit->parts[i].len);
      at += edit->parts[i].len;
    }
  *at++ = '}';
  return sync_json_value (text, at);
}

static SyncJson
member (const Admission *self, const char *name)
{
  return sync_json_member (self->object, name);
}

static CsSlice
text_of (const Admission *self, const char *name)
{
  SyncJson value = member (self, name);

  return value.type == SYNC_JSON_STRING ? sync_json_text (value, self->arena)
                                        : cs_slice (NULL, 0);
}

/* ---- roles ---- */

static gboolean
check_roles (Admission *self)
{
  SyncJson roles = member (self, "roles");
  SyncJsonCursor cursor;
  SyncJson role;

  if (roles.type == SYNC_JSON_NONE || roles.type == SYNC_JSON_NULL)
    return refuse (self, "doc.roles must exist");
  if (!sync_json_elements (&cursor, roles))
    return refuse (self, "doc.roles must be an array");
  while (sync_json_next_element (&cursor, &role))
    {
      CsSlice text;

      if (role.type != SYNC_JSON_STRING)
        return refuse (self, "doc.roles can only contain strings");
      text = sync_json_text (role, self->arena);
      if (text.len > 0 && text.data[0] == '_')
        return refuse (self, "No system roles (starting with underscore) in users db.");
    }
  return TRUE;
}

static gboolean
has_role (SyncJson roles, CsSlice wanted, const SyncArena *arena)
{
  SyncJsonCursor cursor;
  SyncJson role;

  if (sync_json_elements (&cursor, roles))
    while (sync_json_next_element (&cursor, &role))
      if (role.type == SYNC_JSON_STRING && cs_slice_equal (sync_json_text (role, arena), wanted))
        return TRUE;
  return FALSE;
}

static gboolean
roles_within (SyncJson roles, SyncJson others, const SyncArena *arena)
{
  SyncJsonCursor cursor;
  SyncJson role;

  if (sync_json_elements (&cursor, roles))
    while (sync_json_next_element (&cursor, &role))
      if (!has_role (others, sync_json_text (role, arena), arena))
        return FALSE;
  return TRUE;
}

/* ---- the form ---- */

static gboolean
check_name (Admission *self)
{
  CsSlice name = text_of (self, "name");

  if (name.len == 0)
    return refuse (self, "doc.name is required");
  if (!cs_slice_equal (name, sync_user_of_id (self->edit->id)))
    return refuse (self, "Doc ID must be of the form org.couchdb.user:name");
  if (name.data[0] == '_')
    return refuse (self, "Username may not start with underscore.");
  if (memchr (name.data, ':', name.len) != NULL)
    return refuse (self, "Character `:` is not allowed in usernames.");
  for (gsize i = 0; i < name.len; i++)
    if ((guint8) name.data[i] < 0x20 || name.data[i] == 0x7f)
      return refuse (self, "Control characters are not allowed in usernames.");
  return TRUE;
}

static gboolean
check_tenant (Admission *self)
{
  SyncJson value = member (self, "tenant");
  CsSlice tenant = text_of (self, "tenant");

  if (value.type == SYNC_JSON_NONE)
    return TRUE;
  for (gsize i = 0; i < tenant.len; i++)
    if (!g_ascii_isalnum (tenant.data[i]) && (tenant.data[i] == '\0' || strchr ("-_.", tenant.data[i]) == NULL))
      tenant.data = NULL, tenant.len = 0;
  if (tenant.data == NULL || tenant.len > SYNC_TENANT_MAX)
    return refuse (self, "doc.tenant must be letters, digits, `-`, `_` and `.`, 64 at most");
  return TRUE;
}

static gboolean
check_scheme (Admission *self)
{
  SyncJson scheme = member (self, "password_scheme");
  CsSlice name = text_of (self, "password_scheme");

  if (scheme.type == SYNC_JSON_NONE || scheme.type == SYNC_JSON_NULL)
    return TRUE;
  if (!cs_slice_is (name, "pbkdf2") && !cs_slice_is (name, "simple")
      && !cs_slice_is (name, "simple+pbkdf2"))
    return refuse (self, "Password scheme is not supported.");
  if (!cs_slice_is (name, "pbkdf2"))
    return TRUE;
  if (member (self, "iterations").type != SYNC_JSON_NUMBER)
    return refuse (self, "iterations must be a number.");
  return member (self, "derived_key").type == SYNC_JSON_STRING
         || refuse (self, "derived_key must be a string.");
}

static gboolean
check_form (Admission *self)
{
  if (!cs_slice_is (text_of (self, "type"), "user"))
    return refuse (self, "doc.type must be user");
  return check_name (self) && check_roles (self) && check_tenant (self);
}

/* ---- what a user may change of himself ---- */

static gboolean
same_text (SyncJson a, SyncJson b, const SyncArena *arena)
{
  CsSlice x = a.type == SYNC_JSON_STRING ? sync_json_text (a, arena) : cs_slice (NULL, 0);
  CsSlice y = b.type == SYNC_JSON_STRING ? sync_json_text (b, arena) : cs_slice (NULL, 0);

  return cs_slice_equal (x, y);
}

static gboolean
check_own (Admission *self, const SyncUser *before, CsSlice rev)
{
  SyncEdit *edit = self->edit;
  SyncJson old = sync_json_member (before->object, "roles");
  SyncJson new = member (self, "roles");
  SyncRev winner;

  if (!sync_rev_parse (rev, &winner) || !edit->has_rev || !sync_rev_equal (&edit->rev, &winner))
    {
      edit->refusal = (SyncError){ 409, "conflict", "Document update conflict." };
      return FALSE;
    }
  if (edit->deleted)
    return TRUE;
  if (sync_json_count (old) != sync_json_count (new) || !roles_within (old, new, self->arena)
      || !roles_within (new, old, self->arena))
    return refuse (self, "Only _admin may edit roles");
  return same_text (sync_json_member (before->object, "tenant"), member (self, "tenant"), self->arena)
         || refuse (self, "Only _admin may edit the tenant");
}

/* For a graft nobody can tell what it changes. */
static gboolean
check_author (Admission *self, CsStatus found, const SyncUser *before, CsSlice rev)
{
  if (self->admin)
    return TRUE;
  if (self->identity->user == NULL
      || !cs_slice_is (sync_user_of_id (self->edit->id), self->identity->user))
    return refuse (self, "You may only update your own user document.");
  if (self->edit->path != NULL || found != CS_OK)
    return refuse (self, "Only _admin may add users.");
  return check_own (self, before, rev);
}

/* ---- passwords ---- */

/* What the hash stands for. */
static const char *const hash_members[]
  = { "password", "password_scheme", "password_sha", "pbkdf2_prf", "salt", "iterations",
      "derived_key" };

static gboolean
is_replaced (SyncJson key, gboolean hashed)
{
  for (gsize i = 0; i < (hashed ? G_N_ELEMENTS (hash_members) : 1); i++)
    if (sync_json_is (key, hash_members[i]))
      return TRUE;
  return FALSE;
}

/* `pbkdf2:sha256:N$salt$key` as CouchDB's members. */
static void
append_hash (GString *out, const char *hash)
{
  g_auto (GStrv) parts = g_strsplit (hash, "$", 3);
  const char *iterations = strrchr (parts[0], ':') + 1;

  if (out->len > 0)
    g_string_append_c (out, ',');
  g_string_append_printf (out,
                          "\"password_scheme\":\"pbkdf2\",\"pbkdf2_prf\":\"sha256\",\"salt\":\"%s\","
                          "\"iterations\":%s,\"derived_key\":\"%s\"",
                          parts[1], iterations, parts[2]);
}

/* The members without the password, every time that it is there; `hash` NULL: none comes in its place. */
static void
rewrite (Admission *self, const char *hash)
{
  g_autoptr (GString) out = g_string_new (NULL);
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;
  char *text;

  sync_json_members (&cursor, self->object);
  while (sync_json_next_member (&cursor, &key, &value))
    {
      if (is_replaced (key, hash != NULL))
        continue;
      if (out->len > 0)
        g_string_append_c (out, ',');
      g_string_append_len (out, key.text.data, key.text.len);
      g_string_append_c (out, ':');
      g_string_append_len (out, value.text.data, value.text.len);
    }
  if (hash != NULL)
    append_hash (out, hash);
  text = sync_alloc (self->arena, out->len + 1);
  memcpy (text, out->str, out->len + 1);
  self->edit->parts = sync_alloc (self->arena, sizeof (CsSlice));
  self->edit->parts[0] = cs_slice (text, out->len);
  self->edit->n_parts = out->len > 0;
}

static CsStatus
hash_password (Admission *self, CsSlice password)
{
  g_autofree char *text = g_strndup (password.data, password.len);
  g_autofree char *hash = NULL;
  CsStatus status;

  if (memchr (password.data, '\0', password.len) != NULL)
    {
      refuse (self, "The password has a NUL character.");
      return CS_OK;
    }
  status = cs_auth_hash (self->self->auth, CS_HASH_PBKDF2, text, &hash);
  OPENSSL_cleanse (text, password.len);
  if (status == CS_OK)
    rewrite (self, hash);
  else if (status == CS_TOO_LARGE)
    refuse (self, "The password is longer than 1024 bytes.");
  return status == CS_TOO_LARGE ? CS_OK : status;
}

/* What is stored has no password, also where it would mean nothing. */
static CsStatus
replace_password (Admission *self)
{
  SyncJson password = member (self, "password");

  if (password.type == SYNC_JSON_NONE || password.type == SYNC_JSON_NULL || self->edit->deleted)
    {
      if (password.type != SYNC_JSON_NONE)
        rewrite (self, NULL);
      if (!self->edit->deleted)
        check_scheme (self);
      return CS_OK;
    }
  if (password.type == SYNC_JSON_STRING)
    return hash_password (self, sync_json_text (password, self->arena));
  refuse (self, "The password must be a string.");
  return CS_OK;
}

/* ---- all of it ---- */

static CsStatus
admit (Admission *self)
{
  SyncEdit *edit = self->edit;
  SyncUser before = { .tenant = { NULL, 0 } };
  CsSlice rev;
  CsStatus found;

  self->object = object_of_parts (edit, self->arena);
  if (edit->id.data[0] == '_')
    return CS_OK; /* a design document: who may write it was checked */
  found = sync_user_read (self->db->db, edit->id, self->arena, &before, &rev);
  if (found != CS_OK && found != CS_NOT_FOUND)
    return found;
  edit->user_before = found == CS_OK;
  edit->tenant_before = before.tenant;
  if ((!edit->deleted && !check_form (self)) || !check_author (self, found, &before, rev))
    return CS_OK;
  return replace_password (self);
}

CsStatus
sync_users_admit (Sync *self, SyncDb *db, const CsIdentity *identity, SyncEdit *edits, guint n,
                  const SyncArena *arena)
{
  CsStatus status = CS_OK;

  for (guint i = 0; status == CS_OK && i < n; i++)
    {
      Admission admission = { .self = self, .db = db, .identity = identity,
                              .admin = cs_identity_is_node_admin (identity), .edit = &edits[i],
                              .arena = arena };

      if (edits[i].refusal.status == 0)
        status = admit (&admission);
    }
  return status;
}
