/* listener.h: bound sockets: probe, SO_REUSEPORT a worker, systemd activation, UNIX sockets.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_LISTENER_H
#define CS_LISTENER_H

#include <cloudsync/stream.h>

G_BEGIN_DECLS

/* Between cs_runtime_start () and cs_runtime_stop (), main thread. Open: workers begin to accept
 * from the listeners bound so far and from those bound later. */
void cs_listeners_open (void);

/* Stops or goes on accepting on all; the sockets stay open. */
void cs_listeners_pause (gboolean paused);

/* Closes every listener of one owner, or all (self == NULL); after worker_stop () or in
 * the undoing of a failed start. UNIX socket files that we made are removed. */
void cs_listeners_close (gpointer self);

/* Calls func (address, owner's name, data) for each; for status pages. */
typedef void (*CsListenerFunc) (const char *address, const char *owner, gpointer data);
void cs_listeners_visit (CsListenerFunc func, gpointer data);

/* Does an address stay on this machine: a loopback address, a UNIX socket, or a socket of one that was passed
 * to us? A host's name other than localhost does not, nor what cannot be read. No name is looked up. */
gboolean cs_address_text_is_local (const char *text);

CsListener *cs_listener_new (gpointer self, const CsListenOptions *options, GError **error);

G_END_DECLS

#endif
