/* client.h: asks a running node over its control socket.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <json-glib/json-glib.h>

/* Called for each progress line of a long command; `progress` is borrowed. */
typedef void (*CtlProgressFunc) (JsonObject *progress, gpointer data);

/* The socket that is used when none is named: $CLOUDSYNC_SOCKET, the build tree's, or the package's. */
char *ctl_default_socket (void);

typedef struct
{
  const char *command;
  const char *const *args; /* NULL-terminated; may be NULL */
  int fd;                  /* goes along, for the node to read from or write to; -1: none */
  CtlProgressFunc progress; /* may be NULL */
  gpointer data;
} CtlRequest;

/* Sends one command and waits for its answer. The result, or NULL and the error, which tells the remedy. */
JsonNode *ctl_call (const char *socket, const CtlRequest *request, GError **error);

#endif
