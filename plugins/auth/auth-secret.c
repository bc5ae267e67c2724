/* auth-secret.c: a random secret in a file that nobody else may read.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-secret.h"
#include "auth-base64url.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "auth-secret"

static gboolean
fail (GError **error, const char *path, const char *what)
{
  g_set_error (error, CS_ERROR, CS_IO, "%s: %s; or set auth.secret", path, what);
  return FALSE;
}

static gboolean
write_all (int fd, const char *text, gsize length)
{
  return write (fd, text, length) == (gssize) length && fsync (fd) == 0;
}

/* Under its own name only when it is whole, so that no start finds half a secret. */
static gboolean
store (const char *data_dir, const char *path, const char *secret, GError **error)
{
  g_autofree char *draft = g_strconcat (path, ".new", NULL);
  int fd = g_open (draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  int dir;
  gboolean good;

  if (fd < 0)
    return fail (error, draft, g_strerror (errno));
  good = fchmod (fd, 0600) == 0 && write_all (fd, secret, strlen (secret));
  close (fd);
  if (!good || g_rename (draft, path) != 0)
    return fail (error, path, g_strerror (errno));
  dir = g_open (data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (dir >= 0)
    {
      fsync (dir);
      close (dir);
    }
  return TRUE;
}

static char *
make (const char *data_dir, const char *path, GError **error)
{
  guint8 bytes[32];
  g_autofree char *secret = NULL;

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    {
      g_set_error (error, CS_ERROR, CS_FAILED, "OpenSSL has no random bytes");
      return NULL;
    }
  secret = auth_base64url_encode (bytes, sizeof bytes);
  return store (data_dir, path, secret, error) ? g_steal_pointer (&secret) : NULL;
}

/* One that others could read is no secret any more; a new one would end all sessions unasked. */
static gboolean
is_private (const char *path, GError **error)
{
  struct stat info;

  if (stat (path, &info) != 0)
    return fail (error, path, g_strerror (errno));
  if ((info.st_mode & 077) == 0)
    return TRUE;
  return fail (error, path, "others may read it: chmod 600, or remove it to end all sessions");
}

char *
auth_secret_load (const char *data_dir, GError **error)
{
  g_autofree char *path = g_build_filename (data_dir, FILE_NAME, NULL);
  g_autofree char *secret = NULL;
  g_autoptr (GError) failure = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return make (data_dir, path, error);
  if (!is_private (path, error))
    return NULL;
  if (!g_file_get_contents (path, &secret, NULL, &failure))
    fail (error, path, failure->message);
  else if (strlen (g_strchomp (secret)) < AUTH_SECRET_MIN)
    fail (error, path, "it is too short for a secret: remove it and a new one is made");
  else
    return g_steal_pointer (&secret);
  return NULL;
}
