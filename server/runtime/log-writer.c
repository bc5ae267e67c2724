/* log-writer.c: where log lines go: a descriptor, or journald's socket.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log-writer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FULL (64 * 1024)

const char *cs_log_journal_path = "/run/systemd/journal/socket";

/* systemd names the device and inode of the stream it gave us (systemd.exec(5), JOURNAL_STREAM). */
static gboolean
is_journal_stream (int fd)
{
  const char *text = g_getenv ("JOURNAL_STREAM");
  g_autofree char *own = NULL;
  struct stat st;

  if (text == NULL || fstat (fd, &st) != 0)
    return FALSE;
  own = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) st.st_dev,
                         (guint64) st.st_ino);
  return g_str_equal (own, text);
}

static int
journal_connect (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int size = 1 << 20, fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, cs_log_journal_path, sizeof address.sun_path);
  if (fd >= 0 && connect (fd, (struct sockaddr *) &address, sizeof address) != 0)
    {
      close (fd);
      return -1;
    }
  if (fd >= 0)
    setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  return fd;
}

void
cs_log_writer_open (CsLogWriter *writer, CsLogFormat format, int fd)
{
  int target = fd >= 0 ? fd : STDERR_FILENO;

  if (format == CS_LOG_FORMAT_AUTO)
    format = is_journal_stream (target) ? CS_LOG_FORMAT_JOURNAL
             : isatty (target)          ? CS_LOG_FORMAT_TEXT
                                        : CS_LOG_FORMAT_JSON;
  if (writer->journal_fd >= 0)
    close (writer->journal_fd);
  writer->journal_fd = format == CS_LOG_FORMAT_JOURNAL ? journal_connect () : -1;
  if (format == CS_LOG_FORMAT_JOURNAL && writer->journal_fd < 0)
    format = CS_LOG_FORMAT_JSON;
  writer->format = format;
  if (writer->fd != fd)
    writer->fd = fd;
  writer->opened = TRUE;
}

static void
write_all (int fd, const char *data, gsize len)
{
  while (len > 0)
    {
      gssize n = write (fd, data, len);

      if (n < 0 && errno == EAGAIN)
        {
          struct pollfd item = { .fd = fd, .events = POLLOUT };

          poll (&item, 1, 1000);
        }
      else if (n < 0 && errno != EINTR)
        return;
      else if (n > 0)
        {
          data += n;
          len -= (gsize) n;
        }
    }
}

/* journald that restarts leaves a dead socket behind: connect anew, once a line. */
static void
send_journal (CsLogWriter *writer)
{
  for (int attempt = 0; attempt < 2; attempt++)
    {
      if (writer->journal_fd >= 0
          && send (writer->journal_fd, writer->out->str, writer->out->len, MSG_NOSIGNAL) >= 0)
        break;
      if (writer->journal_fd >= 0)
        close (writer->journal_fd);
      writer->journal_fd = journal_connect ();
    }
  g_string_truncate (writer->out, 0);
}

void
cs_log_writer_add (CsLogWriter *writer, const CsLogLine *line)
{
  if (!writer->opened)
    cs_log_writer_open (writer, CS_LOG_FORMAT_AUTO, writer->fd);
  if (writer->out == NULL)
    writer->out = g_string_sized_new (1024);
  if (writer->format == CS_LOG_FORMAT_TEXT)
    cs_log_format_text (writer->out, line);
  else if (writer->format == CS_LOG_FORMAT_JSON)
    cs_log_format_json (writer->out, line);
  else
    {
      cs_log_format_journal (writer->out, line);
      send_journal (writer);
    }
}

gboolean
cs_log_writer_is_full (CsLogWriter *writer)
{
  return writer->out != NULL && writer->out->len >= FULL;
}

void
cs_log_writer_flush (CsLogWriter *writer)
{
  if (writer->out == NULL || writer->out->len == 0)
    return;
  write_all (writer->fd >= 0 ? writer->fd : STDERR_FILENO, writer->out->str, writer->out->len);
  g_string_truncate (writer->out, 0);
}
