/* test-fiber.c: fibers run, wait, are woken from both sides, time out, are cancelled, and end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fenv.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/fiber.h"
#include "runtime/held-locks.h"
#include "test-host.h"

static guint steps;

static void
step (gpointer data)
{
  steps++;
}

static void
start_nested (gpointer data)
{
  CsFiber *self = cs_fiber_self ();

  g_assert_nonnull (self);
  steps = 0;
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (cs_fiber_start (NULL, step, NULL, CS_NEVER), ==, CS_OK);
  g_assert_cmpuint (steps, ==, 10);
  g_assert_true (cs_fiber_self () == self);
}

static void
test_nested (void)
{
  test_on_fiber (0, start_nested, NULL);
}

typedef struct
{
  CsWait wait;
  CsStatus status;
  gboolean done;
  CsFiber *fiber;
  gint64 deadline;
} Waiter;

static void
waiter_run (gpointer data)
{
  Waiter *waiter = data;

  waiter->fiber = cs_fiber_self ();
  cs_wait_init (&waiter->wait);
  waiter->status = cs_wait (&waiter->wait, waiter->deadline);
  waiter->done = TRUE;
}

static void
wake_same_worker (gpointer data)
{
  Waiter waiters[100] = { 0 };

  for (guint i = 0; i < 100; i++)
    {
      waiters[i].deadline = CS_NEVER;
      cs_fiber_start (NULL, waiter_run, &waiters[i], CS_NEVER);
      g_assert_false (waiters[i].done);
    }
  for (guint i = 0; i < 100; i++)
    cs_wake (&waiters[99 - i].wait);
  g_assert_false (waiters[0].done);
  cs_sleep (CS_MS (2));
  for (guint i = 0; i < 100; i++)
    {
      g_assert_true (waiters[i].done);
      g_assert_cmpint (waiters[i].status, ==, CS_OK);
    }
}

static void
test_wake (void)
{
  test_on_fiber (0, wake_same_worker, NULL);
}

static void
wake_first (gpointer data)
{
  CsWait wait;

  cs_wait_init (&wait);
  cs_wake (&wait);
  g_assert_cmpint (cs_wait (&wait, cs_now () - 1), ==, CS_OK);
  cs_wait_init (&wait);
  g_assert_cmpint (cs_wait (&wait, cs_now () - 1), ==, CS_TIMED_OUT);
}

static void
test_wake_first (void)
{
  test_on_fiber (0, wake_first, NULL);
}

static void
times_out (gpointer data)
{
  CsWait wait;
  gint64 before = g_get_monotonic_time ();

  cs_wait_init (&wait);
  g_assert_cmpint (cs_wait (&wait, cs_now () + CS_MS (20)), ==, CS_TIMED_OUT);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, CS_MS (19));
  /* The wake that comes late changes nothing but the wait itself. */
  cs_wake (&wait);
  g_assert_cmpint (cs_wait (&wait, CS_NEVER), ==, CS_OK);
}

static void
sleep_past_deadline (gpointer data)
{
  gint64 before = g_get_monotonic_time ();

  g_assert_cmpint (cs_sleep (CS_SECONDS (5)), ==, CS_TIMED_OUT);
  g_assert_cmpint (cs_sleep (CS_SECONDS (5)), ==, CS_TIMED_OUT);
  g_assert_cmpint (g_get_monotonic_time () - before, <, CS_SECONDS (1));
  cs_fiber_set_deadline (CS_NEVER);
  g_assert_cmpint (cs_sleep (CS_MS (1)), ==, CS_OK);
}

static void
test_deadline (void)
{
  test_on_fiber (0, times_out, NULL);
  test_on_fiber_until (0, sleep_past_deadline, NULL, g_get_monotonic_time () + CS_MS (30));
}

static void
cancel_waiting (gpointer data)
{
  Waiter waiter = { .deadline = CS_NEVER };
  CsWait again;

  cs_fiber_start (NULL, waiter_run, &waiter, CS_NEVER);
  cs_fiber_cancel (waiter.fiber);
  g_assert_false (waiter.done);
  cs_sleep (CS_MS (1));
  g_assert_cmpint (waiter.status, ==, CS_CANCELLED);

  cs_fiber_cancel (cs_fiber_self ());
  cs_wait_init (&again);
  g_assert_cmpint (cs_wait (&again, CS_NEVER), ==, CS_CANCELLED);
  g_assert_cmpint (cs_sleep (1), ==, CS_CANCELLED);
}

