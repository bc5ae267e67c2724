/* admin.h: the control socket: a UNIX socket of JSON lines, for cloudsyncctl.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_ADMIN_H
#define CS_ADMIN_H

#include "node/node.h"

typedef struct _CsAdmin CsAdmin;

/* Listens on RUN-DIR/cloudsyncd.sock (0600; root and the node's own user only). A socket that cannot be
 * made is logged and answered NULL: the node serves without it. Main thread. */
CsAdmin *cs_admin_new (CsNode *node);

/* Closes the socket and waits, `timeout` microseconds at most, for plugins' commands that still run. FALSE:
 * one does; nothing was freed. `self` may be NULL. */
gboolean cs_admin_free (CsAdmin *self, gint64 timeout);

#endif
