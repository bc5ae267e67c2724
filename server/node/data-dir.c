/* data-dir.c: makes the node's directories, and locks the one of its data.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/data-dir.h"

#include <cloudsync/error.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void
fail (GError **error, const char *path, const char *what)
{
  g_set_error (error, CS_ERROR, CS_IO, "%s: %s: %s", path, what, g_strerror (errno));
}

static void
name_holder (GError **error, const char *path, int fd)
{
  char pid[24] = "";
  gssize n = pread (fd, pid, sizeof pid - 1, 0);

  if (n > 0)
    g_strchomp (pid);
  g_set_error (error, CS_ERROR, CS_EXISTS, "%s: another node (process %s) uses this data directory; "
               "stop it, or choose another with node.data-dir", path, *pid != '\0' ? pid : "?");
}

int
cs_data_dir_lock (const char *path, GError **error)
{
  g_autofree char *file = g_build_filename (path, "lock", NULL);
  g_autofree char *pid = g_strdup_printf ("%d\n", (gint) getpid ());
  int fd;

  if (g_mkdir_with_parents (path, 0700) != 0)
    {
      fail (error, path, "the data directory cannot be made");
      return -1;
    }
  fd = open (file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      fail (error, file, "the data directory cannot be written");
      return -1;
    }
  if (flock (fd, LOCK_EX | LOCK_NB) != 0)
    {
      name_holder (error, path, fd);
      close (fd);
      return -1;
    }
  if (ftruncate (fd, 0) != 0 || pwrite (fd, pid, strlen (pid), 0) < 0)
    {
      fail (error, file, "the data directory cannot be written");
      close (fd);
      return -1;
    }
  return fd;
}

gboolean
cs_run_dir_make (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0755) == 0)
    return TRUE;
  fail (error, path, "the run directory cannot be made; choose another with node.run-dir");
  return FALSE;
}
