/* thread.h: what every thread of the core does first.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_THREAD_H
#define CS_THREAD_H

#include <glib.h>

G_BEGIN_DECLS

/* Blocks every asynchronous signal on the calling thread: they are the main thread's. */
void cs_thread_block_signals (void);

G_END_DECLS

#endif
