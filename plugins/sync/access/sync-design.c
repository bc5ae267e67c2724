/* sync-design.c: what may be stored as a design document: no access rule is dropped without a word.
 *
 * CouchDB calls `validate_doc_update` before each write. It is JavaScript, which is not run here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-write.h"

static void
tell (Sync *self, SyncDb *db, const SyncDoc *doc)
{
  g_autofree char *id = g_strndup (doc->id.data, doc->id.len);

  cs_warning (self, "validate_doc_update is stored and not enforced",
              CS_F_STR ("database", db->key), CS_F_STR ("document", id));
}

gboolean
sync_design_check (Sync *self, SyncDb *db, const SyncDoc *doc, SyncError *error)
{
  const SyncSettings *settings = cs_settings (self);

  if (!sync_id_is_design (doc->id) || doc->deleted
      || sync_json_member (doc->value, "validate_doc_update").type == SYNC_JSON_NONE)
    return TRUE;
  if (settings->unenforced_validation == SYNC_UNENFORCED_STORE)
    {
      tell (self, db, doc);
      return TRUE;
    }
  *error = (SyncError){ 403, "forbidden",
                        "The member validate_doc_update is an access rule that this server would "
                        "not enforce: leave it out, or set sync.unenforced-validation = store" };
  return FALSE;
}
