/* harness-private.h: the tables that the harness's files fill.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_HARNESS_PRIVATE_H
#define CS_HARNESS_PRIVATE_H

#include "harness.h"

extern const CsLoopTable harness_loop_table;
extern const CsStatsTable harness_stats_table;

void harness_loop_start (guint n_workers);
void harness_loop_stop (void);
void harness_stats_clear (void);

#endif
