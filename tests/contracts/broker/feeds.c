/* feeds.c: channels that another plugin numbers and keeps.
 * SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

#define MAX_ROWS 64

/* An owner of `db:…`: rows of rising numbers with gaps; `db:none` does not exist, `db:slow` waits
 * to be opened. */
typedef struct
{
  guint64 rows[MAX_ROWS];
  guint n_rows;
  guint64 epoch;
  guint n_opened;
  guint n_closed;
  guint n_readings;
  CsFeed *feed; /* the last one opened and not closed */
  CsWait *opening;
  CsStatus opened_as;
  gboolean wait_to_open;
} Owner;

static Owner owner;

static CsPosition
owner_top (void)
{
  return (CsPosition){ owner.n_rows > 0 ? owner.rows[owner.n_rows - 1] : 0, owner.epoch };
}

static CsStatus
owner_open (gpointer self, CsFeed *feed)
{
  CsWait wait;
  CsStatus status = CS_OK;

  owner.n_opened++;
  if (cs_slice_is (feed->channel, "db:none"))
    return CS_NOT_FOUND;
  feed->position = owner_top ();
  if (owner.wait_to_open)
    {
      cs_wait_init (&wait);
      owner.opening = &wait;
      status = cs_wait (&wait, CS_NEVER);
      owner.opening = NULL;
      if (status == CS_OK)
        status = owner.opened_as;
    }
  if (status == CS_OK)
    {
      owner.feed = feed;
      feed->data = &owner;
    }
  return status;
}

static void
owner_close (gpointer self, CsFeed *feed)
{
  g_assert_true (feed->data == &owner);
  owner.n_closed++;
  if (owner.feed == feed)
    owner.feed = NULL;
}

static CsStatus
owner_read_since (gpointer self, CsSlice channel, guint variant, const CsPosition *since,
                  guint limit, CsHistoryFunc func, gpointer data, CsPosition *top)
{
  guint n = 0;

  owner.n_readings++;
  *top = owner_top ();
  if (since->epoch != 0 && since->epoch != owner.epoch)
    return CS_NOT_FOUND;
  for (guint i = 0; i < owner.n_rows && n < limit; i++)
    if (owner.rows[i] > since->offset)
      {
        g_autofree char *text = g_strdup_printf ("r%" G_GUINT64_FORMAT, owner.rows[i]);
        g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
        CsPublication row = { .size = sizeof row,
                              .channel = channel,
                              .position = { owner.rows[i], owner.epoch },
                              .data = bytes };

        n++;
        if (!func (&row, data))
          break;
      }
  return CS_OK;
}

static CsStatus
owner_admits (gpointer self, CsSlice channel, CsIdentity *identity, char *actual)
{
  g_assert_true (self == &owner);
  if (cs_slice_is (channel, "db:none"))
    return CS_NOT_FOUND;
  g_snprintf (actual, CS_CHANNEL_MAX + 1, "db:@t/%.*s", (int) channel.len - 3, channel.data + 3);
  return cs_slice_is (channel, "db:secret") ? CS_DENIED : CS_OK;
}

static const CsStreamOwner owner_table = {
  .size = sizeof (CsStreamOwner),
  .open = owner_open,
  .close = owner_close,
  .read_since = owner_read_since,
  .admits = owner_admits,
};

static void
own (CsBroker *to)
{
  g_assert_cmpint (cs_broker_own (to, &owner, cs_slice_str ("db:"), &owner_table), ==, CS_OK);
  g_assert_cmpint (cs_broker_own (to, &owner, cs_slice_str ("db:x"), &owner_table), ==, CS_EXISTS);
  g_assert_cmpint (cs_broker_own (to, &owner, cs_slice_str ("d"), &owner_table), ==, CS_EXISTS);
  g_assert_cmpint (cs_broker_own (to, &owner, cs_slice_str ("log:"), &owner_table), ==, CS_OK);
}

static void
start (void)
{
  memset (&owner, 0, sizeof owner);
  owner.epoch = 9;
  suite_start_with (own);
}

/* ---- the owner writes, on worker 1 ---- */

typedef struct
{
  guint64 number;
  gboolean left;
} Row;

static void
feed_row (gpointer data)
{
  Row *row = data;
  CsPosition position = { row->number, owner.epoch };
  g_autofree char *text = g_strdup_printf ("r%" G_GUINT64_FORMAT, row->number);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  row->left = cs_broker_feed (broker, owner.feed, bytes, &position);
}

