/* stream.c: the file, or standard input or output, that goes along with a command.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ctl/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

static gboolean
fail (GError **error, const char *path)
{
  int code = errno;

  g_set_error (error, G_FILE_ERROR, (gint) g_file_error_from_errno (code), "%s: %s", path,
               code == EEXIST ? "it is there already; nothing is written over" : g_strerror (code));
  return FALSE;
}

gboolean
ctl_stream_open (CtlStream *self, CtlStreamKind kind, const char *path, GError **error)
{
  *self = (CtlStream){ .fd = -1 };
  if (kind == CTL_NO_STREAM)
    return TRUE;
  self->standard = path == NULL || strcmp (path, "-") == 0;
  if (self->standard)
    self->fd = kind == CTL_READS ? STDIN_FILENO : STDOUT_FILENO;
  else if (kind == CTL_READS)
    self->fd = open (path, O_RDONLY | O_CLOEXEC);
  else
    self->fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (self->fd < 0)
    return fail (error, path);
  if (kind == CTL_WRITES && !self->standard)
    self->made = g_strdup (path);
  return TRUE;
}

gboolean
ctl_stream_close (CtlStream *self, gboolean done, GError **error)
{
  gboolean good = TRUE;

  if (self->made != NULL && done)
    good = fsync (self->fd) == 0 || fail (error, self->made);
  else if (self->made != NULL)
    unlink (self->made);
  if (self->fd >= 0 && !self->standard)
    close (self->fd);
  self->fd = -1;
  g_clear_pointer (&self->made, g_free);
  return good;
}
