/* admin.c: the control socket: accepts, reads lines, answers; plugins' commands run on threads of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/admin.h"

#include <cloudsync/error.h>
#include <errno.h>
#include <glib-unix.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/json-text.h"
#include "node/admin-commands.h"
#include "node/data-dir.h"
#include "plugin/command.h"
#include "runtime/log-ring.h"

enum
{
  LONGEST_LINE = 64 * 1024,
  MOST_CLIENTS = 32
};

struct _CsAdmin
{
  CsNode *node;
  char *path;
  int fd;
  guint source;
  GPtrArray *clients; /* Client * */
  guint n_commands;   /* of plugins, that run */
};

typedef struct
{
  CsAdmin *admin; /* NULL: the connection is gone */
  gint refs;
  int fd;
  guint reading, writing;
  GString *in, *out;
  int fd_sent;        /* the last descriptor that came along, or -1 */
  CsCommand *command; /* NULL: none of this client runs */
  guint *n_commands;  /* the admin's, which outlives all commands */
} Client;

/* ---- a client ---- */

static void
client_unref (Client *client)
{
  if (--client->refs > 0)
    return;
  g_string_free (client->in, TRUE);
  g_string_free (client->out, TRUE);
  g_free (client);
}

static void
client_close (Client *client)
{
  CsAdmin *admin = client->admin;

  if (admin == NULL)
    return;
  client->admin = NULL;
  if (client->command != NULL)
    cs_command_cancel (client->command);
  g_clear_handle_id (&client->reading, g_source_remove);
  g_clear_handle_id (&client->writing, g_source_remove);
  close (client->fd);
  if (client->fd_sent >= 0)
    close (client->fd_sent);
  g_ptr_array_remove_fast (admin->clients, client);
  client_unref (client);
}

static gboolean on_writable (int fd, GIOCondition condition, gpointer data);

/* FALSE: the client is gone. */
static gboolean
client_flush (Client *client)
{
  while (client->out->len > 0)
    {
      gssize n = send (client->fd, client->out->str, client->out->len, MSG_NOSIGNAL);

      if (n < 0 && errno == EAGAIN)
        {
          if (client->writing == 0)
            client->writing = g_unix_fd_add (client->fd, G_IO_OUT, on_writable, client);
          return TRUE;
        }
      if (n < 0)
        {
          client_close (client);
          return FALSE;
        }
      g_string_erase (client->out, 0, n);
    }
  return TRUE;
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  Client *client = data;

  client->writing = 0;
  client_flush (client);
  return G_SOURCE_REMOVE;
}

/* `result` is a JSON value; on failure `error` (taken) tells. */
static void
client_answer (Client *client, const GString *result, GError *error)
{
  if (client->admin == NULL)
    {
      g_clear_error (&error);
      return;
    }
  if (error == NULL)
    g_string_append_printf (client->out, "{\"ok\":true,\"result\":%s}\n", result->str);
  else
    {
      g_string_append (client->out, "{\"ok\":false,\"error\":");
      cs_json_string (client->out, error->message);
      g_string_append (client->out, "}\n");
      g_error_free (error);
    }
  client_flush (client);
}

/* ---- commands of plugins ---- */

static void handle_lines (Client *client);

static void
on_progress (gpointer data, const char *json)
{
  Client *client = data;

  /* Who does not read has no use for more of them. */
  if (client->admin == NULL || client->out->len > LONGEST_LINE)
    return;
  g_string_append_printf (client->out, "{\"progress\":%s}\n", json);
  client_flush (client);
}

static void
on_done (gpointer data, const GString *result, GError *error)
{
  Client *client = data;

  client->command = NULL;
  (*client->n_commands)--;
  client_answer (client, result, error);
  handle_lines (client);
  client_unref (client);
}

static const CsCommandCaller caller = { on_progress, on_done };

static GArray *
find_steps (CsNode *node, const char *name, gboolean each)
{
  GArray *steps = g_array_new (FALSE, FALSE, sizeof (CsCommandStep));
  CsCommandStep step;
  guint index = 0;

  while ((each || steps->len == 0)
         && cs_admin_plugin_command (node, name, &index, &step.instance, &step.command))
    g_array_append_val (steps, step);
  return steps;
}

