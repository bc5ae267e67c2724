/* fails.c: fails at the step that its setting names, or leaves something behind.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>

typedef struct
{
  CsTimer timer;
} Fails;

enum
{
  NEVER,
  CHECK,
  CREATE,
  START,
  WORKER_START,
  RELOAD,
  PENDING,
  SILENT,
  OFFER,
  HOLD,
  TIMER,
  FIBER,
  HEALTH,
  SPIN,
  CRASH
};

static const char *const steps[] = { "never",  "check",  "create",  "start",  "worker-start",
                                     "reload", "pending", "silent", "offer", "hold",
                                     "timer",  "fiber",   "health", "spin",
                                     "crash",  NULL };

typedef struct
{
  gint at;
} FailsSettings;

static const CsSetting fails_settings[] = {
  CS_ENUM (FailsSettings, at, "at", "never", "Where to fail", .values = steps,
           .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};

static gboolean
fails_at (gpointer self, gint step, GError **error)
{
  const FailsSettings *settings = cs_settings (self);

  if (settings->at != step)
    return FALSE;
  g_set_error (error, CS_ERROR, CS_FAILED, "told to fail at %s", steps[step]);
  return TRUE;
}

static gboolean
fails_check (const char *kind, const void *settings, GError **error)
{
  if (((const FailsSettings *) settings)->at != CHECK)
    return TRUE;
  g_set_error_literal (error, CS_ERROR, CS_INVALID, "at: told to fail at check");
  return FALSE;
}

static gboolean
fails_create (gpointer self, GError **error)
{
  const FailsSettings *settings = cs_settings (self);

  if (settings->at == OFFER)
    return cs_host_->instance->provide (self, "surprise", 1, self, error);
  return !fails_at (self, CREATE, error);
}

static gboolean
fails_start (gpointer self, GError **error)
{
  const FailsSettings *settings = cs_settings (self);

  if (settings->at == PENDING)
    cs_start_pending (self);
  return settings->at != SILENT && !fails_at (self, START, error);
}

static void
nothing (CsTimer *timer, gpointer data)
{
}

/* A bug that blocks a worker, and one that ends the process. */
static void
misbehave (CsTimer *timer, gpointer self)
{
  const FailsSettings *settings = cs_settings (self);
  gint64 end = g_get_monotonic_time () + CS_MS (200);
  volatile gint *volatile nowhere = NULL;

  if (settings->at == CRASH)
    *nowhere = 1;
  while (g_get_monotonic_time () < end)
    ;
}

static void
never_ends (gpointer data)
{
  CsWait wait;

  while (TRUE)
    {
      cs_wait_init (&wait);
      cs_wait (&wait, CS_NEVER);
      if (cs_wait (&wait, CS_NEVER) == CS_CANCELLED)
        return;
    }
}

static gboolean
fails_worker_start (gpointer self, guint worker, GError **error)
{
  const FailsSettings *settings = cs_settings (self);
  Fails *fails = self;

  if (worker == 0 && settings->at == HOLD)
    cs_hold (self);
  if (worker == 0 && settings->at == TIMER)
    cs_timer_start (self, &fails->timer, cs_now () + CS_SECONDS (3600), nothing, NULL);
  if (worker == 0 && (settings->at == SPIN || settings->at == CRASH))
    cs_timer_start (self, &fails->timer, cs_now () + CS_MS (100), misbehave, self);
  if (worker == 0 && settings->at == FIBER)
    cs_fiber_start (self, never_ends, self, CS_NEVER);
  return worker != 0 || !fails_at (self, WORKER_START, error);
}

static gboolean
fails_reload (gpointer self, const void *settings, gpointer *token, GError **error)
{
  if (((const FailsSettings *) settings)->at != RELOAD)
    return TRUE;
  g_set_error_literal (error, CS_ERROR, CS_FAILED, "told to fail at reload");
  return FALSE;
}

static void
fails_stop (gpointer self)
{
  cs_notice (self, "stop of fails");
}

static void
fails_destroy (gpointer self)
{
  cs_notice (self, "destroy of fails");
}

static gboolean
fails_health (gpointer self, const char **reason)
{
  const FailsSettings *settings = cs_settings (self);

  *reason = "told to be ill";
  return settings->at != HEALTH;
}

CS_PLUGIN_DEFINE ("fails", "1.0.0", "Fails where it is told to", CS_REQUIRES ("witness>=1"),
                  CS_SETTINGS (FailsSettings, fails_settings), CS_STATE (Fails),
                  .settings_check = fails_check, .create = fails_create, .start = fails_start,
                  .worker_start = fails_worker_start, .reload_prepare = fails_reload,
                  .stop = fails_stop, .destroy = fails_destroy, .health = fails_health);
