/* node.h: what a plugin may know of the node it runs in: state, holds against a drain, plugins.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_NODE_H
#define CS_NODE_H

#include <cloudsync/host.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

typedef enum
{
  CS_NODE_STARTING,
  CS_NODE_RUNNING,
  CS_NODE_DRAINING,
  CS_NODE_STOPPING
} CsNodeState;

typedef struct
{
  gsize size;
  const char *version; /* of the server */
  const char *role;
  const char *data_dir; /* absolute; every engine keeps its files below it */
  const char *name;     /* node.name, default the host's name */
  gint64 started;       /* wall clock, microseconds since 1970 */
  CsNodeState state;
} CsNodeInfo;

typedef struct
{
  gsize size;
  const char *name;
  const char *version;
  const char *summary;
  const char *const *provides; /* "store=1"; NULL-terminated */
  const char *const *uses;     /* "store=sqlite": contract and bound plugin; NULL-terminated */
  gboolean healthy;
  const char *reason; /* when not healthy */
} CsNodePlugin;

typedef void (*CsNodePluginFunc) (const CsNodePlugin *plugin, gpointer data);
typedef gboolean (*CsNodeCommandFunc) (gpointer self, const char *const *args, GString *output,
                                       GError **error);

typedef struct
{
  const char *name;    /* the first word given to `cloudsyncctl` */
  const char *summary; /* one line */
  CsNodeCommandFunc run;
} CsNodeCommand;

typedef struct _CsNodeTable
{
  gsize size;
  void (*info) (CsNodeInfo *info);
  void (*hold) (gpointer self, gint delta);
  void (*visit_plugins) (CsNodePluginFunc func, gpointer data);
  gboolean (*ready) (const char **reason);
  void (*add_command) (gpointer self, const CsNodeCommand *command);
  void (*command_progress) (const char *what, guint64 done, guint64 total);
  gboolean (*command_cancelled) (void);
  int (*command_fd) (void);
} CsNodeTable;

/* Fills `info`, whose size the caller has set; strings are valid for ever. Any thread. */
static inline void
cs_node_info (CsNodeInfo *info)
{
  cs_host_->node->info (info);
}

/* Each hold keeps a draining node alive until it is released or the drain's deadline passes, which
 * logs who held. Any thread; no lock. */
static inline void
cs_hold (gpointer self)
{
  cs_host_->node->hold (self, 1);
}

static inline void
cs_release (gpointer self)
{
  cs_host_->node->hold (self, -1);
}

/* Every plugin of the node in start order. Any thread, from worker_start () on. */
static inline void
cs_visit_plugins (CsNodePluginFunc func, gpointer data)
{
  cs_host_->node->visit_plugins (func, data);
}

/* Running, not draining, and every plugin healthy; else *reason (static or long-lived). Any thread. */
static inline gboolean
cs_node_ready (const char **reason)
{
  return cs_host_->node->ready (reason);
}

/* In create (): adds a command to the control socket. `run` is called on a thread of its own, of low
 * priority, may block, and appends one JSON value to `output`; args is NULL-terminated, without the
 * command's name. */
static inline void
cs_add_command (gpointer self, const CsNodeCommand *command)
{
  cs_host_->node->add_command (self, command);
}

/* ---- in a command's `run`, on its thread ---- */

/* Tells whoever waits how far the command is: `what` names the stage ("copying store-0.db"), `done` of `total` in
 * any one unit, total 0 when it is not known. May be called as often as one likes: what comes too fast is
 * not sent. Does not wait. */
static inline void
cs_command_progress (const char *what, guint64 done, guint64 total)
{
  cs_host_->node->command_progress (what, done, total);
}

/* TRUE: whoever asked is gone, or the node stops. A command that takes long looks now and then, undoes what
 * is half, and fails with CS_CANCELLED. */
static inline gboolean
cs_command_cancelled (void)
{
  return cs_host_->node->command_cancelled ();
}

/* The descriptor that came along with the request, for commands that read or write a stream; -1: none. It is
 * a file, a pipe or a terminal that blocks, and stays the host's. */
static inline int
cs_command_fd (void)
{
  return cs_host_->node->command_fd ();
}

G_END_DECLS

#endif
