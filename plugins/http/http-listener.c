/* http-listener.c: the addresses that are listened on, their certificates and limits, and reload.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <string.h>

#define HANDSHAKE_TIMEOUT CS_SECONDS (10)
#define OLD_LIMITS_MAX 64 /* reloads whose limits are kept; a worker reads them for a moment only */

/* What a reload has ready for one listener. */
typedef struct
{
  CsTls *tls;
  HttpLimits *limits;
} HttpChange;

static CsTls *
tls_new (char *const *certificates, char *const *keys, GError **error)
{
  static const char *const alpn[] = { "http/1.1", NULL };
  guint n = g_strv_length ((char **) certificates);
  g_autofree CsTlsPair *pairs = g_new0 (CsTlsPair, n);
  CsTlsOptions options = { .size = sizeof options,
                           .pairs = pairs,
                           .n_pairs = n,
                           .alpn = alpn,
                           .handshake_timeout = HANDSHAKE_TIMEOUT };

  for (guint i = 0; i < n; i++)
    pairs[i] = (CsTlsPair){ certificates[i], keys[i] };
  return cs_tls_new (&options, error);
}

/* Own limits where they are set, else those of [http]. */
static HttpLimits *
limits_new (const HttpLimits *own, const HttpLimits *common)
{
  HttpLimits *limits = g_memdup2 (common, sizeof *common);
  gint64 *to = (gint64 *) limits;

  if (own != NULL)
    for (gsize i = 0; i < sizeof *own / sizeof (gint64); i++)
      if (((const gint64 *) own)[i] != 0)
        to[i] = ((const gint64 *) own)[i];
  return limits;
}

static const HttpListenerSettings *
section_of (HttpPlugin *self, const char *name)
{
  guint n;
  const CsSection *sections = cs_sections (self, "listener", &n);

  for (guint i = 0; i < n && name != NULL; i++)
    if (strcmp (sections[i].name, name) == 0)
      return sections[i].settings;
  return NULL;
}

/* TRUE with change->tls NULL: plaintext. */
static gboolean
make_change (const HttpSettings *settings, const HttpListenerSettings *section,
             HttpChange *change, GError **error)
{
  char *const *certificates = section != NULL ? section->certificate : settings->certificate;
  char *const *keys = section != NULL ? section->key : settings->key;

  *change = (HttpChange){ NULL, NULL };
  if (certificates != NULL && certificates[0] != NULL)
    {
      change->tls = tls_new (certificates, keys, error);
      if (change->tls == NULL)
        return FALSE;
    }
  change->limits = limits_new (section != NULL ? &section->limits : NULL, &settings->limits);
  return TRUE;
}

static gboolean
is_loopback (const char *address)
{
  return g_str_has_prefix (address, "127.") || g_str_has_prefix (address, "[::1]")
         || g_str_has_prefix (address, "localhost:") || g_str_has_prefix (address, "unix:");
}

static gboolean
add_listener (HttpPlugin *self, const char *name, const char *address,
              const HttpListenerSettings *section, GError **error)
{
  HttpListener *listener = g_new0 (HttpListener, 1);
  CsListenOptions options = { .size = sizeof options, .address = address };
  HttpChange change;

  g_ptr_array_add (self->listeners, listener);
  listener->plugin = self;
  listener->index = self->listeners->len - 1;
  listener->name = g_strdup (name);
  listener->address = g_strdup (address);
  listener->loopback = is_loopback (address);
  listener->old_limits = g_ptr_array_new_with_free_func (g_free);
  if (!make_change (self->settings, section, &change, error))
    return FALSE;
  listener->limits = change.limits;
  listener->tls = change.tls;
  options.tls = change.tls;
  options.accept = http_connection_accept;
  options.data = listener;
  listener->listener = cs_listen (self, &options, error);
  return listener->listener != NULL;
}

static char *
url_of (const HttpListener *listener)
{
  const char *address = cs_listener_address (listener->listener);

  if (g_str_has_prefix (address, "unix:"))
    return g_strdup (address);
  return g_strconcat (listener->tls != NULL ? "https://" : "http://", address, NULL);
}

