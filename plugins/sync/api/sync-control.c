/* sync-control.c: what commands of the control socket share: who gives them, and how they open a database.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-access.h"

static const char *const admin_roles[] = { "_admin", NULL };

static void
nothing_to_free (gpointer identity)
{
}

CsIdentity *
sync_control_identity (void)
{
  static CsIdentity identity = { .size = sizeof (CsIdentity), .ref_count = 1, .tenant = "",
                                 .user = "cloudsyncctl", .roles = admin_roles, .method = "control",
                                 .admin = TRUE, .expires = CS_NEVER,
                                 .free_func = nothing_to_free };

  return &identity;
}

CsStatus
sync_control_open (Sync *self, const char *name, SyncDb **db)
{
  char key[SYNC_KEY_MAX + 1];
  CsStatus status = sync_key_for (sync_control_identity (), cs_slice_str (name), key);

  *db = NULL;
  return status == CS_OK ? sync_db_load (self, key, db) : status;
}