static void
test_cancel (void)
{
  test_on_fiber (0, cancel_waiting, NULL);
}

/* Another thread wakes at random moments around the deadline: the wait says what happened, and
 * after it nobody touches the CsWait, which is overwritten at once. */
typedef struct
{
  GMutex lock;
  CsWait *wait; /* whom to wake; the right is taken back under the lock */
  gboolean stop;
  guint woken;
} Waker;

static gpointer
waker_main (gpointer data)
{
  Waker *waker = data;
  gboolean stop = FALSE;

  while (!stop)
    {
      g_mutex_lock (&waker->lock);
      if (waker->wait != NULL)
        {
          cs_wake_from (waker->wait);
          waker->wait = NULL;
          waker->woken++;
        }
      stop = waker->stop;
      g_mutex_unlock (&waker->lock);
      for (volatile int spin = g_random_int_range (0, 2000); spin > 0; spin--)
        ;
    }
  return NULL;
}

static void
wait_races (gpointer data)
{
  Waker *waker = data;
  guint ok = 0, late = 0, rounds = 3000;

  for (guint i = 0; i < rounds; i++)
    {
      CsWait wait;
      CsStatus status;
      gboolean taken_back;

      cs_wait_init (&wait);
      g_mutex_lock (&waker->lock);
      waker->wait = &wait;
      g_mutex_unlock (&waker->lock);
      status = cs_wait (&wait, cs_now () + (i % 3 == 0 ? 1 : CS_MS (1)));
      g_mutex_lock (&waker->lock);
      taken_back = waker->wait != NULL;
      waker->wait = NULL;
      g_mutex_unlock (&waker->lock);
      g_assert_true (status == CS_OK || status == CS_TIMED_OUT);
      g_assert_false (status == CS_OK && taken_back);
      ok += status == CS_OK;
      late += status == CS_TIMED_OUT;
      memset (&wait, 0xee, sizeof wait);
    }
  g_test_message ("%u woken, %u timed out", ok, late);
  g_assert_cmpuint (ok, >, 0);
}