/* TRUE: the answer comes later. */
static gboolean
start_command (Client *client, const char *name, const char *const *args, GError **error)
{
  gboolean each = strcmp (name, "check") == 0;
  GArray *steps = find_steps (client->admin->node, name, each);
  int fd = client->fd_sent;

  if (steps->len == 0 && !each)
    {
      g_array_unref (steps);
      g_set_error (error, CS_ERROR, CS_NOT_FOUND, "there is no command '%s' on this node; "
                   "`commands` lists them", name);
      return FALSE;
    }
  client->fd_sent = -1;
  client->command = cs_command_start (steps, each, args, fd, &caller, client, error);
  if (client->command == NULL)
    return FALSE;
  client->refs++;
  (*client->n_commands)++;
  return TRUE;
}

/* ---- requests ---- */

static gboolean
parse_request (const char *line, char **command, GPtrArray *args, GError **error)
{
  g_autoptr (JsonNode) root = json_from_string (line, NULL);
  JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root)
                                                                      : NULL;
  const char *name = object != NULL
                       ? json_object_get_string_member_with_default (object, "command", NULL)
                       : NULL;
  JsonNode *list = object != NULL ? json_object_get_member (object, "args") : NULL;
  guint i;

  if (name == NULL || (list != NULL && !JSON_NODE_HOLDS_ARRAY (list)))
    {
      g_set_error_literal (error, CS_ERROR, CS_INVALID,
                           "expected a line {\"command\":\"NAME\",\"args\":[\"…\"]}");
      return FALSE;
    }
  *command = g_strdup (name);
  for (i = 0; list != NULL && i < json_array_get_length (json_node_get_array (list)); i++)
    {
      const char *arg = json_array_get_string_element (json_node_get_array (list), i);

      g_ptr_array_add (args, g_strdup (arg != NULL ? arg : ""));
    }
  g_ptr_array_add (args, NULL);
  return TRUE;
}

static void
handle_line (Client *client, const char *line)
{
  g_autoptr (GPtrArray) args = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *command = NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  GError *error = NULL;
  CsAdminFunc func;

  if (parse_request (line, &command, args, &error))
    {
      const char *const *words = (const char *const *) args->pdata;

      func = cs_admin_command (command);
      if (func != NULL)
        func (client->admin->node, words, out, &error);
      else if (start_command (client, command, words, &error))
        return;
    }
  client_answer (client, out, error);
}

static void
handle_lines (Client *client)
{
  char *newline;

  client->refs++;
  while (client->admin != NULL && client->command == NULL
         && (newline = memchr (client->in->str, '\n', client->in->len)) != NULL)
    {
      g_autofree char *line = g_strndup (client->in->str, (gsize) (newline - client->in->str));

      g_string_erase (client->in, 0, newline + 1 - client->in->str);
      handle_line (client, line);
    }
  client_unref (client);
}

/* The last one is kept. */
static void
take_descriptors (Client *client, const struct cmsghdr *part)
{
  gsize n = (part->cmsg_len - CMSG_LEN (0)) / sizeof (int);

  for (gsize i = 0; i < n; i++)
    {
      if (client->fd_sent >= 0)
        close (client->fd_sent);
      memcpy (&client->fd_sent, CMSG_DATA (part) + i * sizeof (int), sizeof (int));
    }
}

/* One descriptor may come along with a request, for the command to read from or write to. The room for
 * one takes two as well, for its alignment. */
static void
take_descriptor (Client *client, struct msghdr *message)
{
  struct cmsghdr *part;

  for (part = CMSG_FIRSTHDR (message); part != NULL; part = CMSG_NXTHDR (message, part))
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
      take_descriptors (client, part);
}

static gssize
receive (Client *client, gpointer buffer, gsize size)
{
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (sizeof (int))];
  } control;
  struct iovec iov = { buffer, size };
  struct msghdr message = { .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes };
  gssize n = recvmsg (client->fd, &message, MSG_CMSG_CLOEXEC);

  if (n > 0)
    take_descriptor (client, &message);
  return n;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  Client *client = data;
  char buffer[4096];
  gssize n = receive (client, buffer, sizeof buffer);

  if (n < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  if (n <= 0 || client->in->len + (gsize) n > LONGEST_LINE)
    {
      client->reading = 0;
      client_close (client);
      return G_SOURCE_REMOVE;
    }
  g_string_append_len (client->in, buffer, n);
  client->refs++;
  handle_lines (client);
  if (client->admin == NULL)
    {
      client_unref (client);
      return G_SOURCE_REMOVE;
    }
  client_unref (client);
  return G_SOURCE_CONTINUE;
}

