/* listener-private.h: a listener's insides.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_LISTENER_PRIVATE_H
#define CS_LISTENER_PRIVATE_H

#include "net/address.h"
#include "net/listener.h"
#include "runtime/worker-private.h"

G_BEGIN_DECLS

/* A listener's part on one worker; used on it only. */
typedef struct
{
  CsPollSource source;
  CsListener *listener;
  CsWorker *worker;
  int fd;
  gboolean polled;
  CsTls *tls; /* for new handshakes */
  CsTimer retry;
  gint64 told; /* when a failure to accept was last logged */
} ListenerPart;

struct _CsListener
{
  gpointer self;
  CsAddressKind kind;
  char *text; /* as bound */
  char *unlink_path;
  gboolean shared; /* one descriptor for all workers */
  gboolean any;    /* bound to a wildcard */
  gboolean loopback;
  gboolean opened;
  gboolean paused;
  CsAcceptFunc accept;
  gpointer data;
  guint n_parts;
  ListenerPart *parts;
};

/* After the last worker has ended. */
void cs_listeners_forget (void);

void cs_listener_use_tls (CsListener *listener, CsTls *tls);
void cs_listener_set_paused (CsListener *listener, gboolean paused);
const char *cs_listener_text (CsListener *listener);

/* accept.c, on the worker. */
void cs_listener_part_start (ListenerPart *part);
void cs_listener_part_stop (ListenerPart *part);

/* bind.c: descriptors for `n` workers, one for all when the kind is shared. */
gboolean cs_listener_bind (CsListener *listener, const CsAddress *address, gint backlog, int *fds,
                           guint n, GError **error);

/* systemd.c: the descriptor that was passed under a name, or -1. */
int cs_systemd_descriptor (const char *name, GError **error);

G_END_DECLS

#endif
