/* owner.c: the owner that stands for the core itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/owner.h"

#include <cloudsync/log.h>

CsOwner cs_core_owner = { .name = "core", .log_level = CS_LOG_INFO };
