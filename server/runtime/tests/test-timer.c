/* test-timer.c: the wheel fires each timer once, never early, in order of ticks, whatever is done
 * to it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/timer.h"

typedef struct
{
  CsTimer timer;
  CsWheel *wheel;
  gint64 at;
  guint fired;
} Item;

static gint64 now;

static void
count (CsTimer *timer, gpointer data)
{
  Item *item = data;

  g_assert_cmpint (now, >=, item->at);
  item->fired++;
}

static void
start (CsWheel *wheel, Item *item, gint64 at)
{
  item->wheel = wheel;
  item->at = at;
  cs_wheel_start (wheel, NULL, &item->timer, at, count, item);
}

/* Sleeps as a loop does: until the wheel says. */
static guint
run_until (CsWheel *wheel, gint64 end)
{
  guint turns = 0;

  while (cs_wheel_next (wheel) <= end)
    {
      now = MAX (now, cs_wheel_next (wheel));
      cs_wheel_advance (wheel, now);
      turns++;
    }
  now = end;
  cs_wheel_advance (wheel, now);
  return turns;
}

static void
test_times (void)
{
  static const gint64 lengths[] = { 0,
                                    1,
                                    999,
                                    1000,
                                    1001,
                                    CS_MS (63),
                                    CS_MS (64),
                                    CS_MS (65),
                                    CS_SECONDS (4),
                                    CS_SECONDS (5),
                                    CS_SECONDS (300),
                                    CS_SECONDS (86400),
                                    CS_SECONDS (86400) * 400,
                                    CS_SECONDS (86400) * 40000 };
  CsWheel wheel;

  for (guint offset = 0; offset < 5; offset++)
    {
      Item items[G_N_ELEMENTS (lengths)] = { 0 };

      now = 12345;
      cs_wheel_init (&wheel, now);
      now += offset * 77777;
      cs_wheel_advance (&wheel, now);
      for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
        start (&wheel, &items[i], now + lengths[i]);
      for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
        {
          gint64 due = items[i].at;

          run_until (&wheel, due + 2000);
          g_assert_cmpuint (items[i].fired, ==, 1);
        }
      g_assert_cmpuint (wheel.count, ==, 0);
      g_assert_cmpint (cs_wheel_next (&wheel), ==, CS_NEVER);
    }
}

static void
test_random (void)
{
  enum { N = 2000 };
  g_autofree Item *items = g_new0 (Item, N);
  CsWheel wheel;
  guint fired = 0, stopped = 0;

  now = CS_SECONDS (7);
  cs_wheel_init (&wheel, now);
  for (guint i = 0; i < N; i++)
    start (&wheel, &items[i], now + g_test_rand_int_range (0, 20000000));
  for (guint round = 0; round < 400; round++)
    {
      Item *item = &items[g_test_rand_int_range (0, N)];

      run_until (&wheel, now + g_test_rand_int_range (0, 50000));
      if (item->fired == 0 && item->at != 0)
        {
          if (round % 2 == 0)
            start (&wheel, item, now + g_test_rand_int_range (0, 30000000));
          else
            {
              cs_wheel_stop (&item->timer);
              cs_wheel_stop (&item->timer);
              item->at = 0;
            }
        }
    }
  run_until (&wheel, now + CS_SECONDS (60));
  for (guint i = 0; i < N; i++)
    {
      fired += items[i].fired;
      stopped += items[i].at == 0;
    }
  g_assert_cmpuint (stopped, >, 0);
  g_assert_cmpuint (fired, ==, N - stopped);
}

/* Pushing a timer out again and again wakes the loop once for the old time, then for the new. */
static void
test_pushed_out (void)
{
  CsWheel wheel;
  Item item = { 0 };

  now = 0;
  cs_wheel_init (&wheel, now);
  for (guint i = 0; i < 1000; i++)
    start (&wheel, &item, now + CS_SECONDS (60) + i * 1000);
  run_until (&wheel, CS_SECONDS (60));
  g_assert_cmpuint (item.fired, ==, 0);
  g_assert_cmpuint (run_until (&wheel, CS_SECONDS (62)), <, 8);
  g_assert_cmpuint (item.fired, ==, 1);
}

static void
stop_other (CsTimer *timer, gpointer data)
{
  Item *other = data;

  cs_wheel_stop (&other->timer);
  start (other->wheel, other + 1, now);
}

/* Callbacks stop and start timers of the slot that is being run. */
static void
test_from_callback (void)
{
  CsWheel wheel;
  Item items[3] = { 0 };

  now = 0;
  cs_wheel_init (&wheel, now);
  items[0].wheel = items[1].wheel = items[2].wheel = &wheel;
  cs_wheel_start (&wheel, NULL, &items[0].timer, 5000, stop_other, &items[1]);
  start (&wheel, &items[1], 5000);
  run_until (&wheel, 5000);
  g_assert_cmpuint (items[1].fired, ==, 0);
  run_until (&wheel, 9000);
  g_assert_cmpuint (items[1].fired, ==, 0);
  g_assert_cmpuint (items[2].fired, ==, 1);
}

static void
test_owned (void)
{
  CsWheel wheel;
  CsTimer timers[3] = { 0 };
  int me, you;

  cs_wheel_init (&wheel, 0);
  cs_wheel_start (&wheel, &me, &timers[0], 1000, count, NULL);
  cs_wheel_start (&wheel, &me, &timers[1], CS_SECONDS (1000), count, NULL);
  cs_wheel_start (&wheel, &you, &timers[2], 1000, count, NULL);
  g_assert_cmpuint (cs_wheel_count_owned (&wheel, &me), ==, 2);
  for (guint i = 0; i < 3; i++)
    cs_wheel_stop (&timers[i]);
  g_assert_cmpuint (cs_wheel_count_owned (&wheel, &me), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/runtime/timer/times", test_times);
  g_test_add_func ("/runtime/timer/random", test_random);
  g_test_add_func ("/runtime/timer/pushed-out", test_pushed_out);
  g_test_add_func ("/runtime/timer/from-callback", test_from_callback);
  g_test_add_func ("/runtime/timer/owned", test_owned);
  return g_test_run ();
}
