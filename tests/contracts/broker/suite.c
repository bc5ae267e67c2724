/* suite.c: readers, publishing and reading for the tests, and main ().
 * SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

CsBroker *broker;

void
suite_start_with (void (*own) (CsBroker *broker))
{
  broker = provider_start (own);
}

void
suite_start (void)
{
  suite_start_with (NULL);
}

void
suite_stop (void)
{
  provider_stop ();
  broker = NULL;
}

/* ---- readers ---- */

static void
note_kind (Reader *reader, const CsPublication *publication)
{
  static const char *const kinds[] = { "publication", "join",  "leave", "wake",
                                       "lost",        "rules", "ended" };
  CsSlice client = publication->member.client;

  if (publication->kind == CS_BROKER_JOIN || publication->kind == CS_BROKER_LEAVE)
    g_string_append_printf (reader->seen, "%c%.*s ",
                            publication->kind == CS_BROKER_JOIN ? '+' : '-', (int) client.len,
                            client.data);
  else
    g_string_append_printf (reader->seen, "!%s ", kinds[publication->kind]);
}

static void
append_data (GString *text, const CsPublication *publication)
{
  gsize len;
  const char *data = g_bytes_get_data (publication->data, &len);

  g_string_append_len (text, data, (gssize) len);
  g_string_append_c (text, ' ');
}

static void
on_publication (CsSubscription *subscription, const CsPublication *publication)
{
  Reader *reader = subscription->data;

  g_assert_true (cs_slice_is (publication->channel, reader->channel));
  if (publication->kind == CS_BROKER_PUBLICATION)
    {
      g_array_append_val (reader->offsets, publication->position.offset);
      reader->epoch = publication->position.epoch;
      append_data (reader->seen, publication);
    }
  else
    note_kind (reader, publication);
  g_array_append_val (reader->serials, publication->serial);
  if (reader->then != NULL)
    reader->then (reader, publication);
}

void
reader_subscribe_here (gpointer data)
{
  Reader *reader = data;

  if (reader->seen == NULL)
    {
      reader->seen = g_string_new (NULL);
      reader->offsets = g_array_new (FALSE, FALSE, sizeof (guint64));
      reader->serials = g_array_new (FALSE, FALSE, sizeof (guint64));
    }
  reader->subscription.func = on_publication;
  reader->subscription.data = reader;
  reader->options.size = sizeof reader->options;
  reader->result.size = sizeof reader->result;
  reader->status =
    cs_broker_subscribe (broker, cs_slice_str (reader->channel), &reader->options,
                         &reader->subscription, reader->positioned ? &reader->result : NULL);
}

void
reader_unsubscribe_here (gpointer data)
{
  Reader *reader = data;

  cs_broker_unsubscribe (broker, &reader->subscription);
}

void
reader_subscribe (Reader *reader, const char *channel, guint worker)
{
  reader->channel = channel;
  host_on_fiber (worker, reader_subscribe_here, reader);
  g_assert_cmpint (reader->status, ==, CS_OK);
}

void
reader_subscribe_positioned (Reader *reader, const char *channel, guint worker)
{
  reader->positioned = TRUE;
  reader_subscribe (reader, channel, worker);
}

void
reader_unsubscribe (Reader *reader, guint worker)
{
  host_on_fiber (worker, reader_unsubscribe_here, reader);
}

void
reader_clear (Reader *reader)
{
  if (reader->seen == NULL)
    return;
  g_string_free (g_steal_pointer (&reader->seen), TRUE);
  g_clear_pointer (&reader->offsets, g_array_unref);
  g_clear_pointer (&reader->serials, g_array_unref);
}

void
reader_expect_run (const Reader *reader, guint64 first, guint n)
{
  guint i;

  g_assert_cmpuint (reader->offsets->len, ==, n);
  for (i = 0; i < n; i++)
    g_assert_cmpuint (g_array_index (reader->offsets, guint64, i), ==, first + i);
}

/* ---- publishing ---- */

CsStatus
publish_with (const CsPublish *publish, const char *text, CsPublished *result)
{
  CsPublish with = *publish;
  g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));

  with.size = sizeof with;
  with.data = data;
  if (result != NULL)
    *result = (CsPublished){ .size = sizeof *result };
  return cs_broker_publish (broker, &with, result);
}

void
publish_plain (const char *channel, const char *text)
{
  CsPublish publish = { .channel = cs_slice_str (channel) };
  CsPublished result;

  g_assert_cmpint (publish_with (&publish, text, &result), ==, CS_OK);
  g_assert_cmpuint (result.position.offset, ==, 0);
}

CsPosition
publish_kept (const char *channel, const char *text, guint size)
{
  CsPublish publish = { .channel = cs_slice_str (channel),
                        .history_size = size,
                        .history_ttl = TTL };
  CsPublished result;

  g_assert_cmpint (publish_with (&publish, text, &result), ==, CS_OK);
  g_assert_false (result.repeated);
  g_assert_false (result.outdated);
  return result.position;
}

/* ---- reading ---- */

static gboolean
append_found (const CsPublication *publication, gpointer text)
{
  g_assert_cmpuint (publication->position.epoch, !=, 0);
  append_data (text, publication);
  return TRUE;
}

char *
read_history (const char *channel, const CsHistoryQuery *query, CsStatus expect, CsPosition *top)
{
  GString *text = g_string_new (NULL);
  CsHistoryQuery sized = *query;
  CsPosition unused;

  sized.size = sizeof sized;
  g_assert_cmpint (cs_broker_history (broker, cs_slice_str (channel), &sized, append_found, text,
                                      top != NULL ? top : &unused),
                   ==, expect);
  if (text->len > 0)
    g_string_truncate (text, text->len - 1);
  return g_string_free (text, FALSE);
}

char *
read_since (const char *channel, guint64 offset, guint64 epoch, CsStatus expect, CsPosition *top)
{
  CsPosition since = { offset, epoch };
  CsHistoryQuery query = { .since = &since, .limit = G_MAXUINT };

  return read_history (channel, &query, expect, top);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_order_tests ();
  add_history_tests ();
  add_position_tests ();
  add_key_tests ();
  add_presence_tests ();
  add_feed_tests ();
  return g_test_run ();
}
