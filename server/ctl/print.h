/* print.h: shows a node's answers to people.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_PRINT_H
#define CTL_PRINT_H

#include <json-glib/json-glib.h>

/* Each writes to standard output; the node is the result of the command of that name. */
void ctl_print_json (JsonNode *result);
/* The same to standard error, of a command whose standard output is its data. */
void ctl_print_json_aside (JsonNode *result);
/* A progress line, to standard error. */
void ctl_print_progress_json (JsonObject *progress);
void ctl_print_status (JsonNode *result);
void ctl_print_plugins (JsonNode *result);
void ctl_print_config (JsonNode *result);
void ctl_print_reload (JsonNode *result);
void ctl_print_drain (JsonNode *result);
void ctl_print_check (JsonNode *result);
void ctl_print_backup (JsonNode *result);
void ctl_print_restore (JsonNode *result);
void ctl_print_user (JsonNode *result);
void ctl_print_key (JsonNode *result);
void ctl_print_export (JsonNode *result); /* to standard error */
void ctl_print_import (JsonNode *result);

/* `before` is the answer of `seconds` ago, or NULL: counters then show their rate too. */
void ctl_print_stats (JsonNode *result, JsonNode *before, double seconds);

#endif
