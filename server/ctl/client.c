/* client.c: asks a running node over its control socket.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ctl/client.h"
#include "config/tree.h"

#include <gio/gio.h>
#include <gio/gunixfdmessage.h>
#include <gio/gunixsocketaddress.h>

#define PACKAGE_SOCKET "/run/cloudsync/cloudsyncd.sock"

char *
ctl_default_socket (void)
{
  const char *chosen = g_getenv ("CLOUDSYNC_SOCKET");
  const CsTree *tree = cs_tree_find ();

  if (chosen != NULL && *chosen != '\0')
    return g_strdup (chosen);
  if (tree != NULL)
    return g_build_filename (tree->source_root, "var", "run", "cloudsyncd.sock", NULL);
  return g_strdup (PACKAGE_SOCKET);
}

static GSocketConnection *
connect_to (const char *path, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) cause = NULL;
  GSocketConnection *connection;

  address = g_unix_socket_address_new (path);
  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &cause);
  if (connection != NULL)
    return connection;

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    g_set_error (error, cause->domain, cause->code,
                 "%s may be used by the node's own user and root only: try `sudo cloudsyncctl`",
                 path);
  else
    g_set_error (error, cause->domain, cause->code,
                 "no node answers at %s (%s): start it, or name its socket with --socket", path,
                 cause->message);
  return NULL;
}

static char *
request_line (const char *command, const char *const *args)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "command");
  json_builder_add_string_value (builder, command);
  json_builder_set_member_name (builder, "args");
  json_builder_begin_array (builder);
  for (gsize i = 0; args != NULL && args[i] != NULL; i++)
    json_builder_add_string_value (builder, args[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  return g_strconcat (text, "\n", NULL);
}

/* TRUE: *result is the answer, or NULL with the error. FALSE: it was a progress line. */
static gboolean
take_line (const char *line, const CtlRequest *request, JsonNode **result, GError **error)
{
  g_autoptr (JsonNode) root = json_from_string (line, error);
  JsonObject *object;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      if (root != NULL)
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                             "the node's answer is not a JSON object");
      return TRUE;
    }
  object = json_node_get_object (root);
  if (json_object_has_member (object, "progress"))
    {
      if (request->progress != NULL)
        request->progress (json_object_get_object_member (object, "progress"), request->data);
      return FALSE;
    }
  if (json_object_get_boolean_member_with_default (object, "ok", FALSE))
    *result = json_object_has_member (object, "result") ? json_object_dup_member (object, "result")
                                                        : json_node_new (JSON_NODE_NULL);
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                         json_object_get_string_member_with_default (object, "error",
                                                                     "the node gave no reason"));
  return TRUE;
}

static JsonNode *
read_answer (GInputStream *stream, const CtlRequest *request, GError **error)
{
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (stream);
  JsonNode *result = NULL;

  for (;;)
    {
      g_autofree char *line = g_data_input_stream_read_line (lines, NULL, NULL, error);

      if (line == NULL)
        {
          if (error == NULL || *error == NULL)
            g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                                 "the node ended before it answered");
          return NULL;
        }
      if (take_line (line, request, &result, error))
        return result;
    }
}

/* The descriptor goes along with the first bytes. */
static gboolean
send_request (GSocketConnection *connection, const char *line, int fd, GError **error)
{
  GSocket *socket = g_socket_connection_get_socket (connection);
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  GOutputVector vector = { line, strlen (line) };
  g_autoptr (GSocketControlMessage) message = NULL;
  gssize n = 0;

  if (fd >= 0)
    {
      message = g_unix_fd_message_new ();
      if (!g_unix_fd_message_append_fd (G_UNIX_FD_MESSAGE (message), fd, error))
        return FALSE;
      n = g_socket_send_message (socket, NULL, &vector, 1, &message, 1, 0, NULL, error);
      if (n < 0)
        return FALSE;
    }
  return g_output_stream_write_all (out, line + n, strlen (line) - (gsize) n, NULL, NULL, error);
}

JsonNode *
ctl_call (const char *socket, const CtlRequest *request, GError **error)
{
  g_autoptr (GSocketConnection) connection = connect_to (socket, error);
  g_autofree char *line = NULL;

  if (connection == NULL)
    return NULL;
  line = request_line (request->command, request->args);
  if (!send_request (connection, line, request->fd, error))
    return NULL;
  return read_answer (g_io_stream_get_input_stream (G_IO_STREAM (connection)), request, error);
}
