/* graph.c: a plugin that does nothing but need and offer what GRAPH_… says.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>

static gboolean
graph_create (gpointer self, GError **error)
{
#ifdef GRAPH_OFFERS
  return cs_host_->instance->provide (self, GRAPH_OFFERS, 1, self, error);
#else
  return TRUE;
#endif
}

CS_PLUGIN_DEFINE (GRAPH_NAME, "1.0.0", "Needs and offers", GRAPH_CONTRACTS, .state_size = 8,
                  .create = graph_create);
