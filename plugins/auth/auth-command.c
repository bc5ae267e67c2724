/* auth-command.c: makes the hash that a [user NAME] section holds.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-command.h"
#include "auth-password.h"

static gboolean
hash_run (gpointer self, const char *const *args, GString *output, GError **error)
{
  g_autofree char *hash = NULL;

  if (args[0] == NULL || args[1] != NULL || *args[0] == '\0'
      || strlen (args[0]) > AUTH_PASSWORD_MAX)
    {
      g_set_error (error, CS_ERROR, CS_INVALID,
                   "give one password of at most %d bytes; `cloudsyncctl hash -` asks for it",
                   AUTH_PASSWORD_MAX);
      return FALSE;
    }
  hash = auth_password_hash (args[0]);
  if (hash == NULL)
    {
      g_set_error (error, CS_ERROR, CS_NO_MEMORY, "not enough memory to hash");
      return FALSE;
    }
  g_string_append_printf (output, "{\"hash\":\"%s\"}", hash);
  return TRUE;
}

static const CsNodeCommand hash_command
  = { "hash", "Hash a password for a [user NAME] section", hash_run };

void
auth_command_add (gpointer self)
{
  cs_add_command (self, &hash_command);
}
