/* hide-secrets.h: takes secrets given by --set out of the process's command line.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_HIDE_SECRETS_H
#define CS_HIDE_SECRETS_H

#include "node/plan.h"

/* Overwrites with `*` the value of each --set whose setting is a secret: everybody on the machine can read
 * /proc/PID/cmdline. `argv` has main's own strings, NULL-terminated. */
void cs_hide_secrets (char *const *argv, const CsPlan *plan);

#endif
