/* http-admission.c: how many requests and feeds may run at once, on the node as a whole, and the
 * queues of those that wait for a place.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

static gboolean
take_place (gint *used, gint64 most)
{
  gint now = g_atomic_int_get (used);

  do
    if (now >= most)
      return FALSE;
  while (!g_atomic_int_compare_and_exchange_full (used, now, now + 1, &now));
  return TRUE;
}

static void
enqueue (HttpExchange *self, gint64 wait)
{
  HttpWorker *worker = self->worker;

  self->waiting = TRUE;
  self->wait_next = NULL;
  self->wait_until = cs_now () + wait;
  if (worker->wait_last != NULL)
    worker->wait_last->wait_next = self;
  else
    worker->wait_first = self;
  worker->wait_last = self;
  g_atomic_int_inc (&worker->n_waiting);
  cs_stat_add (self->plugin->waiting_stat, 1);
  http_worker_arm (worker, self->wait_until);
}

static void
dequeue (HttpExchange *self, HttpExchange *previous)
{
  HttpWorker *worker = self->worker;

  if (previous != NULL)
    previous->wait_next = self->wait_next;
  else
    worker->wait_first = self->wait_next;
  if (worker->wait_last == self)
    worker->wait_last = previous;
  self->waiting = FALSE;
  g_atomic_int_add (&worker->n_waiting, -1);
  g_atomic_int_add (&self->plugin->waiting, -1);
  cs_stat_add (self->plugin->waiting_stat, -1);
}

static CsHttpAdmission
class_of (const HttpExchange *self)
{
  return self->route != NULL ? self->route->row.admission : CS_ADMIT_ALWAYS;
}

HttpAdmit
http_admission_ask (HttpExchange *self)
{
  HttpPlugin *plugin = self->plugin;
  const HttpSettings *settings = http_plugin_settings (plugin);
  CsHttpAdmission class = class_of (self);

  if (class == CS_ADMIT_FEED)
    {
      if (!take_place (&plugin->feeds, settings->max_feeds))
        return HTTP_ADMIT_REFUSED;
      cs_stat_add (plugin->feeds_stat, 1);
    }
  else if (class == CS_ADMIT_REQUEST && settings->max_concurrent_requests > 0)
    {
      /* Those that wait already go first. */
      if (self->worker->wait_first != NULL
          || !take_place (&plugin->running, settings->max_concurrent_requests))
        {
          if (!take_place (&plugin->waiting, settings->max_waiting_requests))
            return HTTP_ADMIT_REFUSED;
          enqueue (self, settings->max_wait);
          return HTTP_ADMIT_LATER;
        }
    }
  else
    return HTTP_ADMIT_NOW;
  self->admitted = 1 + class;
  return HTTP_ADMIT_NOW;
}

gboolean
http_admission_upgrade (HttpPlugin *plugin)
{
  if (!take_place (&plugin->upgraded, http_plugin_settings (plugin)->max_upgraded))
    return FALSE;
  cs_stat_add (plugin->upgraded_stat, 1);
  return TRUE;
}

void
http_upgraded_closed (CsHttp *http)
{
  HttpPlugin *plugin = (HttpPlugin *) http;

  g_atomic_int_add (&plugin->upgraded, -1);
  cs_stat_add (plugin->upgraded_stat, -1);
}

/* Starts as many of this worker's waiting requests as there are places. */
static void
admit_waiting (HttpWorker *worker)
{
  HttpPlugin *plugin = worker->plugin;

  while (worker->wait_first != NULL)
    {
      HttpExchange *first = worker->wait_first;
      gint64 most = http_plugin_settings (plugin)->max_concurrent_requests;

      if (!take_place (&plugin->running, most > 0 ? most : G_MAXINT))
        return;
      dequeue (first, NULL);
      first->admitted = 1 + CS_ADMIT_REQUEST;
      http_exchange_start (first);
    }
}

static void
admit_posted (CsTask *task)
{
  HttpWorker *worker = (HttpWorker *) ((char *) task - G_STRUCT_OFFSET (HttpWorker, admit_task));

  g_atomic_int_set (&worker->admit_posted, FALSE);
  admit_waiting (worker);
}

static void
admit_deferred (CsTask *task)
{
  HttpWorker *worker = (HttpWorker *) ((char *) task - G_STRUCT_OFFSET (HttpWorker, admit_defer));

  worker->admit_deferred = FALSE;
  admit_waiting (worker);
}

void
http_admission_init (HttpWorker *worker)
{
  worker->admit_task.run = admit_posted;
  worker->admit_defer.run = admit_deferred;
}

/* A place came free: it goes to this worker's queue, else to the next one that has any. */
static void
pass_on (HttpWorker *self)
{
  HttpPlugin *plugin = self->plugin;

  if (self->wait_first != NULL)
    {
      if (!self->admit_deferred)
        {
          self->admit_deferred = TRUE;
          cs_defer (&self->admit_defer);
        }
      return;
    }
  for (guint i = 1; i < plugin->n_workers; i++)
    {
      guint index = (self->index + i) % plugin->n_workers;
      HttpWorker *other = g_atomic_pointer_get (&plugin->workers[index]);

      if (other == NULL || g_atomic_int_get (&other->n_waiting) == 0)
        continue;
      if (g_atomic_int_compare_and_exchange (&other->admit_posted, FALSE, TRUE))
        cs_post (index, &other->admit_task);
      return;
    }
}

void
http_admission_release (HttpExchange *self)
{
  HttpPlugin *plugin = self->plugin;
  CsHttpAdmission class = self->admitted - 1;

  self->admitted = 0;
  if (class == CS_ADMIT_FEED)
    {
      g_atomic_int_add (&plugin->feeds, -1);
      cs_stat_add (plugin->feeds_stat, -1);
      return;
    }
  g_atomic_int_add (&plugin->running, -1);
  if (g_atomic_int_get (&plugin->waiting) > 0)
    pass_on (self->worker);
}

/* Out of the queue, wherever it stands. */
void
http_admission_forget (HttpExchange *self)
{
  HttpExchange *previous = NULL;

  for (HttpExchange *each = self->worker->wait_first; each != NULL; each = each->wait_next)
    {
      if (each == self)
        {
          dequeue (self, previous);
          return;
        }
      previous = each;
    }
}

/* Answers those that have waited too long; when to look again. */
gint64
http_admission_expire (HttpWorker *worker, gint64 now)
{
  while (worker->wait_first != NULL)
    {
      HttpExchange *first = worker->wait_first;

      if (first->wait_until > now)
        return first->wait_until;
      dequeue (first, NULL);
      http_exchange_overloaded (first);
    }
  return CS_NEVER;
}
