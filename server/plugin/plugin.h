/* plugin.h: one instance of a plugin: its state machine, and what the host keeps for it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_INSTANCE_H
#define CS_INSTANCE_H

#include <cloudsync/node.h>
#include <cloudsync/plugin.h>
#include <cloudsync/service.h>

#include "plugin/manifest.h"
#include "plugin/settings-set.h"
#include "runtime/owner.h"

typedef enum
{
  CS_INSTANCE_LOADED,
  CS_INSTANCE_CREATED,
  CS_INSTANCE_STARTED, /* start () returned and, when pending, cs_started () came */
  CS_INSTANCE_FAILED,  /* its start () failed: it is not called again */
  CS_INSTANCE_STOPPED,
  CS_INSTANCE_DESTROYED
} CsInstanceState;

typedef struct _CsInstance CsInstance;

/* What a plugin offers: in create (). */
typedef struct
{
  const char *contract; /* of its manifest */
  guint version;
  gpointer service;
} CsOffer;

/* A contract it requires or wants, and who it is bound to. */
typedef struct
{
  const char *contract; /* of its manifest */
  guint version;
  gboolean required;
  gboolean ordered;
  CsInstance *provider; /* NULL: a want that nobody meets */
  CsServiceWatchFunc watch;
} CsUsedService;

/* Holds are counted a thread, on cache lines of their own: a request takes one. */
typedef struct
{
  gint64 n;
  char pad_[56];
} CsHoldSlot;

/* Lies before the state that the plugin knows as `self`. Main thread, but for what says otherwise. */
struct _CsInstance
{
  CsManifest *manifest;
  CsPlugin plugin;
  CsInstanceState state;
  CsSettingsSet *settings;  /* the committed set; any thread, atomically */
  CsSettingsSet *preparing; /* during reload_prepare () */
  GPtrArray *sets;          /* every set it ever had */
  gpointer token;           /* between reload_prepare () and commit or abort */
  GArray *offers;           /* CsOffer */
  GArray *uses;             /* CsUsedService */
  GArray *commands;         /* CsNodeCommand */
  gpointer *locals;         /* by worker */
  CsHoldSlot *holds;        /* by worker, then one for all other threads */
  guint n_workers;
  guint8 *worker_ready;     /* by worker: its worker_start () succeeded; that worker's */
  gboolean pending;
  GError *pending_error;
  char **provides_text;  /* "store=1"; made once, any thread */
  char **uses_text;      /* "store=sqlite" */
  const char *unhealthy; /* NULL: healthy; any thread, atomically */
  CsOwner owner; /* the last member */
};

G_STATIC_ASSERT (sizeof (CsInstance)
                 == G_STRUCT_OFFSET (CsInstance, owner) + sizeof (CsOwner));

static inline CsInstance *
cs_instance (gpointer self)
{
  return (CsInstance *) self - 1;
}

static inline gpointer
cs_instance_self (CsInstance *instance)
{
  return instance + 1;
}

/* Takes manifest and settings. `index` is its place in start order. */
CsInstance *cs_instance_new (CsManifest *manifest, const CsPlugin *plugin, CsSettingsSet *settings,
                             guint index, guint n_workers);
void cs_instance_free (CsInstance *self);

gboolean cs_instance_create (CsInstance *self, GError **error);
/* Waits for a pending start, `timeout` microseconds at most, while the main loop runs. */
gboolean cs_instance_start (CsInstance *self, gint64 timeout, GError **error);
gboolean cs_instance_worker_start (CsInstance *self, guint worker, GError **error);
void cs_instance_worker_stop (CsInstance *self, guint worker);
void cs_instance_drain (CsInstance *self, gint64 deadline);
void cs_instance_stop (CsInstance *self);
void cs_instance_destroy (CsInstance *self);

/* `settings` is taken in either case. */
gboolean cs_instance_reload_prepare (CsInstance *self, CsSettingsSet *settings, GError **error);
void cs_instance_reload_commit (CsInstance *self);
void cs_instance_reload_abort (CsInstance *self);

gboolean cs_instance_healthy (CsInstance *self, const char **reason);

/* The sum of its holds; may be read while they change. Any thread. */
gint64 cs_instance_holds (const CsInstance *self);

const char *cs_instance_state_name (CsInstanceState state);

/* What the main thread does now, for crash reports: plugin and operation; static strings. Any thread. */
void cs_instance_main_doing (const char **plugin, const char **op);

#endif
