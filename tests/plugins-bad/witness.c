/* witness.c: logs each call that the host makes, so that a test can read their order.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>

typedef struct
{
  gint unused;
} Witness;

typedef struct
{
  gint64 number;
} WitnessSettings;

static const CsSetting witness_settings[] = {
  CS_INT (WitnessSettings, number, "number", "1", "A number that may change",
          .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};

static void
said (gpointer self, const char *what)
{
  cs_notice (self, what);
}

static gboolean
witness_create (gpointer self, GError **error)
{
  said (self, "create");
  return cs_host_->instance->provide (self, "witness", 1, self, error);
}

static gboolean
witness_start (gpointer self, GError **error)
{
  said (self, "start");
  return TRUE;
}

static gboolean
witness_worker_start (gpointer self, guint worker, GError **error)
{
  said (self, "worker_start");
  return TRUE;
}

static void
witness_worker_stop (gpointer self, guint worker)
{
  said (self, "worker_stop");
}

static gboolean
witness_reload_prepare (gpointer self, const void *settings, gpointer *token, GError **error)
{
  said (self, "reload_prepare");
  return TRUE;
}

static void
witness_reload_commit (gpointer self, gpointer token)
{
  const WitnessSettings *settings = cs_settings (self);

  cs_notice (self, "reload_commit", CS_F_INT ("number", settings->number));
}

static void
witness_reload_abort (gpointer self, gpointer token)
{
  const WitnessSettings *settings = cs_settings (self);

  cs_notice (self, "reload_abort", CS_F_INT ("number", settings->number));
}

static void
witness_drain (gpointer self, gint64 deadline)
{
  said (self, "drain");
}

static void
witness_stop (gpointer self)
{
  said (self, "stop");
}

static void
witness_destroy (gpointer self)
{
  said (self, "destroy");
}

CS_PLUGIN_DEFINE ("witness", "1.0.0", "Logs what it is told", CS_PROVIDES ("witness=1"),
                  CS_SETTINGS (WitnessSettings, witness_settings), CS_STATE (Witness),
                  .create = witness_create, .start = witness_start,
                  .worker_start = witness_worker_start, .worker_stop = witness_worker_stop,
                  .reload_prepare = witness_reload_prepare,
                  .reload_commit = witness_reload_commit, .reload_abort = witness_reload_abort,
                  .drain = witness_drain, .stop = witness_stop, .destroy = witness_destroy);
