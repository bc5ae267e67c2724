/* listener.c: the node's listeners, from the main thread's side; each has a part on every worker.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include <unistd.h>

#include "net/stream-private.h"

static struct
{
  GPtrArray *all;
  gboolean open;
} listeners;

static void
on_parts (guint worker, gpointer data)
{
  CsListener *listener = data;
  ListenerPart *part = &listener->parts[worker];

  if (listener->opened && !listener->paused)
    cs_listener_part_start (part);
  else
    cs_listener_part_stop (part);
}

static void
apply (CsListener *listener)
{
  cs_runtime_on_each_worker (on_parts, listener);
}

/* Connections outlive their listener's sockets: the struct stays until the workers are gone. */
static void
close_sockets (CsListener *listener)
{
  if (listener->opened)
    {
      listener->opened = FALSE;
      apply (listener);
    }
  for (guint i = 0; i < listener->n_parts; i++)
    {
      if (listener->parts[i].fd >= 0 && (i == 0 || !listener->shared))
        close (listener->parts[i].fd);
      listener->parts[i].fd = -1;
      g_clear_pointer (&listener->parts[i].tls, cs_tls_release);
    }
  if (listener->unlink_path != NULL)
    unlink (listener->unlink_path);
  g_clear_pointer (&listener->unlink_path, g_free);
}

static void
listener_free (CsListener *listener)
{
  g_free (listener->parts);
  g_free (listener->text);
  g_free (listener);
}

static CsListener *
listener_alloc (gpointer self, const CsListenOptions *options, CsAddressKind kind)
{
  CsListener *listener = g_new0 (CsListener, 1);

  listener->self = self;
  listener->kind = kind;
  listener->text = g_strdup (options->address);
  listener->shared = kind != CS_ADDRESS_INET;
  listener->accept = options->accept;
  listener->data = options->data;
  listener->n_parts = cs_n_workers_;
  listener->parts = g_new0 (ListenerPart, listener->n_parts);
  for (guint i = 0; i < listener->n_parts; i++)
    {
      listener->parts[i].listener = listener;
      listener->parts[i].worker = cs_workers_[i];
      listener->parts[i].fd = -1;
      listener->parts[i].tls = options->tls != NULL ? cs_tls_ref (options->tls) : NULL;
    }
  return listener;
}

CsListener *
cs_listener_new (gpointer self, const CsListenOptions *options, GError **error)
{
  CsAddress address;
  CsListener *listener;
  g_autofree int *fds = g_new (int, cs_n_workers_);
  gboolean bound;

  if (!cs_address_parse (options->address, &address, error))
    return NULL;
  for (guint i = 0; i < cs_n_workers_; i++)
    fds[i] = -1;
  listener = listener_alloc (self, options, address.kind);
  bound = cs_listener_bind (listener, &address, options->backlog, fds, cs_n_workers_, error);
  for (guint i = 0; i < listener->n_parts; i++)
    listener->parts[i].fd = fds[listener->shared ? 0 : i];
  if (!bound)
    {
      close_sockets (listener);
      listener_free (listener);
      return NULL;
    }
  if (listeners.all == NULL)
    listeners.all = g_ptr_array_new ();
  g_ptr_array_add (listeners.all, listener);
  listener->opened = listeners.open;
  if (listener->opened)
    apply (listener);
  return listener;
}

void
cs_listeners_open (void)
{
  listeners.open = TRUE;
  for (guint i = 0; listeners.all != NULL && i < listeners.all->len; i++)
    {
      CsListener *listener = g_ptr_array_index (listeners.all, i);

      listener->opened = TRUE;
      apply (listener);
    }
}

void
cs_listener_set_paused (CsListener *listener, gboolean paused)
{
  listener->paused = paused;
  apply (listener);
}

void
cs_listeners_pause (gboolean paused)
{
  for (guint i = 0; listeners.all != NULL && i < listeners.all->len; i++)
    cs_listener_set_paused (g_ptr_array_index (listeners.all, i), paused);
}

void
cs_listeners_close (gpointer self)
{
  for (guint i = 0; listeners.all != NULL && i < listeners.all->len; i++)
    {
      CsListener *listener = g_ptr_array_index (listeners.all, i);

      if (self == NULL || listener->self == self)
        close_sockets (listener);
    }
}

/* After the last worker has ended. */
void
cs_listeners_forget (void)
{
  for (guint i = 0; listeners.all != NULL && i < listeners.all->len; i++)
    listener_free (g_ptr_array_index (listeners.all, i));
  g_clear_pointer (&listeners.all, g_ptr_array_unref);
  listeners.open = FALSE;
}

void
cs_listeners_visit (CsListenerFunc func, gpointer data)
{
  for (guint i = 0; listeners.all != NULL && i < listeners.all->len; i++)
    {
      CsListener *listener = g_ptr_array_index (listeners.all, i);

      if (listener->n_parts > 0 && listener->parts[0].fd >= 0)
        func (listener->text, cs_owner (listener->self)->name, data);
    }
}

typedef struct
{
  CsListener *listener;
  CsTls *tls;
} TlsChange;

static void
change_tls (guint worker, gpointer data)
{
  TlsChange *change = data;
  ListenerPart *part = &change->listener->parts[worker];

  g_clear_pointer (&part->tls, cs_tls_release);
  part->tls = change->tls != NULL ? cs_tls_ref (change->tls) : NULL;
}

void
cs_listener_use_tls (CsListener *listener, CsTls *tls)
{
  TlsChange change = { listener, tls };

  cs_runtime_on_each_worker (change_tls, &change);
}

const char *
cs_listener_text (CsListener *listener)
{
  return listener->text;
}
