/* http-worker.c: what a worker keeps: pools, the date, and the lists of connections by what they
 * wait for, which replace a timer for each.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-service.h"
#include "http.h"

gpointer
http_pool_take (HttpPool *pool, gsize bytes)
{
  HttpFree *memory = pool->first;

  if (memory == NULL)
    return g_malloc (bytes);
  pool->first = memory->next;
  pool->n--;
  return memory;
}

void
http_pool_give (HttpPool *pool, gpointer memory, guint keep)
{
  HttpFree *item = memory;

  if (pool->n >= keep)
    {
      g_free (memory);
      return;
    }
  item->next = pool->first;
  pool->first = item;
  pool->n++;
}

static void
pool_clear (HttpPool *pool)
{
  while (pool->first != NULL)
    g_free (http_pool_take (pool, 0));
}

/* ---- the date ---- */

const char *
http_worker_date (HttpWorker *self)
{
  gint64 now = cs_now ();

  if (G_UNLIKELY (now >= self->date_until))
    {
      gint64 wall = g_get_real_time ();

      http_date_cached (&self->date, wall / G_USEC_PER_SEC);
      self->date_until = now + G_USEC_PER_SEC - wall % G_USEC_PER_SEC;
      self->ok_head_length = g_snprintf (self->ok_head, sizeof self->ok_head,
                                         "HTTP/1.1 200 OK\r\nDate: %s\r\n", self->date.text);
    }
  return self->date.text;
}

/* ---- clocks ---- */

static gint64
clock_length (const HttpLimits *limits, HttpClock clock)
{
  switch (clock)
    {
    case HTTP_CLOCK_IDLE:
      return limits->idle_timeout;
    case HTTP_CLOCK_HEAD:
      return limits->head_timeout;
    case HTTP_CLOCK_WRITE:
      return limits->write_timeout;
    default:
      return CS_NEVER;
    }
}

static HttpClockList *
list_of (HttpConnection *connection)
{
  return &connection->worker->clocks[connection->listener->index * HTTP_N_CLOCKS
                                     + connection->clock];
}

void
http_worker_leave (HttpConnection *connection)
{
  HttpClockList *list = list_of (connection);

  if (connection->previous != NULL)
    connection->previous->next = connection->next;
  else
    list->first = connection->next;
  if (connection->next != NULL)
    connection->next->previous = connection->previous;
  else
    list->last = connection->previous;
  connection->previous = connection->next = NULL;
}

static void
append (HttpConnection *connection, HttpClock clock)
{
  HttpClockList *list;

  connection->clock = clock;
  list = list_of (connection);
  connection->previous = list->last;
  if (list->last != NULL)
    list->last->next = connection;
  else
    list->first = connection;
  list->last = connection;
}

static gint64
due (const HttpConnection *connection)
{
  gint64 length = clock_length (http_connection_limits (connection), connection->clock);

  return length < CS_NEVER - connection->since ? connection->since + length : CS_NEVER;
}

/* Puts a connection, which must have a place already, at the end of a clock's list. */
void
http_worker_enter (HttpConnection *connection, HttpClock clock)
{
  HttpWorker *self = connection->worker;

  http_worker_leave (connection);
  connection->since = cs_now ();
  append (connection, clock);
  if (clock != HTTP_CLOCK_BUSY && connection->previous == NULL)
    http_worker_arm (self, due (connection));
}

static gint64
expire_list (HttpClockList *list, gint64 now)
{
  while (list->first != NULL)
    {
      HttpConnection *first = list->first;
      gint64 at = due (first);

      if (at > now)
        return at;
      http_connection_expired (first);
    }
  return CS_NEVER;
}

static void
tick (CsTimer *timer, gpointer data)
{
  HttpWorker *self = data;
  gint64 now = cs_now ();
  gint64 next;

  self->timer_at = CS_NEVER;
  next = http_admission_expire (self, now);
  for (guint i = 0; i < self->n_clocks; i++)
    if (i % HTTP_N_CLOCKS != HTTP_CLOCK_BUSY)
      next = MIN (next, expire_list (&self->clocks[i], now));
  http_worker_arm (self, next);
}

void
http_worker_arm (HttpWorker *self, gint64 at)
{
  if (at >= self->timer_at)
    return;
  self->timer_at = at;
  cs_timer_start (self->plugin, &self->timer, at, tick, self);
}

/* ---- drain ---- */

void
http_worker_drain (HttpWorker *self)
{
  self->draining = TRUE;
  if (self->n_exchanges > 0 && !self->holding)
    {
      self->holding = TRUE;
      cs_hold (self->plugin);
    }
  for (guint i = 0; i < self->n_clocks; i++)
    {
      HttpConnection *next;

      for (HttpConnection *each = self->clocks[i].first; each != NULL; each = next)
        {
          next = each->next;
          if (each->exchange == NULL && !each->running)
            http_connection_close (each);
          else if (each->exchange != NULL)
            http_exchange_tell_parked (each->exchange, TRUE);
        }
    }
}

static void
drain_run (CsTask *task)
{
  http_worker_drain ((HttpWorker *) ((char *) task - G_STRUCT_OFFSET (HttpWorker, drain_task)));
}

/* ---- life ---- */

gboolean
http_worker_start (gpointer plugin, guint worker, GError **error)
{
  HttpPlugin *http = plugin;
  HttpWorker *self = g_new0 (HttpWorker, 1);

  self->plugin = http;
  self->index = worker;
  self->n_clocks = http->listeners->len * HTTP_N_CLOCKS;
  self->clocks = g_new0 (HttpClockList, self->n_clocks);
  self->timer_at = CS_NEVER;
  self->id_base = (guint64) g_random_int () << 32 | g_random_int ();
  self->drain_task.run = drain_run;
  http_admission_init (self);
  http->workers[worker] = self;
  cs_set_local (plugin, self);
  return TRUE;
}

void
http_worker_stop (gpointer plugin, guint worker)
{
  HttpPlugin *http = plugin;
  HttpWorker *self = http->workers[worker];

  for (guint i = 0; i < self->n_clocks; i++)
    while (self->clocks[i].first != NULL)
      http_connection_drop (self->clocks[i].first);
  cs_timer_stop (&self->timer);
  http_gzip_free_all (self);
  pool_clear (&self->buffers);
  pool_clear (&self->chunks);
  pool_clear (&self->more);
  pool_clear (&self->connections);
  if (self->holding)
    cs_release (plugin);
  http->workers[worker] = NULL;
  cs_set_local (plugin, NULL);
  g_free (self->clocks);
  g_free (self);
}