/* ---- the socket ---- */

static gboolean
peer_allowed (int fd)
{
  struct ucred peer;
  socklen_t len = sizeof peer;

  return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0
         && (peer.uid == 0 || peer.uid == geteuid ());
}

static gboolean
on_connection (int fd, GIOCondition condition, gpointer data)
{
  CsAdmin *self = data;
  int peer = accept4 (fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  Client *client;

  if (peer < 0)
    return G_SOURCE_CONTINUE;
  if (!peer_allowed (peer) || self->clients->len >= MOST_CLIENTS)
    {
      close (peer);
      return G_SOURCE_CONTINUE;
    }
  client = g_new0 (Client, 1);
  client->admin = self;
  client->refs = 1;
  client->fd = peer;
  client->fd_sent = -1;
  client->n_commands = &self->n_commands;
  client->in = g_string_new (NULL);
  client->out = g_string_new (NULL);
  client->reading = g_unix_fd_add (peer, G_IO_IN | G_IO_HUP, on_readable, client);
  g_ptr_array_add (self->clients, client);
  return G_SOURCE_CONTINUE;
}

static gboolean
fail (GError **error, const char *path, const char *what)
{
  g_set_error (error, CS_ERROR, CS_IO, "%s: %s", path, what);
  return FALSE;
}

static gboolean
make_address (const char *path, struct sockaddr_un *address, GError **error)
{
  address->sun_family = AF_UNIX;
  if (strlen (path) < sizeof address->sun_path)
    {
      memcpy (address->sun_path, path, strlen (path) + 1);
      return TRUE;
    }
  return fail (error, path, "the path is too long for a socket; choose a shorter node.run-dir");
}

/* A socket file may be left from a node that was killed; one that answers is another node's. */
static gboolean
clear_old (const char *path, const struct sockaddr_un *address, GError **error)
{
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean alive = fd >= 0
                   && connect (fd, (const struct sockaddr *) address, sizeof *address) == 0;

  if (fd >= 0)
    close (fd);
  if (alive)
    return fail (error, path, "another node answers there; choose another node.run-dir");
  unlink (path);
  return TRUE;
}

static gboolean
open_socket (CsAdmin *self, GError **error)
{
  struct sockaddr_un address = { 0 };
  mode_t mask;
  gboolean ok;

  if (!make_address (self->path, &address, error) || !clear_old (self->path, &address, error))
    return FALSE;
  self->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  mask = umask (0177);
  ok = self->fd >= 0 && bind (self->fd, (struct sockaddr *) &address, sizeof address) == 0
       && listen (self->fd, MOST_CLIENTS) == 0;
  umask (mask);
  return ok || fail (error, self->path, g_strerror (errno));
}

CsAdmin *
cs_admin_new (CsNode *node)
{
  CsAdmin *self = g_new0 (CsAdmin, 1);
  g_autoptr (GError) error = NULL;

  self->node = node;
  self->fd = -1;
  self->clients = g_ptr_array_new ();
  self->path = g_build_filename (node->plan->node.run_dir, "cloudsyncd.sock", NULL);
  if (cs_run_dir_make (node->plan->node.run_dir, &error) && open_socket (self, &error))
    {
      self->source = g_unix_fd_add (self->fd, G_IO_IN, on_connection, self);
      return self;
    }
  cs_core_log (CS_LOG_WARNING, "no control socket: cloudsyncctl cannot reach this node",
               CS_F_STR ("reason", error->message));
  if (self->fd >= 0)
    close (self->fd);
  g_ptr_array_unref (self->clients);
  g_free (self->path);
  g_free (self);
  return NULL;
}

static gboolean
time_over (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

gboolean
cs_admin_free (CsAdmin *self, gint64 timeout)
{
  gboolean over = FALSE;
  guint timer;

  if (self == NULL)
    return TRUE;
  g_clear_handle_id (&self->source, g_source_remove);
  timer = g_timeout_add ((guint) (timeout / 1000), time_over, &over);
  while (self->n_commands > 0 && !over)
    g_main_context_iteration (NULL, TRUE);
  if (over)
    return FALSE;

  g_source_remove (timer);
  while (self->clients->len > 0)
    client_close (g_ptr_array_index (self->clients, 0));
  close (self->fd);
  unlink (self->path);
  g_ptr_array_unref (self->clients);
  g_free (self->path);
  g_free (self);
  return TRUE;
}
