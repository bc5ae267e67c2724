/* host-api.h: the table that plugins get, and the little the node tells it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_HOST_API_H
#define CS_HOST_API_H

#include "plugin/plugins.h"

/* One node lives in a process. `info` is copied, its strings stay the caller's for ever. Before the first
 * create (). */
void cs_host_open (CsPlugins *plugins, const CsNodeInfo *info);

/* Sets each plugin's cs_host_. */
void cs_host_give (const CsPlugin *plugin);

/* Any thread may ask cs_host_state (); the main thread sets it. */
void cs_host_set_state (CsNodeState state);
CsNodeState cs_host_state (void);

/* Running, and every plugin healthy; else *reason is static or long-lived. Any thread. */
gboolean cs_host_ready (const char **reason);

#endif
