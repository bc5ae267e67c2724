/* admin-commands.h: what the control socket answers by itself; plugins add commands of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_ADMIN_COMMANDS_H
#define CS_ADMIN_COMMANDS_H

#include "node/node.h"

/* Appends one JSON value to `out`. Main thread. */
typedef gboolean (*CsAdminFunc) (CsNode *node, const char *const *args, GString *out,
                                 GError **error);

/* NULL when the core has no such command. */
CsAdminFunc cs_admin_command (const char *name);

/* A plugin's command of that name: the instance and its row; FALSE when there is none from `*index` on,
 * which moves past the one that was found. */
gboolean cs_admin_plugin_command (CsNode *node, const char *name, guint *index,
                                  CsInstance **instance, CsNodeCommand *command);

#endif
