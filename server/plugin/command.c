/* command.c: plugins' commands for an operator, run on a thread of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/command.h"

#include <cloudsync/error.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config/json-text.h"
#include "plugin/host-api.h"
#include "runtime/thread.h"
#include "runtime/worker.h"

#define NICENESS 10
/* Progress lines are for people: no more than this many microseconds apart, but for a new stage's first. */
#define TELL_EVERY CS_MS (100)

struct _CsCommand
{
  CsTask task; /* first: to the main thread, when all is done */
  const CsCommandCaller *caller;
  gpointer data;
  GArray *steps; /* CsCommandStep */
  char **args;
  gboolean each;
  int fd;
  gint cancelled; /* atomic */
  GString *out;
  GError *error;
  char *told_what; /* the thread's own */
  gint64 told_at;
};

typedef struct
{
  CsTask task; /* first */
  CsCommand *command;
  char *json;
} Told;

static __thread CsCommand *running;

static void
hold (CsCommand *self, gint delta)
{
  guint i;

  for (i = 0; i < self->steps->len; i++)
    {
      CsInstance *instance = g_array_index (self->steps, CsCommandStep, i).instance;

      __atomic_add_fetch (&instance->holds[instance->n_workers].n, delta, __ATOMIC_ACQ_REL);
    }
}

static void
command_free (CsCommand *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_clear_error (&self->error);
  g_strfreev (self->args);
  g_array_unref (self->steps);
  g_string_free (self->out, TRUE);
  g_free (self->told_what);
  g_free (self);
}

static void
command_done (CsTask *task)
{
  CsCommand *self = (CsCommand *) task;

  hold (self, -1);
  self->caller->done (self->data, self->out, g_steal_pointer (&self->error));
  command_free (self);
}

static void
add_error (CsCommand *self, GError *error)
{
  char *both;

  if (self->error == NULL)
    {
      self->error = error;
      return;
    }
  both = g_strconcat (self->error->message, "; ", error->message, NULL);
  g_free (self->error->message);
  self->error->message = both;
  g_error_free (error);
}

static void
run_step (CsCommand *self, const CsCommandStep *step)
{
  GError *error = NULL;

  if (self->each)
    cs_json_name (self->out, step->instance->owner.name);
  if (step->command.run (cs_instance_self (step->instance), (const char *const *) self->args,
                         self->out, &error))
    return;
  if (error == NULL)
    error = g_error_new_literal (CS_ERROR, CS_FAILED, "failed without a reason");
  g_prefix_error (&error, "plugin '%s': %s: ", step->instance->owner.name, step->command.name);
  add_error (self, error);
}

/* Of several plugins each has its turn, whatever another found. */
static gboolean
goes_on (const CsCommand *self)
{
  return self->error == NULL || (self->each && !cs_command_is_cancelled ());
}

static gpointer
command_main (gpointer data)
{
  CsCommand *self = data;
  guint i;

  cs_thread_block_signals ();
  setpriority (PRIO_PROCESS, (id_t) gettid (), NICENESS);
  running = self;
  if (self->each)
    g_string_append_c (self->out, '{');
  for (i = 0; i < self->steps->len && goes_on (self); i++)
    run_step (self, &g_array_index (self->steps, CsCommandStep, i));
  if (self->each)
    g_string_append_c (self->out, '}');
  running = NULL;
  cs_loop_table_.post_main (&self->task);
  return NULL;
}

CsCommand *
cs_command_start (GArray *steps, gboolean each, const char *const *args, int fd,
                  const CsCommandCaller *caller, gpointer data, GError **error)
{
  CsCommand *self = g_new0 (CsCommand, 1);
  GThread *thread;

  self->task.run = command_done;
  self->caller = caller;
  self->data = data;
  self->steps = steps;
  self->args = g_strdupv ((char **) args);
  self->each = each;
  self->fd = fd;
  self->out = g_string_new (NULL);
  hold (self, 1);
  thread = g_thread_try_new ("command", command_main, self, error);
  if (thread != NULL)
    {
      g_thread_unref (thread);
      return self;
    }
  hold (self, -1);
  command_free (self);
  return NULL;
}

void
cs_command_cancel (CsCommand *self)
{
  g_atomic_int_set (&self->cancelled, TRUE);
}

/* ---- what the running command asks ---- */

static void
told_run (CsTask *task)
{
  Told *told = (Told *) task;

  told->command->caller->progress (told->command->data, told->json);
  g_free (told->json);
  g_free (told);
}

/* Is it time, or a new stage, or a stage's end? */
static gboolean
worth_telling (CsCommand *self, const char *what, gboolean whole)
{
  gint64 now = g_get_monotonic_time ();

  if (g_strcmp0 (self->told_what, what) == 0)
    {
      if (!whole && now - self->told_at < TELL_EVERY)
        return FALSE;
    }
  else
    {
      g_free (self->told_what);
      self->told_what = g_strdup (what);
    }
  self->told_at = now;
  return TRUE;
}

void
cs_command_tell (const char *what, guint64 so_far, guint64 total)
{
  CsCommand *self = running;
  GString *json;
  Told *told;

  if (self == NULL || !worth_telling (self, what, total > 0 && so_far >= total))
    return;
  json = g_string_new ("{");
  cs_json_member (json, "what", what);
  cs_json_member_int (json, "done", (gint64) so_far);
  cs_json_member_int (json, "total", (gint64) total);
  g_string_append_c (json, '}');
  told = g_new0 (Told, 1);
  told->task.run = told_run;
  told->command = self;
  told->json = g_string_free (json, FALSE);
  cs_loop_table_.post_main (&told->task);
}

gboolean
cs_command_is_cancelled (void)
{
  return running != NULL
         && (g_atomic_int_get (&running->cancelled) || cs_host_state () >= CS_NODE_DRAINING);
}

int
cs_command_descriptor (void)
{
  return running != NULL ? running->fd : -1;
}
