/* sync-users-command.c: `cloudsyncctl user`: adds, changes, lists and removes documents of _users.
 *
 * On a thread of their own, as the node's administrator: whoever reaches the control socket owns the node.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-access.h"

#define USAGE                                                                                      \
  "user add NAME [roles=A,B] [tenant=T], user passwd NAME, user roles NAME [A,B], user del NAME, "   \
  "user list"

typedef struct
{
  Sync *self;
  const char *name;
  const char *password; /* NULL: as it is */
  const char *roles;    /* NULL: as they are */
  const char *tenant;
  CsSlice id;
  SyncDb db; /* as much of it as a commit needs */
  SyncScratch scratch;
  GError **error;
} Command;

static gboolean
fail (Command *command, CsStatus status, const char *why)
{
  g_set_error (command->error, CS_ERROR, (gint) status, "%s: %s", command->name,
               why != NULL ? why : cs_status_text (status));
  return FALSE;
}

/* ---- the document ---- */

static void
append_roles (GString *json, const char *roles)
{
  g_auto (GStrv) names = g_strsplit (roles, ",", -1);
  gboolean any = FALSE;

  g_string_append (json, ",\"roles\":[");
  for (gsize i = 0; names[i] != NULL; i++)
    {
      if (*g_strstrip (names[i]) == '\0')
        continue;
      if (any)
        g_string_append_c (json, ',');
      sync_json_append_string (json, cs_slice_str (names[i]));
      any = TRUE;
    }
  g_string_append_c (json, ']');
}

/* All other members stay as they are. */
static void
append_kept (const Command *command, GString *json, SyncJson before)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;

  if (!sync_json_members (&cursor, before))
    return;
  while (sync_json_next_member (&cursor, &key, &value))
    {
      if (sync_json_is (key, "type") || sync_json_is (key, "name") || sync_json_is (key, "password")
          || (sync_json_is (key, "roles") && command->roles != NULL)
          || (sync_json_is (key, "tenant") && command->tenant != NULL))
        continue;
      g_string_append_c (json, ',');
      g_string_append_len (json, key.text.data, key.text.len);
      g_string_append_c (json, ':');
      g_string_append_len (json, value.text.data, value.text.len);
    }
}

static char *
document_of (const Command *command, SyncJson before)
{
  GString *json = g_string_new ("\"type\":\"user\",\"name\":");

  sync_json_append_string (json, cs_slice_str (command->name));
  append_kept (command, json, before);
  if (command->roles != NULL)
    append_roles (json, command->roles);
  if (command->tenant != NULL && *command->tenant != '\0')
    {
      g_string_append (json, ",\"tenant\":");
      sync_json_append_string (json, cs_slice_str (command->tenant));
    }
  if (command->password != NULL)
    {
      g_string_append (json, ",\"password\":");
      sync_json_append_string (json, cs_slice_str (command->password));
    }
  return g_string_free (json, FALSE);
}

/* ---- writing ---- */

static gboolean
store (Command *command, const char *members, CsSlice rev, gboolean deleted)
{
  CsSlice part = cs_slice_str (members);
  SyncEdit edit = { .id = command->id, .deleted = deleted, .deletion = deleted,
                    .has_rev = rev.len > 0, .parts = &part, .n_parts = part.len > 0 };
  CsStatus status;

  if (edit.has_rev && !sync_rev_parse (rev, &edit.rev))
    return fail (command, CS_CORRUPT, NULL);
  status = sync_commit (command->self, &command->db, sync_control_identity (), &edit, 1);
  if (status != CS_OK)
    return fail (command, status, NULL);
  if (edit.outcome == SYNC_EDIT_REFUSED)
    return fail (command, CS_INVALID, edit.refusal.reason);
  return edit.outcome == SYNC_EDIT_STORED
         || fail (command, CS_CONFLICT, "somebody else changed the user just now: try again");
}

