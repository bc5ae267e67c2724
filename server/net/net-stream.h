/* net-stream.h: byte streams of a worker: edge-triggered sockets, an output queue, TLS on top.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_NET_STREAM_H
#define CS_NET_STREAM_H

#include <cloudsync/stream.h>

G_BEGIN_DECLS

extern const CsStreamTable cs_stream_table_;

/* Registers the room's hooks with the runtime and its stats. Main thread, after cs_runtime_start
 * (). */
void cs_net_start (void);

/* Open streams of the node, any thread. */
gint64 cs_net_n_streams (void);

G_END_DECLS

#endif
