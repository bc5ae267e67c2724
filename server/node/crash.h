/* crash.h: what a crash leaves behind: plugins with build ids, what each thread did, a backtrace.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_CRASH_H
#define CS_CRASH_H

#include "plugin/plugins.h"

/* Handles SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT: a report goes to stderr and to
 * DATA-DIR/crash-PID.txt, then the signal's own action follows. Left to the sanitizers in their builds. */
void cs_crash_install (void);

/* Names the plugins for the report; copied. Main thread. */
void cs_crash_set_plugins (const CsPlugins *plugins, const char *data_dir);

#endif
