/* drain.c: stops taking work, lets what is in progress end, at most until a deadline.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/drain.h"

#include <cloudsync/log.h>

#include "net/listener.h"
#include "node/sd-notify.h"
#include "plugin/host-api.h"
#include "runtime/log-ring.h"

enum { LOOK_EVERY_MS = 5 };

static void
log_holders (CsNode *node)
{
  guint i;

  for (i = 0; i < node->plugins->instances->len; i++)
    {
      CsInstance *instance = g_ptr_array_index (node->plugins->instances, i);
      gint64 holds = cs_instance_holds (instance);

      if (holds != 0)
        cs_core_log_for (cs_instance_self (instance), CS_LOG_WARNING,
                         "the drain's deadline passed with work in progress",
                         CS_F_INT ("holds", holds));
    }
}

static void
leave (CsNode *node)
{
  g_clear_handle_id (&node->drain_timer, g_source_remove);
  g_main_loop_quit (node->loop);
}

static gboolean
look (gpointer data)
{
  CsNode *node = data;

  if (cs_plugins_holds (node->plugins) != 0)
    {
      if (g_get_monotonic_time () < node->drain_deadline)
        return G_SOURCE_CONTINUE;
      log_holders (node);
    }
  node->drain_timer = 0;
  leave (node);
  return G_SOURCE_REMOVE;
}

void
cs_drain_begin (CsNode *node, gint64 timeout)
{
  if (node->stop_asked)
    {
      node->stop_now = TRUE;
      leave (node);
      return;
    }
  node->stop_asked = TRUE;
  if (cs_host_state () != CS_NODE_RUNNING)
    return; /* told while starting: the start ends first */

  cs_core_log (CS_LOG_NOTICE, "draining", CS_F_INT ("deadline-s", timeout / G_USEC_PER_SEC),
               CS_F_INT ("holds", cs_plugins_holds (node->plugins)));
  cs_sd_notify ("STOPPING=1\nSTATUS=draining");
  cs_host_set_state (CS_NODE_DRAINING);
  node->drain_deadline = g_get_monotonic_time () + timeout;
  cs_listeners_pause (TRUE);
  cs_plugins_drain (node->plugins, node->drain_deadline);
  node->drain_timer = g_timeout_add (LOOK_EVERY_MS, look, node);
}