/* What is written without a feed is only kept. FALSE: nobody is left to read it. */
static gboolean
write_row (guint64 number)
{
  Row row = { number, FALSE };

  owner.rows[owner.n_rows++] = number;
  if (owner.feed != NULL)
    host_on_fiber (1, feed_row, &row);
  return row.left;
}

static void
test_positions_and_gaps (void)
{
  Reader first = { 0 };
  Reader second = { 0 };

  start ();
  write_row (3);
  reader_subscribe_positioned (&first, "db:notes", 1);
  g_assert_true (first.result.feed);
  g_assert_cmpuint (first.result.position.offset, ==, 3);
  g_assert_cmpuint (first.result.position.epoch, ==, 9);
  g_assert_true (write_row (5));
  g_assert_true (write_row (9));
  reader_subscribe_positioned (&second, "db:notes", 1);
  g_assert_cmpuint (second.result.position.offset, ==, 9);
  g_assert_cmpuint (owner.n_opened, ==, 1);
  g_assert_true (write_row (10));
  g_assert_cmpstr (first.seen->str, ==, "r5 r9 r10 ");
  g_assert_cmpstr (second.seen->str, ==, "r10 ");
  g_assert_cmpuint (g_array_index (first.offsets, guint64, 1), ==, 9);
  reader_unsubscribe (&first, 1);
  g_assert_cmpuint (owner.n_closed, ==, 0);
  reader_unsubscribe (&second, 1);
  g_assert_cmpuint (owner.n_closed, ==, 1);
  reader_subscribe_positioned (&first, "db:notes", 1); /* it can be opened again */
  g_assert_cmpuint (owner.n_opened, ==, 2);
  reader_unsubscribe (&first, 1);
  reader_clear (&first);
  reader_clear (&second);
  suite_stop ();
}

/* A page read beside the deliveries may hand over a row twice. */
static void
test_only_rising (void)
{
  Reader reader = { 0 };

  start ();
  reader_subscribe_positioned (&reader, "db:notes", 1);
  write_row (5);
  write_row (5);
  write_row (4);
  write_row (6);
  owner.epoch = 10; /* another epoch counts anew */
  write_row (2);
  g_assert_cmpstr (reader.seen->str, ==, "r5 r6 r2 ");
  g_assert_cmpuint (reader.epoch, ==, 10);
  reader_unsubscribe (&reader, 1);
  reader_clear (&reader);
  suite_stop ();
}

typedef struct
{
  CsHistoryQuery query;
  CsStatus expect;
  const char *expected;
  CsPosition top;
} Reading;

static void
read_here (gpointer data)
{
  Reading *reading = data;
  g_autofree char *found =
    read_history ("db:notes", &reading->query, reading->expect, &reading->top);

  g_assert_cmpstr (found, ==, reading->expected);
}

static CsPosition
expect_reading (const CsHistoryQuery *query, CsStatus expect, const char *expected)
{
  Reading reading = { *query, expect, expected, { 0, 0 } };

  host_on_fiber (0, read_here, &reading);
  return reading.top;
}

static void
test_reading_in_pages (void)
{
  CsPosition since = { 2, 9 };
  CsPosition page = { 7, 9 };
  CsPosition until = { 11, 9 };
  CsPosition other = { 2, 8 };

  start ();
  for (guint64 number = 2; number < 16; number += number % 3 + 1)
    write_row (number); /* 2 5 8 11 14 */
  g_assert_cmpuint (expect_reading (&(CsHistoryQuery){ .limit = 0 }, CS_OK, "").offset, ==, 14);
  expect_reading (&(CsHistoryQuery){ .limit = 2, .since = &since }, CS_OK, "r5 r8");
  expect_reading (&(CsHistoryQuery){ .limit = 2, .since = &page }, CS_OK, "r8 r11");
  expect_reading (&(CsHistoryQuery){ .limit = 100 }, CS_OK, "r2 r5 r8 r11 r14");
  expect_reading (&(CsHistoryQuery){ .limit = 100, .since = &since, .until = &until }, CS_OK,
                  "r5 r8 r11");
  g_assert_cmpuint (
    expect_reading (&(CsHistoryQuery){ .limit = 2, .since = &other }, CS_NOT_FOUND, "").offset, ==,
    14);
  expect_reading (&(CsHistoryQuery){ .limit = 2, .reverse = TRUE }, CS_UNSUPPORTED, "");
  suite_stop ();
}

