/* test-gate.c: two at once, the rest wait, and not for ever.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-gate.h"
#include "harness.h"

#define N_THREADS 8

static AuthGate gate;
static gint inside;
static gint most;

static gpointer
pass_through (gpointer data)
{
  gint now;

  g_assert_cmpint (auth_gate_enter (&gate, 100, CS_SECONDS (20)), ==, CS_OK);
  now = g_atomic_int_add (&inside, 1) + 1;
  if (now > g_atomic_int_get (&most))
    g_atomic_int_set (&most, now);
  g_usleep (5000);
  g_atomic_int_add (&inside, -1);
  auth_gate_leave (&gate);
  return NULL;
}

static void
test_two_at_once (void)
{
  GThread *threads[N_THREADS];
  guint i;

  cs_harness_start (1);
  auth_gate_init (&gate);
  for (i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("login", pass_through, NULL);
  for (i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (g_atomic_int_get (&most), ==, AUTH_GATE_SLOTS);
  g_assert_cmpuint (gate.busy, ==, 0);
  auth_gate_clear (&gate);
  cs_harness_stop ();
}

static void
test_overload (void)
{
  cs_harness_start (1);
  auth_gate_init (&gate);
  g_assert_cmpint (auth_gate_enter (&gate, 0, CS_MS (1)), ==, CS_OK);
  g_assert_cmpint (auth_gate_enter (&gate, 0, CS_MS (1)), ==, CS_OK);
  g_assert_cmpint (auth_gate_enter (&gate, 0, CS_MS (1)), ==, CS_OVERLOADED); /* no place to wait */
  g_assert_cmpint (auth_gate_enter (&gate, 1, CS_MS (10)), ==, CS_OVERLOADED); /* waited in vain */
  g_assert_cmpuint (gate.waiting.length, ==, 0);
  auth_gate_leave (&gate);
  g_assert_cmpint (auth_gate_enter (&gate, 0, CS_MS (1)), ==, CS_OK);
  auth_gate_leave (&gate);
  auth_gate_leave (&gate);
  g_assert_cmpuint (gate.busy, ==, 0);
  auth_gate_clear (&gate);
  cs_harness_stop ();
}

/* A wait that ends just when a slot is handed over must not lose the slot. */
static gpointer
hurry (gpointer data)
{
  guint i;

  for (i = 0; i < 300; i++)
    if (auth_gate_enter (&gate, 100, CS_MS (1)) == CS_OK)
      {
        g_usleep (i % 3 == 0 ? 1000 : 100);
        auth_gate_leave (&gate);
      }
  return NULL;
}

static void
test_no_slot_is_lost (void)
{
  GThread *threads[N_THREADS];
  guint i;

  cs_harness_start (1);
  auth_gate_init (&gate);
  for (i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("login", hurry, NULL);
  for (i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (gate.busy, ==, 0);
  g_assert_cmpuint (gate.waiting.length, ==, 0);
  auth_gate_clear (&gate);
  cs_harness_stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/gate/two-at-once", test_two_at_once);
  g_test_add_func ("/auth/gate/overload", test_overload);
  g_test_add_func ("/auth/gate/no-slot-is-lost", test_no_slot_is_lost);
  return g_test_run ();
}
