/* memory.h: the embedded broker: publish and subscribe between the workers of one node.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "memory-inbox.h"

G_BEGIN_DECLS

/* The instance's state. */
typedef struct
{
  CsBroker broker;
  guint n_workers;
  guint n_words;       /* of 64 workers, in a row of `interest` */
  guint64 *interest;   /* by channel hash: the workers that may have subscribers */
  MemoryInbox *inboxes; /* by worker */
  CsStat published;
  CsStat delivered;
  CsStat merged;
  CsStat subscriptions;
} MemoryBroker;

gboolean memory_create (gpointer self, GError **error);
gboolean memory_worker_start (gpointer self, guint worker, GError **error);
void memory_worker_stop (gpointer self, guint worker);
void memory_destroy (gpointer self);

G_END_DECLS
