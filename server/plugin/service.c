/* service.c: who offers what to whom: checked when offered, handed out by the plan.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/service.h"

#include <cloudsync/error.h>
#include <string.h>

#include "runtime/log-ring.h"

gboolean
cs_service_offer (CsInstance *self, const char *contract, guint version, gpointer service,
                  GError **error)
{
  const CsNeed *promise = cs_manifest_find (self->manifest->provides, contract);
  CsOffer offer = { NULL, version, service };
  guint i;

  if (promise == NULL || promise->version != version)
    {
      g_set_error (error, CS_ERROR, CS_INVALID, "it offers %s=%u, which its manifest does not name "
                   "in CS_PROVIDES", contract, version);
      return FALSE;
    }
  for (i = 0; i < self->offers->len; i++)
    if (strcmp (g_array_index (self->offers, CsOffer, i).contract, contract) == 0)
      {
        g_set_error (error, CS_ERROR, CS_EXISTS, "it offers %s twice", contract);
        return FALSE;
      }
  offer.contract = promise->contract;
  g_array_append_val (self->offers, offer);
  return TRUE;
}

static gpointer
offered (const CsInstance *provider, const char *contract)
{
  guint i;

  for (i = 0; i < provider->offers->len; i++)
    {
      const CsOffer *offer = &g_array_index (provider->offers, CsOffer, i);

      if (strcmp (offer->contract, contract) == 0)
        return offer->service;
    }
  return NULL;
}

static CsUsedService *
find_use (CsInstance *self, const char *contract, guint version)
{
  guint i;

  for (i = 0; i < self->uses->len; i++)
    {
      CsUsedService *use = &g_array_index (self->uses, CsUsedService, i);

      if (strcmp (use->contract, contract) == 0)
        return use;
    }
  cs_core_log_for (cs_instance_self (self), CS_LOG_ERROR,
                   "asks for a contract that its manifest neither requires nor wants",
                   CS_F_STR ("contract", contract), CS_F_INT ("version", version));
  return NULL;
}

gpointer
cs_service_find (CsInstance *self, const char *contract, guint version)
{
  const CsUsedService *use = find_use (self, contract, version);

  if (use == NULL || use->provider == NULL || use->provider->state != CS_INSTANCE_STARTED)
    return NULL;
  return offered (use->provider, contract);
}

void
cs_service_watch (CsInstance *self, const char *contract, guint version, CsServiceWatchFunc func)
{
  CsUsedService *use = find_use (self, contract, version);
  gpointer service;

  if (use == NULL)
    return;
  use->watch = func;
  service = cs_service_find (self, contract, version);
  if (service != NULL)
    func (cs_instance_self (self), service);
}

static gboolean
listens (const CsInstance *user)
{
  return user->state == CS_INSTANCE_STARTED || user->state == CS_INSTANCE_CREATED;
}

void
cs_service_changed (CsInstance *provider, GPtrArray *users, gboolean there)
{
  guint i, j;

  for (i = 0; i < users->len; i++)
    {
      CsInstance *user = g_ptr_array_index (users, i);

      for (j = 0; listens (user) && j < user->uses->len; j++)
        {
          const CsUsedService *use = &g_array_index (user->uses, CsUsedService, j);

          if (use->provider == provider && use->watch != NULL)
            use->watch (cs_instance_self (user), there ? offered (provider, use->contract) : NULL);
        }
    }
}
