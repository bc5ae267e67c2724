/* welcome-state.h: the node in a few figures, as JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

/* Node, plugins, and each counter and gauge summed over its labels; to be g_string_free()d. On a worker
 * or the main thread. */
GString *welcome_state (void);

/* Appends a JSON string (RFC 8259 §7); what is not UTF-8 becomes U+FFFD. */
void welcome_json_string (GString *out, const char *text);

G_END_DECLS
