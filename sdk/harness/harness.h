/* harness.h: a small host for unit tests: real threads as workers, no fibers, no network.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A wait blocks its thread; otherwise the calls do what the headers say, so that a plugin's code runs
 * unchanged. Log lines are kept for the test to read, statistics are summed by name. One harness at a
 * time, made and freed on the main thread. */
#ifndef CS_HARNESS_H
#define CS_HARNESS_H

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

#define CS_HARNESS_MAX_WORKERS 16

typedef void (*CsHarnessFunc) (gpointer data);

/* Starts the worker threads and sets cs_host_. */
void cs_harness_start (guint n_workers);

/* Runs what is left in the mailboxes, ends the threads, frees the instances. */
void cs_harness_stop (void);

/* A zeroed instance of `state_size` bytes. `settings` is borrowed. */
gpointer cs_harness_instance (const char *name, const void *settings, gsize state_size);

/* The settings that cs_settings () answers from now on. */
void cs_harness_set_settings (gpointer self, const void *settings);

/* The named sections of a kind; borrowed. */
void cs_harness_set_sections (gpointer self, const char *kind, const CsSection *sections, guint n);

/* func (data) on a worker; returns when it has run. */
void cs_harness_run (guint worker, CsHarnessFunc func, gpointer data);

/* Returns when every task that had been pushed to the pool or posted to a worker before has run. */
void cs_harness_settle (void);

/* Moves the clock of cs_now () on, and runs the timers that are due by then on their workers;
 * otherwise none runs. */
void cs_harness_pass (gint64 length);

/* Starts on another loop than the harness's own, whose workers run and stay the caller's:
 * cs_harness_run (), settle () and pass () are not for it. */
void cs_harness_start_on (const CsLoopTable *loop);

/* Everything logged so far, one line each; to be g_free()d. */
char *cs_harness_log (void);

/* The sum over all series of that name (a histogram's number of observations). */
gint64 cs_harness_stat (const char *name);

/* What cs_node_ready () answers; NULL: ready. */
void cs_harness_set_unready (const char *reason);

/* The plugins that cs_visit_plugins () shows; borrowed. */
void cs_harness_set_plugins (const CsNodePlugin *plugins, guint n);

/* Runs a command that a plugin added. NULL output and FALSE when there is none of that name. */
gboolean cs_harness_command (const char *name, const char *const *args, GString *output,
                             GError **error);

/* What cs_command_fd () answers to it; borrowed. */
void cs_harness_set_command_fd (int fd);

G_END_DECLS

#endif
