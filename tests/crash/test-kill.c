/* test-kill.c: kill -9 of a writing process at a random moment; then everything it was told is there.
 * CRASH_ROUNDS says how often (default 20).
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"

static const char *program;

static guint
rounds (void)
{
  const char *text = g_getenv ("CRASH_ROUNDS");

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : 20;
}

/* ---- the process that dies: a line before each commit and one after ---- */

static void
say (const GString *line)
{
  if (write (STDOUT_FILENO, line->str, line->len) != (gssize) line->len)
    _exit (1);
}

static void
say_tried (gpointer data, guint writer, const guint *ids, guint n, guint64 version)
{
  g_autoptr (GString) line = g_string_new (NULL);
  guint i;

  g_string_printf (line, "T %u %" G_GUINT64_FORMAT, writer, version);
  for (i = 0; i < n; i++)
    g_string_append_printf (line, " %u", ids[i]);
  g_string_append_c (line, '\n');
  say (line);
}

static void
say_acked (gpointer data, guint writer, guint64 version, guint64 seq)
{
  g_autoptr (GString) line = g_string_new (NULL);

  g_string_printf (line, "A %u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n", writer, version,
                   seq);
  say (line);
}

static int
write_until_killed (const char *dir, char **versions)
{
  TestStore *test = test_store_new (dir);
  LedgerListener listener = { say_tried, say_acked, NULL };
  Ledger from = { 0 };
  gint stop = FALSE;
  CsStoreDb *db = NULL;
  guint i;

  for (i = 0; i < LEDGER_WRITERS; i++)
    from.tried_version[i] = g_ascii_strtoull (versions[i], NULL, 10);
  test->settings.checkpoint = 256 * 1024;
  if (!test_store_start (test, NULL))
    return 1;
  if (cs_store_open (&test->store.base, cs_slice_str ("db"), &db) != CS_OK
      && cs_store_create (&test->store.base, cs_slice_str ("db"), &db) != CS_OK)
    return 1;
  ledger_write (db, &from, &listener, &stop);
  return 1;
}

/* ---- the one that kills ---- */

typedef struct
{
  GPid pid;
  FILE *lines;
} Child;

static Child
start_child (const char *dir, const Ledger *ledger)
{
  g_autoptr (GError) error = NULL;
  char versions[LEDGER_WRITERS][24];
  char *args[4 + LEDGER_WRITERS] = { (char *) program, (char *) "--write", (char *) dir };
  Child child;
  guint i;
  int out;

  for (i = 0; i < LEDGER_WRITERS; i++)
    {
      g_snprintf (versions[i], sizeof versions[i], "%" G_GUINT64_FORMAT,
                  ledger->tried_version[i]);
      args[3 + i] = versions[i];
    }
  g_spawn_async_with_pipes (NULL, args, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &child.pid,
                            NULL, &out, NULL, &error);
  g_assert_no_error (error);
  child.lines = fdopen (out, "r");
  return child;
}

static void
note_line (Ledger *ledger, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  guint ids[LEDGER_BATCH], n = g_strv_length (words), i;
  guint writer = g_ascii_strtoull (words[1], NULL, 10);
  guint64 version = g_ascii_strtoull (words[2], NULL, 10);

  if (line[0] == 'A')
    {
      ledger_acked (ledger, writer, version, g_ascii_strtoull (words[3], NULL, 10));
      return;
    }
  for (i = 3; i < n; i++)
    ids[i - 3] = g_ascii_strtoull (words[i], NULL, 10);
  ledger_tried (ledger, writer, ids, n - 3, version);
}

typedef struct
{
  GPid pid;
  gulong delay;
} Killer;

static gpointer
kill_later (gpointer data)
{
  Killer *killer = data;

  g_usleep (killer->delay);
  kill (killer->pid, SIGKILL);
  return NULL;
}

/* Lines come whole: each is one write shorter than PIPE_BUF. */
static void
load_until_killed (const char *dir, Ledger *ledger, gulong delay)
{
  Child child = start_child (dir, ledger);
  Killer killer = { child.pid, delay };
  GThread *thread = g_thread_new ("killer", kill_later, &killer);
  char line[256];
  int status = 0;

  while (fgets (line, sizeof line, child.lines) != NULL)
    note_line (ledger, line);
  fclose (child.lines);
  g_thread_join (thread);
  g_assert_cmpint (waitpid (child.pid, &status, 0), ==, child.pid);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
}

static void
test_kills (void)
{
  Ledger *ledger = g_new0 (Ledger, 1);
  char *dir = test_dir_new ();
  gint64 slowest = 0;
  guint i, n = rounds ();

  for (i = 0; i < n; i++)
    {
      LedgerVerdict verdict;

      load_until_killed (dir, ledger, g_test_rand_int_range (2000, 150000));
      verdict = ledger_verify (ledger, dir);
      if (!ledger_verdict_is_clean (&verdict))
        g_test_message ("round %u: lost %u, torn %u, reused %u, damaged %u", i, verdict.lost,
                        verdict.torn, verdict.reused, verdict.damaged);
      g_assert_true (ledger_verdict_is_clean (&verdict));
      slowest = MAX (slowest, verdict.start_us);
    }
  g_test_message ("%u kills, %" G_GUINT64_FORMAT " batches acknowledged, slowest start %"
                  G_GINT64_FORMAT " us", n, ledger->n_acked, slowest);
  g_assert_cmpuint (ledger->n_acked, >, n);
  g_assert_cmpint (slowest, <, G_USEC_PER_SEC);
  test_dir_remove (dir);
  g_free (ledger);
}

int
main (int argc, char **argv)
{
  if (argc == 3 + LEDGER_WRITERS && g_str_equal (argv[1], "--write"))
    return write_until_killed (argv[2], argv + 3);
  program = argv[0];
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/crash/kill/keeps-what-was-acknowledged", test_kills);
  return g_test_run ();
}
