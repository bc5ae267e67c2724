/* service.h: an instance's own data, and how plugins find each other by contract.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SERVICE_H
#define CS_SERVICE_H

#include <cloudsync/error.h>
#include <cloudsync/host.h>
#include <cloudsync/settings.h>

G_BEGIN_DECLS

/* Called on the main thread when a wanted service comes (service non-NULL) or goes (NULL). */
typedef void (*CsServiceWatchFunc) (gpointer self, gpointer service);

typedef struct _CsInstanceTable
{
  gsize size;
  const void *(*settings) (gpointer self);
  const CsSection *(*sections) (gpointer self, const char *kind, guint *n);
  const char *(*name) (gpointer self);
  gboolean (*provide) (gpointer self, const char *contract, guint version, gpointer service,
                       GError **error);
  gpointer (*require) (gpointer self, const char *contract, guint version);
  void (*watch) (gpointer self, const char *contract, guint version, CsServiceWatchFunc func);
  void (*set_local) (gpointer self, gpointer state);
  gpointer (*local) (gpointer self);
  void (*start_pending) (gpointer self);
  void (*started) (gpointer self, const GError *error);
} CsInstanceTable;

/* The instance's settings struct as last committed; valid until destroy (). Any thread. */
static inline const void *
cs_settings (gpointer self)
{
  return cs_host_->instance->settings (self);
}

/* The named sections of one kind, `*n` of them, in the files' order; valid until destroy (). In
 * reload_prepare () those of the new settings. Any thread. */
static inline const CsSection *
cs_sections (gpointer self, const char *kind, guint *n)
{
  return cs_host_->instance->sections (self, kind, n);
}

/* The plugin's name. Any thread. */
static inline const char *
cs_name (gpointer self)
{
  return cs_host_->instance->name (self);
}

/* Every contract's header defines CS_<NAME> as `Type, "name", version`; a handle of that Type begins
 * with a pointer to its table. The handle is the provider's and outlives every user. */

/* In create (): offer SERVICE (a Type *) under a contract that the manifest lists. */
#define cs_provide(self, CONTRACT, service, error) cs_provide_ (self, CONTRACT, service, error)
#define cs_provide_(self, Type, contract, version, service, error)                                 \
  cs_host_->instance->provide (self, contract, version, (Type *) (service), error)

/* In start () or later, main thread: the Type * that is bound to a contract the manifest requires
 * (never NULL) or wants (NULL when nobody provides it). */
#define cs_require(self, CONTRACT) cs_require_ (self, CONTRACT)
#define cs_require_(self, Type, contract, version)                                                 \
  ((Type *) cs_host_->instance->require (self, contract, version))

/* In start (), for a wanted contract: func is called at once if it is there, and at each change. */
#define cs_watch_service(self, CONTRACT, func) cs_watch_service_ (self, CONTRACT, func)
#define cs_watch_service_(self, Type, contract, version, func)                                     \
  cs_host_->instance->watch (self, contract, version, func)

/* The instance's pointer of this worker; set in worker_start (), read on that worker only. NULL on
 * threads that are no workers. */
static inline void
cs_set_local (gpointer self, gpointer state)
{
  cs_host_->instance->set_local (self, state);
}

static inline gpointer
cs_local (gpointer self)
{
  return cs_host_->instance->local (self);
}

/* In start (), before returning TRUE: the start goes on; cs_started () will end it. */
static inline void
cs_start_pending (gpointer self)
{
  cs_host_->instance->start_pending (self);
}

/* Ends a pending start; `error` (borrowed) when it failed. Main thread. */
static inline void
cs_started (gpointer self, const GError *error)
{
  cs_host_->instance->started (self, error);
}

G_END_DECLS

#endif
