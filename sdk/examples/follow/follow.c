/* follow.c: follows a channel of broker=1 from a position on and misses nothing: one line a
 * publication. SPDX-License-Identifier: Apache-2.0
 *
 * GET /follow?channel=db:notes[&since=OFFSET-EPOCH][&docs=1] answers a line for each publication
 * missed since then, `at OFFSET-EPOCH recovered=true` (or false, or none), and a line for each
 * publication from there on: its position, and its data. An epoch is written in hexadecimal, as
 * `_changes` does. */
#include <cloudsync/sdk.h>

#include <stdlib.h>

#define PAGE 100

typedef struct
{
  CsHttp *http;
  CsBroker *broker;
  CsAuth *auth;
} Follow;

/* One follower, on its fiber's stack. */
typedef struct
{
  Follow *self;
  CsHttpExchange *exchange;
  char channel[CS_CHANNEL_MAX + 1];
  CsSlice asked; /* the channel as the client calls it */
  CsSubscription subscription;
  GString *live; /* delivered and not written yet */
  GString *page; /* of history */
  CsPosition last;
  CsWait wait;
  gboolean waiting;
  gboolean review;
  gboolean over;
} Follower;

static void
append_line (GString *text, const CsPublication *publication)
{
  gsize len = 0;
  const char *data = "";

  if (publication->data != NULL)
    data = g_bytes_get_data (publication->data, &len);
  g_string_append_printf (text, "%" G_GUINT64_FORMAT "-%" G_GINT64_MODIFIER "x ",
                          publication->position.offset, publication->position.epoch);
  g_string_append_len (text, data, (gssize) len);
  g_string_append_c (text, '\n');
}

/* On the worker, but not on the follower's fiber: notes, and wakes. */
static void
on_publication (CsSubscription *subscription, const CsPublication *publication)
{
  Follower *follower = subscription->data;

  if (publication->kind == CS_BROKER_PUBLICATION)
    append_line (follower->live, publication);
  else if (publication->kind == CS_BROKER_RULES)
    follower->review = TRUE;
  else if (publication->kind == CS_BROKER_LOST || publication->kind == CS_BROKER_ENDED)
    {
      g_string_append (follower->live, publication->kind == CS_BROKER_LOST ? "lost\n" : "ended\n");
      follower->over = TRUE;
    }
  if (!follower->waiting)
    return;
  follower->waiting = FALSE;
  cs_wake (&follower->wait);
}

static CsStatus
write_text (Follower *follower, GString *text)
{
  CsSlice part = cs_slice (text->str, text->len);
  CsStatus status = CS_OK;

  if (text->len > 0)
    status = cs_http_write (follower->exchange, &part, 1);
  g_string_truncate (text, 0);
  return status == CS_OK ? cs_http_flush (follower->exchange) : status;
}

/* ---- what was missed ---- */

static gboolean
on_missed (const CsPublication *publication, gpointer data)
{
  Follower *follower = data;

  append_line (follower->page, publication);
  follower->last = publication->position;
  return TRUE;
}

/* Pages from `last` until the position that the subscription has fixed. CS_NOT_FOUND: they cannot
 * be had. */
static CsStatus
recover (Follower *follower, const CsPosition *until, guint variant)
{
  CsHistoryQuery query = { .size = sizeof query,
                           .since = &follower->last,
                           .until = until,
                           .limit = PAGE,
                           .variant = variant };
  CsPosition before;
  CsPosition top;
  CsStatus status;

  do
    {
      before = follower->last;
      status = cs_broker_history (follower->self->broker, cs_slice_str (follower->channel), &query,
                                  on_missed, follower, &top);
      if (status == CS_OK)
        status = write_text (follower, follower->page);
    }
  while (status == CS_OK && follower->last.offset != before.offset);
  return status;
}

/* ---- following ---- */

/* After the rules have changed, and when it is not certain that this user would be let in again; what was
 * gathered for one who may not read is not written. */
static void
check_rules (Follower *follower)
{
  if (!follower->review
      && cs_auth_recheck (follower->self->auth, cs_http_identity (follower->exchange), FALSE)
           == CS_OK)
    return;
  follower->review = FALSE;
  if (cs_broker_admits (follower->self->broker, follower->asked,
                        cs_http_identity (follower->exchange), follower->channel)
      == CS_OK)
    return;
  g_string_assign (follower->live, "denied\n");
  follower->over = TRUE;
}

