/* main-loop.c: tasks and timers of the main thread, served by one source of its GMainContext.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/worker-private.h"

typedef struct
{
  GSource source;
} MainSource;

static struct
{
  GThread *thread;
  GSource *source;
  CsMailbox mailbox;
  CsWheel wheel;
  gboolean started;
} main_;

gboolean
cs_main_is_current (void)
{
  return main_.thread == g_thread_self ();
}

CsWheel *
cs_main_wheel (void)
{
  return &main_.wheel;
}

/* Asks GLib to come back when the first timer is due. */
void
cs_main_rearm (void)
{
  gint64 next = cs_wheel_next (&main_.wheel);

  g_source_set_ready_time (main_.source, next == CS_NEVER ? -1 : next);
}

/* A task that came before is looked for each time; a later one wakes the context. */
void
cs_main_post (CsTask *task)
{
  cs_mailbox_push (&main_.mailbox, task);
  g_main_context_wakeup (NULL);
}

guint
cs_main_run_tasks (void)
{
  CsTask *task = cs_mailbox_take (&main_.mailbox);
  guint n = 0;

  while (task != NULL)
    {
      CsTask *next = task->next_;

      task->run (task);
      task = next;
      n++;
    }
  return n;
}

static gboolean
prepare (GSource *source, gint *timeout)
{
  *timeout = -1;
  return !cs_mailbox_is_empty (&main_.mailbox);
}

static gboolean
check (GSource *source)
{
  return !cs_mailbox_is_empty (&main_.mailbox);
}

static gboolean
dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  cs_main_run_tasks ();
  cs_wheel_advance (&main_.wheel, g_get_monotonic_time ());
  cs_main_rearm ();
  return G_SOURCE_CONTINUE;
}

void
cs_main_start (void)
{
  static GSourceFuncs funcs = { .prepare = prepare, .check = check, .dispatch = dispatch };

  main_.thread = g_thread_self ();
  main_.source = g_source_new (&funcs, sizeof (MainSource));
  g_source_set_name (main_.source, "cloudsync tasks and timers");
  cs_wheel_init (&main_.wheel, g_get_monotonic_time ());
  g_source_attach (main_.source, NULL);
}

void
cs_main_stop (void)
{
  cs_main_run_tasks ();
  g_source_destroy (main_.source);
  g_clear_pointer (&main_.source, g_source_unref);
  main_.thread = NULL;
}
