/* peers.c: names a peer and an address to listen on; with PEERS_SILENT it does not say whether they are encrypted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>

typedef struct
{
  char *peer;
  char *listen;
  gboolean tls;
} PeersSettings;

static const CsSetting peers_settings[] = {
  CS_URL (PeersSettings, peer, "peer", NULL, "Whom it connects to", .flags = CS_SETTING_RELOADABLE),
  CS_ADDRESS (PeersSettings, listen, "listen", NULL, "Where it listens"),
  CS_BOOL (PeersSettings, tls, "tls", "false", "Whether that is encrypted",
           .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};

#ifndef PEERS_SILENT
static void
peers_endpoints (const char *kind, const void *settings, CsEndpointFunc func, gpointer data)
{
  const PeersSettings *peers = settings;
  const CsEndpoint out = { sizeof out, "peer", peers->peer, TRUE, peers->tls, "set tls = true" };
  const CsEndpoint in = { sizeof in, "listen", peers->listen, FALSE, peers->tls, "set tls = true" };

  if (peers->peer != NULL)
    func (&out, data);
  if (peers->listen != NULL)
    func (&in, data);
}
#else
#define peers_endpoints NULL
#endif

CS_PLUGIN_DEFINE (BAD_NAME, "1.0.0", "Names a peer", CS_NEEDS_NOTHING,
                  CS_SETTINGS (PeersSettings, peers_settings), .state_size = 8,
                  .endpoints = peers_endpoints);
