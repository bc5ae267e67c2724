/* command.h: plugins' commands for an operator, run on a thread of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_COMMAND_H
#define CS_COMMAND_H

#include "plugin/plugin.h"

typedef struct _CsCommand CsCommand;

typedef struct
{
  CsInstance *instance;
  CsNodeCommand command;
} CsCommandStep;

/* Both on the main thread. `json` is a JSON object; `done` is the last call, with a JSON value or with
 * `error` (taken). */
typedef struct
{
  void (*progress) (gpointer data, const char *json);
  void (*done) (gpointer data, const GString *result, GError *error);
} CsCommandCaller;

/* Runs the steps (CsCommandStep; taken) one after the other until one fails, holding their plugins against
 * a drain. With `each` the result is an object of the plugins' names and results, else the only step's. `fd`
 * is what the caller sent along, or -1; taken. The thread is one of low priority, so that neither requests nor
 * the pool wait for a long command. NULL when no thread can be made: nothing is called then. Main thread. */
CsCommand *cs_command_start (GArray *steps, gboolean each, const char *const *args, int fd,
                             const CsCommandCaller *caller, gpointer data, GError **error);

/* Nobody waits for it any more: what it does next with cs_command_cancelled () ends it. Before `done`. */
void cs_command_cancel (CsCommand *self);

/* Of the command that the calling thread runs; see node.h. */
void cs_command_tell (const char *what, guint64 so_far, guint64 total);
gboolean cs_command_is_cancelled (void);
int cs_command_descriptor (void);

#endif