static void
test_wake_from_races (void)
{
  Waker waker = { .wait = NULL };
  GThread *threads[2];

  g_mutex_init (&waker.lock);
  for (guint i = 0; i < 2; i++)
    threads[i] = g_thread_new ("waker", waker_main, &waker);
  test_on_fiber (0, wait_races, &waker);
  g_mutex_lock (&waker.lock);
  waker.stop = TRUE;
  g_mutex_unlock (&waker.lock);
  for (guint i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  g_mutex_clear (&waker.lock);
}

/* A thread that is no worker waits too. */
static gpointer
wake_later (gpointer data)
{
  g_usleep (20000);
  cs_wake_from (data);
  return NULL;
}

static void
test_thread_waits (void)
{
  CsWait wait;
  GThread *thread;

  cs_wait_init (&wait);
  g_assert_cmpint (cs_wait (&wait, g_get_monotonic_time () + CS_MS (5)), ==, CS_TIMED_OUT);
  cs_wait_init (&wait);
  thread = g_thread_new ("later", wake_later, &wait);
  g_assert_cmpint (cs_wait (&wait, g_get_monotonic_time () + CS_SECONDS (10)), ==, CS_OK);
  g_thread_join (thread);
}

static void
wait_through (gpointer data)
{
  CsWait wait;
  GThread *thread;

  cs_fiber_cancel (cs_fiber_self ());
  cs_wait_init (&wait);
  thread = g_thread_new ("later", wake_later, &wait);
  cs_wait_through (&wait);
  g_thread_join (thread);
}

static void
test_wait_through (void)
{
  test_on_fiber_until (0, wait_through, NULL, g_get_monotonic_time () + CS_MS (1));
}

/* What the ABI says belongs to the caller comes back after a switch. */
static void
keep_registers (gpointer data)
{
  double a = 1.5, b = 2.5, c = 3.5;
  int rounding;

  fesetround (FE_UPWARD);
  cs_sleep (CS_MS (1));
  rounding = fegetround ();
  fesetround (FE_TONEAREST);
  g_assert_cmpint (rounding, ==, FE_UPWARD);
  cs_sleep (CS_MS (1));
  g_assert_cmpfloat (a * b + c, ==, 7.25);
}

static void
keep_default_rounding (gpointer data)
{
  cs_sleep (CS_MS (1));
  g_assert_cmpint (fegetround (), ==, FE_TONEAREST);
}

static void
test_registers (void)
{
  test_on_fiber (0, keep_registers, NULL);
  test_on_fiber (0, keep_default_rounding, NULL);
}

static void
use_stack (gpointer data)
{
  volatile char bytes[60 * 1024];

  for (gsize i = 0; i < sizeof bytes; i += 64)
    bytes[i] = (char) i;
  cs_sleep (1);
  g_assert_cmpint (bytes[64], ==, 64);
}

static void
test_high_water (void)
{
  cs_fiber_paint (TRUE);
  test_on_fiber (0, use_stack, NULL);
  cs_fiber_paint (FALSE);
  test_on_worker (0, step, NULL); /* by then the fiber has ended */
  g_assert_cmpuint (cs_fiber_high_water (), >=, 60 * 1024);
  g_assert_cmpuint (cs_fiber_high_water (), <, 128 * 1024);
}

/* A burst of fibers leaves stacks behind whose pages go back to the system. */
static void
burst (gpointer data)
{
  static Waiter waiters[300];

  memset (waiters, 0, sizeof waiters);
  for (guint i = 0; i < G_N_ELEMENTS (waiters); i++)
    {
      waiters[i].deadline = CS_NEVER;
      g_assert_cmpint (cs_fiber_start (NULL, waiter_run, &waiters[i], CS_NEVER), ==, CS_OK);
    }
  for (guint i = 0; i < G_N_ELEMENTS (waiters); i++)
    cs_wake (&waiters[i].wait);
  cs_sleep (CS_MS (700));
  for (guint i = 0; i < G_N_ELEMENTS (waiters); i++)
    g_assert_true (waiters[i].done);
  /* Stacks that were trimmed serve again. */
  memset (waiters, 0, sizeof waiters);
  for (guint i = 0; i < G_N_ELEMENTS (waiters); i++)
    g_assert_cmpint (cs_fiber_start (NULL, waiter_run, &waiters[i], CS_NEVER), ==, CS_OK);
  cs_sleep (CS_MS (1));
}

static void
test_burst (void)
{
  test_on_fiber (0, burst, NULL);
}

static void
too_many (gpointer data)
{
  static Waiter waiters[40];
  guint n = 0;

  memset (waiters, 0, sizeof waiters);
  for (; n < G_N_ELEMENTS (waiters); n++)
    {
      waiters[n].deadline = CS_NEVER;
      if (cs_fiber_start (NULL, waiter_run, &waiters[n], CS_NEVER) != CS_OK)
        break;
    }
  g_assert_cmpuint (n, ==, 31);
  g_assert_cmpint (cs_fiber_start (NULL, step, NULL, CS_NEVER), ==, CS_OVERLOADED);
  for (guint i = 0; i < n; i++)
    cs_wake (&waiters[i].wait);
  cs_sleep (CS_MS (1));
  g_assert_cmpint (cs_fiber_start (NULL, step, NULL, CS_NEVER), ==, CS_OK);
}

static void
test_max_fibers (void)
{
  CsRuntimeOptions options = { .n_workers = 1, .max_fibers = 32 };
  g_autoptr (GError) error = NULL;

  cs_runtime_start (&options, &error);
  g_assert_no_error (error);
  test_on_fiber (0, too_many, NULL);
  test_stop ();
}

static void
wait_with_lock (gpointer data)
{
  GMutex lock;

  g_mutex_init (&lock);
  g_mutex_lock (&lock);
  cs_sleep (1);
  g_mutex_unlock (&lock);
  g_mutex_clear (&lock);
}

/* Debug builds refuse to wait while a mutex is held. */
static void
test_lock_over_wait (void)
{
#ifdef CS_COUNT_LOCKS
  if (g_test_subprocess ())
    {
      test_start (1);
      test_on_fiber (0, wait_with_lock, NULL);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*would wait while it holds a mutex*");
#else
  test_start (1);
  test_on_fiber (0, wait_with_lock, NULL);
  test_stop ();
#endif
}

static void
on_fault (int number, siginfo_t *info, void *context)
{
  static const char good[] = "stack overflow\n", bad[] = "something else\n";
  gboolean overflow = cs_worker_stack_overflowed (info->si_addr);

  if (write (STDERR_FILENO, overflow ? good : bad, sizeof good - 1) < 0 || !overflow)
    _exit (2);
  _exit (1);
}

static guint __attribute__ ((noinline))
recurse (guint depth)
{
  volatile char frame[4000];

  frame[0] = (char) depth;
  return depth == 0 ? 0 : recurse (depth - 1) + (guint) frame[0];
}

G_GNUC_UNUSED static void
overflow (gpointer data)
{
  struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

  sigaction (SIGSEGV, &action, NULL);
  steps = recurse (1000);
}

/* The guard stops it, the signal stack lets the handler run, and the address tells what it was. */
static void
test_overflow (void)
{
#if defined(CS_ASAN) || defined(CS_TSAN)
  g_test_skip ("the sanitizer has the signal");
#else
  if (g_test_subprocess ())
    {
      test_start (1);
      test_on_fiber (0, overflow, NULL);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*stack overflow*");
#endif
}

static void
wait_for_ever (gpointer data)
{
  Waiter *waiter = data;

  waiter_run (waiter);
  g_atomic_int_inc ((gint *) &waiter->deadline);
}

static void
start_for_ever (gpointer data)
{
  Waiter *waiters = data;

  for (guint i = 0; i < 50; i++)
    cs_fiber_start (NULL, wait_for_ever, &waiters[i], CS_NEVER);
}

/* Stopping resumes every fiber; none is forgotten. */
static void
test_stop_resumes (void)
{
  g_autofree Waiter *waiters = g_new0 (Waiter, 100);

  test_start (2);
  for (guint i = 0; i < 100; i++)
    waiters[i].deadline = CS_NEVER;
  test_on_worker (0, start_for_ever, waiters);
  test_on_worker (1, start_for_ever, waiters + 50);
  test_stop ();
  for (guint i = 0; i < 100; i++)
    {
      g_assert_true (waiters[i].done);
      g_assert_cmpint (waiters[i].status, ==, CS_CANCELLED);
    }
}

static void
with_runtime (gconstpointer test)
{
  test_start (2);
  ((void (*) (void)) test) ();
  test_stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/runtime/fiber/nested", test_nested, with_runtime);
  g_test_add_data_func ("/runtime/fiber/wake", test_wake, with_runtime);
  g_test_add_data_func ("/runtime/fiber/wake-first", test_wake_first, with_runtime);
  g_test_add_data_func ("/runtime/fiber/deadline", test_deadline, with_runtime);
  g_test_add_data_func ("/runtime/fiber/cancel", test_cancel, with_runtime);
  g_test_add_data_func ("/runtime/fiber/wake-from-races", test_wake_from_races, with_runtime);
  g_test_add_data_func ("/runtime/fiber/thread-waits", test_thread_waits, with_runtime);
  g_test_add_data_func ("/runtime/fiber/wait-through", test_wait_through, with_runtime);
  g_test_add_data_func ("/runtime/fiber/registers", test_registers, with_runtime);
  g_test_add_data_func ("/runtime/fiber/high-water", test_high_water, with_runtime);
  g_test_add_data_func ("/runtime/fiber/burst", test_burst, with_runtime);
  g_test_add_func ("/runtime/fiber/max-fibers", test_max_fibers);
  g_test_add_func ("/runtime/fiber/lock-over-wait", test_lock_over_wait);
  g_test_add_func ("/runtime/fiber/overflow", test_overflow);
  g_test_add_func ("/runtime/fiber/stop-resumes", test_stop_resumes);
  return g_test_run ();
}