static void
test_what_only_the_owner_may (void)
{
  CsPublish publish = { .channel = cs_slice_str ("db:notes") };
  Reader reader = { .channel = "db:none", .positioned = TRUE };
  char actual[CS_CHANNEL_MAX + 1];

  start ();
  g_assert_cmpint (publish_with (&publish, "x", NULL), ==, CS_DENIED);
  g_assert_cmpint (cs_broker_history_remove (broker, publish.channel), ==, CS_DENIED);
  g_assert_cmpint (cs_broker_admits (broker, cs_slice_str ("db:notes"), NULL, actual), ==, CS_OK);
  g_assert_cmpstr (actual, ==, "db:@t/notes");
  g_assert_cmpint (cs_broker_admits (broker, cs_slice_str ("db:secret"), NULL, actual), ==,
                   CS_DENIED);
  g_assert_cmpint (cs_broker_admits (broker, cs_slice_str ("chat"), NULL, actual), ==,
                   CS_UNSUPPORTED);
  host_on_fiber (1, reader_subscribe_here, &reader);
  g_assert_cmpint (reader.status, ==, CS_NOT_FOUND);
  host_on_fiber (1, reader_subscribe_here, &reader); /* asked anew each time */
  g_assert_cmpint (reader.status, ==, CS_NOT_FOUND);
  g_assert_cmpuint (owner.n_opened, ==, 2);
  g_assert_cmpuint (owner.n_closed, ==, 0);
  reader_clear (&reader);
  suite_stop ();
}

/* Joins and leaves of a feed are its clients', as in any channel. */
static void
test_joins (void)
{
  CsMember ann = { .client = cs_slice_str ("c1") };
  CsPublish join = { .kind = CS_BROKER_JOIN, .channel = cs_slice_str ("db:notes"), .member = &ann };
  Reader readers[2] = { { .options.variant = 0 }, { .options.variant = 1 } };

  start ();
  for (guint i = 0; i < 2; i++)
    reader_subscribe_positioned (&readers[i], "db:notes", 1);
  g_assert_cmpuint (owner.n_opened, ==, 2); /* rows of two forms are two feeds */
  g_assert_cmpint (publish_with (&join, "", NULL), ==, CS_OK);
  provider_settle ();
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpstr (readers[i].seen->str, ==, "+c1 ");
      reader_unsubscribe (&readers[i], 1);
      reader_clear (&readers[i]);
    }
  g_assert_cmpuint (owner.n_closed, ==, 2);
  suite_stop ();
}

/* ---- opening takes a while ---- */

static void
release_here (gpointer data)
{
  owner.opened_as = *(CsStatus *) data;
  cs_wake (owner.opening);
}

static void
cancel_here (gpointer data)
{
  cs_fiber_cancel (((HostCall *) data)->fiber);
}

static void
begin_three (Reader *readers, HostCall *calls)
{
  owner.wait_to_open = TRUE;
  for (guint i = 0; i < 3; i++)
    {
      readers[i] = (Reader){ .channel = "db:slow", .positioned = TRUE };
      host_begin (&calls[i], 1, reader_subscribe_here, &readers[i]);
    }
  host_settle ();
  g_assert_cmpuint (owner.n_opened, ==, 1);
}

static void
test_all_wait_for_one_opening (void)
{
  Reader readers[3];
  HostCall calls[3];
  CsStatus as = CS_OK;

  start ();
  begin_three (readers, calls);
  host_on_worker (1, release_here, &as);
  for (guint i = 0; i < 3; i++)
    {
      host_await (&calls[i]);
      g_assert_cmpint (readers[i].status, ==, CS_OK);
    }
  g_assert_cmpuint (owner.n_opened, ==, 1);
  write_row (4);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpstr (readers[i].seen->str, ==, "r4 ");
      reader_unsubscribe (&readers[i], 1);
      reader_clear (&readers[i]);
    }
  g_assert_cmpuint (owner.n_closed, ==, 1);
  suite_stop ();
}

