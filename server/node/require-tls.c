/* require-tls.c: nothing leaves the machine in plaintext.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/require-tls.h"

#include <string.h>

#include "net/listener.h"

typedef struct
{
  const CsConfig *config;
  CsReport *report;
} Check;

static const char *
place_of (const Check *check, const char *section, const char *key)
{
  const CsConfigSection *found = cs_config_section (check->config, section);
  const CsConfigEntry *entry = cs_config_entry (found, key);

  if (entry != NULL)
    return entry->source;
  return found != NULL ? found->source : "default";
}

/* A URL without a host is of this machine: unix:/path, postgresql:///db. */
static gboolean
url_is_local (const char *text)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NON_DNS | G_URI_FLAGS_HAS_PASSWORD, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;
  g_autofree char *address = NULL;

  if (uri == NULL)
    return FALSE;
  if (host == NULL || *host == '\0')
    return TRUE;
  address = g_strdup_printf (strchr (host, ':') != NULL ? "[%s]:0" : "%s:0", host);
  return cs_address_text_is_local (address);
}

static gboolean
is_local (const char *text)
{
  return strstr (text, "://") != NULL ? url_is_local (text) : cs_address_text_is_local (text);
}

/* Credentials in a URL are nobody's to read in a log. */
static char *
shown (const char *text)
{
  const char *scheme = strstr (text, "://");
  const char *end = scheme != NULL ? scheme + 3 + strcspn (scheme + 3, "/?#") : NULL;
  const char *at = scheme != NULL ? g_strrstr_len (scheme + 3, end - scheme - 3, "@") : NULL;

  if (at == NULL)
    return g_strdup (text);
  return g_strdup_printf ("%.*s***%s", (int) (scheme + 3 - text), text, at);
}

static void
check_endpoint (const char *section, const CsEndpoint *endpoint, gpointer data)
{
  Check *check = data;
  g_autofree char *address = NULL;

  if (endpoint->encrypted || is_local (endpoint->address))
    return;
  address = shown (endpoint->address);
  cs_report_error (check->report,
                   "%s: [%s] %s: %s is %s in plaintext, which node.require-tls forbids; %s, or use a "
                   "loopback address or a UNIX socket", place_of (check, section, endpoint->key),
                   section, endpoint->key, address, endpoint->outbound ? "reached" : "served",
                   endpoint->remedy);
}

void
cs_require_tls_check (const char *plugin, const CsSettingsSet *settings, const CsConfig *config,
                      CsReport *report)
{
  Check check = { config, report };
  g_autofree char *section = NULL;
  const char *key;

  if (settings == NULL)
    return;
  cs_settings_set_endpoints (settings, check_endpoint, &check);
  if (cs_settings_set_untold (settings, &section, &key))
    cs_report_error (report,
                     "%s: [%s] %s: plugin '%s' does not tell whether it is encrypted, and "
                     "node.require-tls is on; remove the key, run a version of the plugin that does, or "
                     "set node.require-tls = false", place_of (&check, section, key), section, key,
                     plugin);
}