static CsStatus
wait_for_more (Follower *follower)
{
  CsStatus status;

  cs_wait_init (&follower->wait);
  follower->waiting = TRUE;
  status = cs_wait (&follower->wait, CS_NEVER);
  follower->waiting = FALSE;
  return status;
}

static void
follow (Follower *follower)
{
  CsStatus status = CS_OK;

  while (status == CS_OK)
    {
      check_rules (follower);
      status = write_text (follower, follower->live);
      if (follower->over)
        break;
      if (status == CS_OK && follower->live->len == 0 && !follower->review)
        status = wait_for_more (follower);
    }
}

static gboolean
parse_position (CsSlice text, CsPosition *position)
{
  g_autofree char *copy = g_strndup (text.data, text.len);
  char *end;

  position->offset = strtoull (copy, &end, 10);
  if (*end != '-')
    return FALSE;
  position->epoch = strtoull (end + 1, &end, 16);
  return *end == '\0';
}

static void
begin (Follower *follower, const CsPosition *at, const char *recovered)
{
  g_autofree char *line =
    g_strdup_printf ("at %" G_GUINT64_FORMAT "-%" G_GINT64_MODIFIER "x recovered=%s\n", at->offset,
                     at->epoch, recovered);

  cs_http_write_str (follower->exchange, line);
  cs_http_flush (follower->exchange);
}

/* Subscribed: nothing is lost from here on, and what is delivered waits until what was missed is
 * written. */
static void
run (Follower *follower, const CsSubscribed *subscribed, const CsSlice *since, guint variant)
{
  CsStatus status = CS_NOT_FOUND;

  cs_http_begin (follower->exchange, 200, "text/plain", -1);
  if (since != NULL && parse_position (*since, &follower->last))
    status = recover (follower, &subscribed->position, variant);
  begin (follower, &subscribed->position,
         since == NULL     ? "none"
         : status == CS_OK ? "true"
                           : "false");
  if (status == CS_OK || status == CS_NOT_FOUND)
    follow (follower);
}

static void
follow_channel (CsHttpExchange *exchange, gpointer self)
{
  Follower follower = { .self = self, .exchange = exchange };
  CsSubscribe options = { .size = sizeof options };
  CsSubscribed subscribed = { .size = sizeof subscribed };
  CsSlice since, docs;
  gboolean has_since = cs_http_query (exchange, "since", &since);
  CsStatus status;

  if (!cs_http_query (exchange, "channel", &follower.asked))
    return cs_http_reply_error (exchange, 400, "which channel?");
  options.variant = cs_http_query (exchange, "docs", &docs);
  status = cs_broker_admits (follower.self->broker, follower.asked, cs_http_identity (exchange),
                             follower.channel);
  if (status != CS_OK)
    return cs_http_reply_error (exchange, status == CS_DENIED ? 403 : 404, cs_status_text (status));
  follower.live = g_string_new (NULL);
  follower.page = g_string_new (NULL);
  follower.subscription.func = on_publication;
  follower.subscription.data = &follower;
  status = cs_broker_subscribe (follower.self->broker, cs_slice_str (follower.channel), &options,
                                &follower.subscription, &subscribed);
  if (status == CS_OK)
    run (&follower, &subscribed, has_since ? &since : NULL, options.variant);
  else
    cs_http_reply_error (exchange, 503, cs_status_text (status));
  cs_broker_unsubscribe (follower.self->broker, &follower.subscription);
  if (status == CS_OK)
    cs_http_end (exchange);
  g_string_free (follower.live, TRUE);
  g_string_free (follower.page, TRUE);
}

static const CsHttpRoute follow_routes[] = {
  { "GET", "/follow", follow_channel, "Follows a channel of the broker", CS_ACCESS_PUBLIC },
};

static gboolean
follow_start (gpointer data, GError **error)
{
  Follow *self = data;

  self->http = cs_require (self, CS_HTTP);
  self->broker = cs_require (self, CS_BROKER);
  self->auth = cs_require (self, CS_AUTH);
  return cs_http_add_routes (self->http, self, CS_ROWS (follow_routes), error);
}

CS_PLUGIN_DEFINE ("follow", "1.0.0", "Follows a channel of the broker",
                  CS_REQUIRES ("http>=1 broker>=1 auth>=1"), CS_STATE (Follow), .start = follow_start);
