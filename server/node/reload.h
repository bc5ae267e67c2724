/* reload.h: new settings for a running node: all of them or none.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_RELOAD_H
#define CS_RELOAD_H

#include "node/node.h"

/* Reads the configuration again, prepares every plugin, commits. `changed` (may be NULL) gets the keys that
 * differ as a JSON array's elements. FALSE: nothing has changed, one line an error. Main thread. */
gboolean cs_reload (CsNode *node, GString *changed, GError **error);

#endif
