/* provider-memory.c: the embedded broker under the suite.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"
#include "suite.h"

static MemoryBroker *self;

static void
start_worker (gpointer data)
{
  g_assert_true (memory_worker_start (self, (guint) cs_worker (), NULL));
}

static void
stop_worker (gpointer data)
{
  memory_worker_stop (self, (guint) cs_worker ());
}

CsBroker *
provider_start (void (*own) (CsBroker *broker))
{
  static const MemorySettings settings = { .max_channels = 100000,
                                           .max_bytes = 64 << 20,
                                           .max_queue = 64 << 20 };
  guint i;

  host_start (N_WORKERS);
  self = cs_harness_instance ("memory", &settings, sizeof (MemoryBroker));
  g_assert_true (memory_create (self, NULL));
  if (own != NULL)
    own (&self->broker);
  for (i = 0; i < N_WORKERS; i++)
    host_on_worker (i, start_worker, NULL);
  return &self->broker;
}

void
provider_stop (void)
{
  g_autofree char *log = NULL;
  guint i;

  for (i = 0; i < N_WORKERS; i++)
    host_on_worker (i, stop_worker, NULL);
  memory_destroy (self);
  log = cs_harness_log ();
  g_assert_cmpstr (log, ==, ""); /* such as subscriptions left behind */
  host_stop ();
}

void
provider_pass (gint64 length)
{
  host_pass (length);
}

/* A worker delivers what it has in several turns. */
void
provider_settle (void)
{
  guint i;

  for (i = 0; i < N_WORKERS; i++)
    while (__atomic_load_n (&self->inboxes[i].bytes, __ATOMIC_SEQ_CST) > 0)
      host_settle ();
  host_settle ();
}
