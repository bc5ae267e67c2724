/* crash.c: the crash report. What runs in the handler is async-signal-safe: no allocation, no lock.
 * SPDX-License-Identifier: Apache-2.0 */
#include "node/crash.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/worker.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

enum { DEEPEST = 64, STACK = 64 * 1024 };

/* Made beforehand, read by the handler. */
static struct
{
  char text[8192];
  char path[512];
  guint n_workers;
  volatile sig_atomic_t entered;
} report;

static void
put (int fd, const char *text)
{
  gsize len = strlen (text);

  while (len > 0)
    {
      gssize n = write (fd, text, len);

      if (n <= 0)
        return;
      text += n;
      len -= (gsize) n;
    }
}

static void
put_number (int fd, guint64 number)
{
  char digits[24];
  gsize at = sizeof digits - 1;

  digits[at] = '\0';
  do
    digits[--at] = (char) ('0' + number % 10);
  while ((number /= 10) > 0);
  put (fd, digits + at);
}

static void
put_threads (int fd)
{
  const char *plugin, *op;
  guint i;

  cs_instance_main_doing (&plugin, &op);
  put (fd, "main thread: ");
  put (fd, plugin);
  put (fd, ": ");
  put (fd, op);
  put (fd, "\n");
  for (i = 0; i < report.n_workers; i++)
    {
      CsHeartbeat beat;

      cs_worker_heartbeat (i, &beat);
      put (fd, "worker ");
      put_number (fd, i);
      put (fd, " (thread ");
      put_number (fd, (guint64) beat.tid);
      put (fd, "): ");
      put (fd, beat.busy_since == 0 ? "idle" : beat.owner != NULL ? beat.owner->name : "core");
      put (fd, beat.busy_since != 0 && beat.op != NULL ? ": " : "");
      put (fd, beat.busy_since != 0 && beat.op != NULL ? beat.op : "");
      put (fd, "\n");
    }
}

static void
put_report (int fd, int number, const void *address)
{
  void *frames[DEEPEST];
  int depth = backtrace (frames, DEEPEST);

  put (fd, "cloudsyncd " CS_SERVER_VERSION " crashed: signal ");
  put_number (fd, (guint64) number);
  put (fd, " in thread ");
  put_number (fd, (guint64) gettid ());
  put (fd, "\n");
  if (number == SIGSEGV && cs_worker_stack_overflowed (address))
    put (fd, "a fiber's stack overflowed: what needs much stack belongs into cs_pool_run ()\n");
  put (fd, report.text);
  put_threads (fd);
  backtrace_symbols_fd (frames, depth, fd);
}

static void
on_crash (int number, siginfo_t *info, void *context)
{
  int fd;

  if (!report.entered)
    {
      report.entered = 1;
      put_report (STDERR_FILENO, number, info->si_addr);
      fd = report.path[0] != '\0'
             ? open (report.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
             : -1;
      if (fd >= 0)
        {
          put_report (fd, number, info->si_addr);
          close (fd);
        }
    }
  /* SA_RESETHAND has put the default action back. */
  raise (number);
}

void
cs_crash_install (void)
{
#ifndef SANITIZED
  static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
  struct sigaction action
    = { .sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND };
  stack_t stack = { .ss_sp = g_malloc (STACK), .ss_size = STACK };
  void *frame;
  gsize i;

  backtrace (&frame, 1); /* loads the unwinder now, not in the handler */
  sigaltstack (&stack, NULL);
  sigemptyset (&action.sa_mask);
  for (i = 0; i < G_N_ELEMENTS (numbers); i++)
    sigaction (numbers[i], &action, NULL);
#else
  (void) on_crash;
#endif
}

void
cs_crash_set_plugins (const CsPlugins *plugins, const char *data_dir)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < plugins->instances->len; i++)
    {
      const CsInstance *instance = g_ptr_array_index (plugins->instances, i);
      const CsManifest *manifest = instance->manifest;

      g_string_append_printf (text, "plugin %s %s, %s, build id %s\n", manifest->name,
                              manifest->version,
                              instance->plugin.build != NULL ? instance->plugin.build : "?",
                              manifest->build_id != NULL ? manifest->build_id : "none");
      report.n_workers = instance->n_workers;
    }
  g_strlcpy (report.text, text->str, sizeof report.text);
  g_string_free (text, TRUE);
  g_snprintf (report.path, sizeof report.path, "%s/crash-%d.txt", data_dir, (gint) getpid ());
}
