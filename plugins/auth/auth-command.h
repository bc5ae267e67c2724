/* auth-command.h: `cloudsyncctl hash` and `cloudsyncctl key`.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

void auth_command_add (gpointer self);

G_END_DECLS