static void
listener_free (gpointer data)
{
  HttpListener *listener = data;

  g_free (listener->name);
  g_free (listener->address);
  g_free ((HttpLimits *) listener->limits);
  g_ptr_array_unref (listener->old_limits);
  if (listener->tls != NULL)
    cs_tls_unref (listener->tls);
  g_free (listener);
}

static gboolean
add_all (HttpPlugin *self, GError **error)
{
  guint n;
  const CsSection *sections = cs_sections (self, "listener", &n);

  for (guint i = 0; self->settings->listen != NULL && self->settings->listen[i] != NULL; i++)
    if (!add_listener (self, NULL, self->settings->listen[i], NULL, error))
      return FALSE;
  for (guint i = 0; i < n; i++)
    {
      const HttpListenerSettings *section = sections[i].settings;

      if (!add_listener (self, sections[i].name, section->address, section, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
http_listeners_start (HttpPlugin *self, GError **error)
{
  self->listeners = g_ptr_array_new_with_free_func (listener_free);
  if (!add_all (self, error) || !http_open_allowed (self, error))
    return FALSE;
  self->addresses = g_new0 (char *, self->listeners->len + 1);
  for (guint i = 0; i < self->listeners->len; i++)
    {
      const HttpListener *listener = g_ptr_array_index (self->listeners, i);

      self->addresses[i] = url_of (listener);
      cs_notice (self, "listening", CS_F_STR ("address", self->addresses[i]));
    }
  return TRUE;
}

void
http_listeners_pause (HttpPlugin *self)
{
  for (guint i = 0; i < self->listeners->len; i++)
    cs_listener_pause (((HttpListener *) g_ptr_array_index (self->listeners, i))->listener, TRUE);
}

void
http_listeners_free (HttpPlugin *self)
{
  g_clear_pointer (&self->listeners, g_ptr_array_unref);
  g_clear_pointer (&self->addresses, g_strfreev);
}

/* ---- reload ---- */

/* Reads certificates again and works out new limits. Sections keep what they had at start. */
gboolean
http_listeners_prepare (HttpPlugin *self, const HttpSettings *settings, gpointer *token,
                        GError **error)
{
  HttpChange *changes = g_new0 (HttpChange, self->listeners->len);

  for (guint i = 0; i < self->listeners->len; i++)
    {
      const HttpListener *listener = g_ptr_array_index (self->listeners, i);

      if (make_change (settings, section_of (self, listener->name), &changes[i], error)
          && (changes[i].tls != NULL) == (listener->tls != NULL))
        continue;
      if (error != NULL && *error == NULL)
        g_set_error (error, CS_ERROR, CS_INVALID,
                     "%s changes between plaintext and TLS, which needs a restart",
                     listener->address);
      http_listeners_abort (self, changes);
      return FALSE;
    }
  *token = changes;
  return TRUE;
}

void
http_listeners_abort (HttpPlugin *self, gpointer token)
{
  HttpChange *changes = token;

  for (guint i = 0; i < self->listeners->len; i++)
    {
      if (changes[i].tls != NULL)
        cs_tls_unref (changes[i].tls);
      g_free (changes[i].limits);
    }
  g_free (changes);
}

void
http_listeners_commit (HttpPlugin *self, gpointer token)
{
  HttpChange *changes = token;

  for (guint i = 0; i < self->listeners->len; i++)
    {
      HttpListener *listener = g_ptr_array_index (self->listeners, i);

      g_ptr_array_add (listener->old_limits, (HttpLimits *) listener->limits);
      if (listener->old_limits->len > OLD_LIMITS_MAX)
        g_ptr_array_remove_index (listener->old_limits, 0);
      g_atomic_pointer_set (&listener->limits, changes[i].limits);
      if (changes[i].tls == NULL)
        continue;
      cs_listener_set_tls (listener->listener, changes[i].tls);
      cs_tls_unref (listener->tls);
      listener->tls = changes[i].tls;
    }
  g_free (changes);
}
