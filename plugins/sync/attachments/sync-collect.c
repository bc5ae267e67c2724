/* sync-collect.c: removes large objects that no document names any more.
 *
 * An object is condemned, then the store is asked whether any document names it, then it is removed
 * unless somebody has opened or put it since: a writer has it open until its commit is over, so that the
 * store shows its name to whoever condemned it before.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync.h"

#define BATCH 200
#define FIRST_AFTER CS_SECONDS (300) /* so that a node which is often started anew searches too */

typedef struct
{
  Sync *self;
  gint64 stored_before; /* wall clock */
  CsBlobEntry entries[BATCH];
  guint n;
  CsBlobId last;
  gboolean any; /* `last` is one */
  guint64 removed, bytes;
  gboolean (*go_on) (void);
} Collection;

static gboolean
note_entry (const CsBlobEntry *entry, gpointer data)
{
  Collection *collection = data;

  collection->last = entry->id;
  collection->any = TRUE;
  if (entry->stored >= collection->stored_before)
    return TRUE;
  collection->entries[collection->n++] = *entry;
  return collection->n < BATCH;
}

/* Those that nobody has open. */
static void
condemn (Collection *collection)
{
  guint kept = 0;

  for (guint i = 0; i < collection->n; i++)
    if (cs_blob_condemn (collection->self->blobs, &collection->entries[i].id) == CS_OK)
      collection->entries[kept++] = collection->entries[i];
  collection->n = kept;
}

static CsStatus
ask_store (Collection *collection, gboolean *named)
{
  CsSlice names[BATCH];

  for (guint i = 0; i < collection->n; i++)
    names[i] = cs_blob_id_slice (&collection->entries[i].id);
  return cs_store_blobs_named (collection->self->store, names, collection->n, named);
}

/* CS_CONFLICT: it is in use again; CS_NOT_FOUND: gone already. */
static CsStatus
remove_one (Collection *collection, const CsBlobEntry *entry)
{
  CsStatus status = cs_blob_remove (collection->self->blobs, &entry->id);

  if (status == CS_OK)
    {
      collection->removed++;
      collection->bytes += entry->bytes;
      cs_stat_add (collection->self->blobs_collected, 1);
    }
  return status == CS_CONFLICT || status == CS_NOT_FOUND ? CS_OK : status;
}

static CsStatus
judge (Collection *collection)
{
  gboolean named[BATCH];
  CsStatus status;

  condemn (collection);
  status = ask_store (collection, named);
  for (guint i = 0; i < collection->n; i++)
    if (status != CS_OK || named[i])
      cs_blob_pardon (collection->self->blobs, &collection->entries[i].id);
    else
      status = remove_one (collection, &collection->entries[i]);
  return status;
}

/* One batch; *more: there may be others after it. */
static CsStatus
collect_batch (Collection *collection, gboolean *more)
{
  CsBlobId after = collection->last;
  CsStatus status;

  collection->n = 0;
  status = cs_blob_list (collection->self->blobs, collection->any ? &after : NULL, note_entry,
                         collection);
  *more = collection->n == BATCH;
  return status == CS_OK && collection->n > 0 ? judge (collection) : status;
}

static CsStatus
collect_all (Collection *collection)
{
  gboolean more = TRUE;
  CsStatus status = CS_OK;

  while (status == CS_OK && more && collection->go_on ())
    status = collect_batch (collection, &more);
  return status;
}

/* FALSE: one is running. */
static gboolean
begin (Sync *self)
{
  return g_atomic_int_compare_and_exchange (&self->collecting, FALSE, TRUE);
}

static CsStatus
run (Collection *collection)
{
  CsStatus status = collect_all (collection);

  g_atomic_int_set (&collection->self->collecting, FALSE);
  if (status != CS_OK && status != CS_CANCELLED)
    cs_warning (collection->self, "objects that no document names could not all be removed",
                CS_F_STR ("reason", cs_status_text (status)));
  if (collection->removed > 0)
    cs_info (collection->self, "objects that no document names were removed",
             CS_F_INT ("objects", collection->removed), CS_F_INT ("bytes", collection->bytes));
  return status;
}

/* ---- from time to time ---- */

static gboolean
node_runs (void)
{
  CsNodeInfo info = { .size = sizeof info };

  cs_node_info (&info);
  return info.state == CS_NODE_RUNNING;
}

static void
collect_on_fiber (gpointer data)
{
  Sync *self = data;
  const SyncSettings *settings = cs_settings (self);
  Collection *collection = g_new0 (Collection, 1);

  collection->self = self;
  collection->stored_before = g_get_real_time () - settings->blob_grace;
  collection->go_on = node_runs;
  run (collection);
  g_free (collection);
}

static void start_timer (Sync *self, gint64 most);

static void
time_is_up (CsTimer *timer, gpointer data)
{
  Sync *self = data;

  start_timer (self, CS_NEVER);
  if (node_runs () && begin (self)
      && cs_fiber_start (self, collect_on_fiber, self, CS_NEVER) != CS_OK)
    g_atomic_int_set (&self->collecting, FALSE);
}

static void
start_timer (Sync *self, gint64 most)
{
  const SyncSettings *settings = cs_settings (self);

  cs_timer_start (self, &self->collect_timer, cs_now () + MIN (settings->blob_collect, most),
                  time_is_up, self);
}

void
sync_collect_start (Sync *self)
{
  if (self->blobs != NULL)
    start_timer (self, FIRST_AFTER);
}

void
sync_collect_stop (Sync *self)
{
  cs_timer_stop (&self->collect_timer);
}

/* ---- when asked for ---- */

static gboolean
command_goes_on (void)
{
  return !cs_command_cancelled ();
}

static gboolean
fail (GError **error, CsStatus status, const char *text)
{
  g_set_error_literal (error, CS_ERROR, (gint) status, text);
  return FALSE;
}

static gboolean
collect_command (gpointer data, const char *const *args, GString *output, GError **error)
{
  Sync *self = data;
  const SyncSettings *settings = cs_settings (self);
  gboolean now = args != NULL && args[0] != NULL && strcmp (args[0], "now") == 0;
  g_autofree Collection *collection = g_new0 (Collection, 1);
  CsStatus status;

  if (args != NULL && args[0] != NULL && !now)
    return fail (error, CS_INVALID, "the one argument is 'now': without waiting for blob-grace");
  if (self->blobs == NULL)
    return fail (error, CS_UNSUPPORTED, "no plugin provides blob=1: there are no large objects");
  if (!begin (self))
    return fail (error, CS_OVERLOADED, "a collection is running already");
  collection->self = self;
  collection->stored_before = g_get_real_time () - (now ? 0 : settings->blob_grace);
  collection->go_on = command_goes_on;
  status = run (collection);
  if (status == CS_OK && cs_command_cancelled ())
    status = CS_CANCELLED;
  if (status != CS_OK)
    return fail (error, status, cs_status_text (status));
  g_string_append_printf (output,
                          "{\"removed\":%" G_GUINT64_FORMAT ",\"bytes\":%" G_GUINT64_FORMAT "}",
                          collection->removed, collection->bytes);
  return TRUE;
}

const CsNodeCommand sync_collect_command
  = { "collect-blobs", "Removes large objects that no document names ('now': however new they are)",
      collect_command };