static void
test_all_learn_of_failure (void)
{
  Reader readers[3];
  HostCall calls[3];
  CsStatus as = CS_IO;

  start ();
  begin_three (readers, calls);
  host_on_worker (1, release_here, &as);
  for (guint i = 0; i < 3; i++)
    {
      host_await (&calls[i]);
      g_assert_cmpint (readers[i].status, ==, CS_IO);
      reader_clear (&readers[i]);
    }
  g_assert_cmpuint (owner.n_opened, ==, 1);
  g_assert_cmpuint (owner.n_closed, ==, 0);
  suite_stop ();
}

/* Who opens is cancelled, and so is one that waits: the third opens it. */
static void
test_another_opens_when_one_is_cancelled (void)
{
  Reader readers[3];
  HostCall calls[3];
  CsStatus as = CS_OK;

  start ();
  begin_three (readers, calls);
  host_on_worker (1, cancel_here, &calls[1]);
  host_await (&calls[1]);
  g_assert_cmpint (readers[1].status, ==, CS_CANCELLED);
  host_on_worker (1, cancel_here, &calls[0]);
  host_await (&calls[0]);
  g_assert_cmpint (readers[0].status, ==, CS_CANCELLED);
  host_settle ();
  g_assert_cmpuint (owner.n_opened, ==, 2);
  host_on_worker (1, release_here, &as);
  host_await (&calls[2]);
  g_assert_cmpint (readers[2].status, ==, CS_OK);
  reader_unsubscribe (&readers[2], 1);
  for (guint i = 0; i < 3; i++)
    reader_clear (&readers[i]);
  suite_stop ();
}

/* ---- ends ---- */

static void
leave (Reader *reader, const CsPublication *publication)
{
  reader_unsubscribe_here (reader);
}

static void
test_last_leaves_during_delivery (void)
{
  Reader readers[2] = { { .then = leave }, { .then = leave } };

  start ();
  for (guint i = 0; i < 2; i++)
    reader_subscribe_positioned (&readers[i], "db:notes", 1);
  g_assert_false (write_row (1)); /* the feed is closed when this returns */
  g_assert_cmpuint (owner.n_closed, ==, 1);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpstr (readers[i].seen->str, ==, "r1 ");
      reader_clear (&readers[i]);
    }
  suite_stop ();
}

static void
tell_here (gpointer data)
{
  cs_broker_feed_event (broker, owner.feed, *(CsBrokerKind *) data);
}

static void
test_events (void)
{
  CsBrokerKind kinds[] = { CS_BROKER_RULES, CS_BROKER_LOST, CS_BROKER_ENDED };
  Reader readers[2] = { 0 };
  Reader again = { 0 };

  start ();
  for (guint i = 0; i < 2; i++)
    reader_subscribe_positioned (&readers[i], "db:notes", 1);
  for (guint i = 0; i < 3; i++)
    host_on_fiber (1, tell_here, &kinds[i]);
  g_assert_cmpuint (owner.n_closed, ==, 0);            /* the owner knows that it has ended */
  reader_subscribe_positioned (&again, "db:notes", 1); /* a new one */
  g_assert_cmpuint (owner.n_opened, ==, 2);
  write_row (7);
  g_assert_cmpstr (again.seen->str, ==, "r7 ");
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpstr (readers[i].seen->str, ==, "!rules !lost !ended ");
      reader_unsubscribe (&readers[i], 1); /* does nothing */
      reader_clear (&readers[i]);
    }
  reader_unsubscribe (&again, 1);
  reader_clear (&again);
  suite_stop ();
}

void
add_feed_tests (void)
{
  g_test_add_func ("/broker/feed/positions-and-gaps", test_positions_and_gaps);
  g_test_add_func ("/broker/feed/only-rising", test_only_rising);
  g_test_add_func ("/broker/feed/reading-in-pages", test_reading_in_pages);
  g_test_add_func ("/broker/feed/owners-rights", test_what_only_the_owner_may);
  g_test_add_func ("/broker/feed/joins", test_joins);
  g_test_add_func ("/broker/feed/one-opening", test_all_wait_for_one_opening);
  g_test_add_func ("/broker/feed/failed-opening", test_all_learn_of_failure);
  g_test_add_func ("/broker/feed/cancelled-opening", test_another_opens_when_one_is_cancelled);
  g_test_add_func ("/broker/feed/last-leaves", test_last_leaves_during_delivery);
  g_test_add_func ("/broker/feed/events", test_events);
}
