/* node.h: the one server object of the process: boot, run, drain, stop.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_NODE_OBJECT_H
#define CS_NODE_OBJECT_H

#include "node/plan.h"

/* How cloudsyncd ends. */
enum
{
  CS_EXIT_OK = 0,
  CS_EXIT_CONFIG = 1, /* nothing was started */
  CS_EXIT_USAGE = 2,
  CS_EXIT_START = 3, /* a directory, an address or a plugin failed; what had started was undone */
  CS_EXIT_FORCED = 4 /* something would not end in time and was left where it stood */
};

typedef struct
{
  const CsOptions *options;
  CsPlan *plan;
  CsPlugins *plugins;
  GMainLoop *loop;
  int lock_fd;
  guint n_workers;
  gint64 started;        /* wall clock */
  gboolean stop_asked;   /* a first SIGTERM, SIGINT or `drain` came */
  gboolean stop_now;     /* and a second one */
  gint64 drain_deadline; /* while draining */
  guint drain_timer;
} CsNode;

/* Boots `plan` (taken), runs until told to stop, and gives the exit code. Main thread. */
int cs_node_run (const CsOptions *options, CsPlan *plan);

/* Puts log levels and format in force. */
void cs_node_apply_log (CsNode *self);

#endif
