/* suite.h: what the files of the broker's contract suite share.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "../host.h"

G_BEGIN_DECLS

#define N_WORKERS 3
#define TTL CS_SECONDS (60)

/* ---- the provider: one file each ---- */

/* Starts it on N_WORKERS workers; `own` (may be NULL) is called where a plugin's start () would be.
 */
CsBroker *provider_start (void (*own) (CsBroker *broker));
void provider_stop (void);
/* So much time passes for the provider. */
void provider_pass (gint64 length);
/* What was published has been delivered. */
void provider_settle (void);

/* ---- suite.c ---- */

extern CsBroker *broker;

void suite_start (void);
void suite_start_with (void (*own) (CsBroker *broker));
void suite_stop (void);

/* A subscriber that notes what it gets. */
typedef struct _Reader Reader;
struct _Reader
{
  CsSubscription subscription;
  const char *channel;
  gboolean positioned; /* subscribe with a result */
  CsSubscribe options;
  CsStatus status;
  CsSubscribed result;
  GString *seen; /* text of publications, `+client` and `-client`, `!kind` of the rest, separated by
                    spaces */
  GArray *offsets; /* guint64, of publications */
  GArray *serials; /* guint64 */
  guint64 epoch;   /* of the last publication */
  void (*then) (Reader *reader, const CsPublication *publication);
  gpointer data;
};

void reader_subscribe (Reader *reader, const char *channel, guint worker);
void reader_subscribe_positioned (Reader *reader, const char *channel, guint worker);
void reader_unsubscribe (Reader *reader, guint worker);
/* On a fiber of its worker, after channel and positioned were set. */
void reader_subscribe_here (gpointer reader);
void reader_unsubscribe_here (gpointer reader);
void reader_clear (Reader *reader);
/* The offsets are `first`, then each one more, `n` of them. */
void reader_expect_run (const Reader *reader, guint64 first, guint n);

/* Publishes text; the position is checked to be 0. */
void publish_plain (const char *channel, const char *text);
/* With a history of `size` for TTL. */
CsPosition publish_kept (const char *channel, const char *text, guint size);
CsStatus publish_with (const CsPublish *publish, const char *text, CsPublished *result);

/* What a query finds, as text separated by spaces, which the caller frees; `offsets` (may be NULL)
 * is filled. */
char *
read_history (const char *channel, const CsHistoryQuery *query, CsStatus expect, CsPosition *top);
char *
read_since (const char *channel, guint64 offset, guint64 epoch, CsStatus expect, CsPosition *top);

/* ---- the tests ---- */

void add_order_tests (void);
void add_history_tests (void);
void add_position_tests (void);
void add_key_tests (void);
void add_presence_tests (void);
void add_feed_tests (void);

G_END_DECLS
