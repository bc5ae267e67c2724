/* drain.h: stops taking work, lets what is in progress end, at most until a deadline.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_DRAIN_H
#define CS_DRAIN_H

#include "node/node.h"

/* Leaves the main loop when no hold is left or `timeout` microseconds have passed. A second call makes
 * it leave at once. Main thread. */
void cs_drain_begin (CsNode *node, gint64 timeout);

#endif
