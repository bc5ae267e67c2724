/* auth-command.c: makes what the sections [user NAME] and [api-key NAME] hold.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-command.h"
#include "auth-keys.h"
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
  hash = auth_password_hash (CS_HASH_SCRYPT, args[0]);
  if (hash == NULL)
    {
      g_set_error (error, CS_ERROR, CS_NO_MEMORY, "not enough memory to hash");
      return FALSE;
    }
  g_string_append_printf (output, "{\"hash\":\"%s\"}", hash);
  return TRUE;
}

/* The key is shown this once: nobody keeps it. */
static gboolean
key_run (gpointer self, const char *const *args, GString *output, GError **error)
{
  g_autofree char *key = NULL;
  g_autofree char *hash = NULL;

  if (args[0] != NULL)
    {
      g_set_error (error, CS_ERROR, CS_INVALID,
                   "takes no argument; write the hash into a section [api-key NAME] and reload");
      return FALSE;
    }
  if (!auth_api_key_make (&key, &hash))
    {
      g_set_error (error, CS_ERROR, CS_FAILED, "OpenSSL has no random bytes");
      return FALSE;
    }
  g_string_append_printf (output, "{\"key\":\"%s\",\"hash\":\"%s\"}", key, hash);
  return TRUE;
}

static const CsNodeCommand hash_command
  = { "hash", "Hash a password for a [user NAME] section", hash_run };

static const CsNodeCommand key_command
  = { "key", "Make an API key for an [api-key NAME] section; it is shown once", key_run };

void
auth_command_add (gpointer self)
{
  cs_add_command (self, &hash_command);
  cs_add_command (self, &key_command);
}