static gboolean
begin (Command *command)
{
  const gsize prefix = sizeof SYNC_USER_PREFIX - 1;
  CsStatus status = sync_users_make (command->self);
  char *id;
  gsize n;

  if (status == CS_OK)
    status = cs_store_open (command->self->store, cs_slice_str (SYNC_USERS), &command->db.db);
  if (status == CS_OK)
    status = sync_number_get (command->self, command->db.db, &sync_revs_limit,
                              &command->db.revs_limit);
  if (status != CS_OK)
    return fail (command, status, NULL);
  command->db.users = TRUE;
  n = strlen (command->name);
  id = sync_alloc (&command->scratch.arena, prefix + n);
  memcpy (id, SYNC_USER_PREFIX, prefix);
  memcpy (id + prefix, command->name, n);
  command->id = cs_slice (id, prefix + n);
  return TRUE;
}

static gboolean
add (Command *command, GString *output)
{
  SyncUser before;
  CsStatus found = sync_user_read (command->db.db, command->id, &command->scratch.arena, &before,
                                   NULL);
  g_autofree char *members = NULL;

  if (found == CS_OK)
    return fail (command, CS_EXISTS, "there is such a user; `user passwd` and `user roles` change it");
  if (found != CS_NOT_FOUND)
    return fail (command, found, NULL);
  if (command->password == NULL)
    return fail (command, CS_INVALID, "a password is needed; cloudsyncctl asks for it");
  if (command->roles == NULL)
    command->roles = "";
  members = document_of (command, (SyncJson){ SYNC_JSON_NONE, { NULL, 0 } });
  if (!store (command, members, cs_slice (NULL, 0), FALSE))
    return FALSE;
  g_string_append (output, "{\"added\":");
  sync_json_append_string (output, cs_slice_str (command->name));
  g_string_append_c (output, '}');
  return TRUE;
}

static gboolean
find (Command *command, SyncUser *before, CsSlice *rev)
{
  CsStatus found = sync_user_read (command->db.db, command->id, &command->scratch.arena, before, rev);

  return found == CS_OK
         || fail (command, found,
                  found == CS_NOT_FOUND ? "there is no such user; `user list` shows all" : NULL);
}

static gboolean
change (Command *command, GString *output)
{
  g_autofree char *members = NULL;
  SyncUser before;
  CsSlice rev;

  if (!find (command, &before, &rev))
    return FALSE;
  members = document_of (command, before.object);
  if (!store (command, members, rev, FALSE))
    return FALSE;
  g_string_append (output, "{\"changed\":");
  sync_json_append_string (output, cs_slice_str (command->name));
  g_string_append_c (output, '}');
  return TRUE;
}

static gboolean
remove_user (Command *command, GString *output)
{
  SyncUser before;
  CsSlice rev;

  if (!find (command, &before, &rev) || !store (command, "", rev, TRUE))
    return FALSE;
  g_string_append (output, "{\"removed\":");
  sync_json_append_string (output, cs_slice_str (command->name));
  g_string_append_c (output, '}');
  return TRUE;
}

/* ---- listing ---- */

static void
append_listed (GString *output, const SyncUser *user)
{
  SyncJson roles = sync_json_member (user->object, "roles");

  g_string_append (output, output->len > 1 ? ",{\"name\":" : "{\"name\":");
  sync_json_append_string (output, user->name);
  g_string_append (output, ",\"roles\":");
  if (roles.type == SYNC_JSON_ARRAY)
    g_string_append_len (output, roles.text.data, roles.text.len);
  else
    g_string_append (output, "[]");
  g_string_append (output, ",\"tenant\":");
  sync_json_append_string (output, user->tenant.data != NULL ? user->tenant : cs_slice ("", 0));
  g_string_append_c (output, '}');
}

static CsStatus
list_page (Command *command, CsStoreRange *range, CsSlice *last, gboolean *more, GString *output)
{
  CsStoreRows *rows = NULL;
  CsStatus status = cs_store_ids (command->db.db, range, &rows);

  if (status != CS_OK)
    return status;
  for (guint i = 0; i < rows->n; i++)
    {
      SyncUser user;

      if (sync_user_read (command->db.db, rows->records[i].id, &command->scratch.arena, &user, NULL)
          == CS_OK)
        append_listed (output, &user);
      if (i + 1 == rows->n)
        {
          char *copy = sync_alloc (&command->scratch.arena, rows->records[i].id.len);

          memcpy (copy, rows->records[i].id.data, rows->records[i].id.len);
          *last = cs_slice (copy, rows->records[i].id.len);
        }
    }
  *more = rows->more && rows->n > 0;
  cs_store_rows_free (command->db.db, rows);
  return CS_OK;
}

static gboolean
list (Command *command, GString *output)
{
  CsSlice from = cs_slice_str (SYNC_USER_PREFIX);
  CsSlice to = cs_slice_str ("org.couchdb.user;"); /* the byte after ':' */
  CsStoreRange range = { .size = sizeof range, .from = &from, .to = &to, .to_exclusive = TRUE };
  gboolean more = TRUE;
  CsStatus status = CS_OK;

  g_string_append_c (output, '[');
  while (status == CS_OK && more)
    {
      status = list_page (command, &range, &from, &more, output);
      range.from_exclusive = TRUE;
    }
  g_string_append_c (output, ']');
  return status == CS_OK || fail (command, status, NULL);
}

/* ---- words ---- */

static gboolean
read_word (Command *command, const char *word)
{
  if (g_str_has_prefix (word, "password="))
    command->password = word + strlen ("password=");
  else if (g_str_has_prefix (word, "roles="))
    command->roles = word + strlen ("roles=");
  else if (g_str_has_prefix (word, "tenant="))
    command->tenant = word + strlen ("tenant=");
  else
    return FALSE;
  return TRUE;
}

typedef struct
{
  const char *verb;
  gboolean (*run) (Command *command, GString *output);
  gboolean bare; /* takes no name */
} Verb;

static const Verb verbs[] = {
  { "add", add, FALSE },   { "passwd", change, FALSE }, { "roles", change, FALSE },
  { "del", remove_user, FALSE }, { "list", list, TRUE },
};

static const Verb *
verb_of (const char *const *args, Command *command)
{
  const Verb *verb = NULL;
  gsize i;

  for (i = 0; args[0] != NULL && i < G_N_ELEMENTS (verbs); i++)
    if (strcmp (args[0], verbs[i].verb) == 0)
      verb = &verbs[i];
  if (verb == NULL || (args[1] == NULL) != verb->bare)
    return NULL;
  command->name = verb->bare ? "list" : args[1];
  i = verb->bare ? 1 : 2;
  if (strcmp (verb->verb, "roles") == 0)
    {
      command->roles = args[2] != NULL ? args[2] : "";
      i += args[2] != NULL;
    }
  for (; args[i] != NULL; i++)
    if (!read_word (command, args[i]))
      return NULL;
  if (strcmp (verb->verb, "passwd") == 0 && command->password == NULL)
    return NULL;
  return verb;
}

static gboolean
user_run (gpointer self, const char *const *args, GString *output, GError **error)
{
  Command command = { .self = self, .error = error };
  const Verb *verb = verb_of (args, &command);
  gboolean done;

  if (verb == NULL)
    {
      g_set_error (error, CS_ERROR, CS_INVALID, "the forms are: %s", USAGE);
      return FALSE;
    }
  sync_scratch_init (&command.scratch);
  done = begin (&command) && verb->run (&command, output);
  cs_store_db_unref (command.db.db);
  sync_scratch_clear (&command.scratch);
  return done;
}

static const CsNodeCommand user_command
  = { "user", "Users kept in _users: " USAGE, user_run };

void
sync_users_command_add (Sync *self)
{
  cs_add_command (self, &user_command);
}
