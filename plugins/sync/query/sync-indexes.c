/* sync-indexes.c: the indexes of a database as its design documents define them; what is defined no
 * more is dropped.
 *
 * They are looked at again whenever the database moved, and read again when a design document did.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-index.h"

#define PAGE_ROWS 200
#define INDEXES_MAX 1000

static const char design_from[] = "_design/";
static const char design_to[] = "_design0"; /* beyond the last */

static void
index_free (gpointer index)
{
  sync_index_unref (index);
}

static SyncIndexes *
indexes_new (void)
{
  SyncIndexes *indexes = g_new0 (SyncIndexes, 1);

  indexes->ref_count = 1;
  indexes->all = g_ptr_array_new_with_free_func (index_free);
  g_ptr_array_add (indexes->all, sync_index_new (cs_slice ("", 0), cs_slice_str ("_all_docs")));
  return indexes;
}

void
sync_indexes_unref (SyncIndexes *indexes)
{
  if (indexes == NULL || --indexes->ref_count > 0)
    return;
  g_ptr_array_unref (indexes->all);
  g_free (indexes);
}

/* ---- design documents ---- */

typedef CsStatus (*DesignFunc) (const CsStoreRecord *record, gpointer data);

static CsStatus
each_design (SyncDb *db, guint what, DesignFunc func, gpointer data)
{
  CsSlice from = cs_slice_str (design_from);
  CsSlice to = cs_slice_str (design_to);
  CsStoreRange range = {
    .size = sizeof range, .from = &from, .to = &to, .limit = PAGE_ROWS, .what = what
  };
  g_autofree char *last = NULL;
  CsStatus status = CS_OK;
  gboolean more = TRUE;

  while (status == CS_OK && more)
    {
      CsStoreRows *rows = NULL;

      status = cs_store_ids (db->db, &range, &rows);
      for (guint i = 0; status == CS_OK && i < rows->n; i++)
        status = func (&rows->records[i], data);
      more = status == CS_OK && rows->more && rows->n > 0;
      if (more)
        {
          g_free (last);
          last = g_strndup (rows->records[rows->n - 1].id.data, rows->records[rows->n - 1].id.len);
          from = cs_slice_str (last);
          range.from_exclusive = TRUE;
        }
      cs_store_rows_free (db->db, rows);
    }
  return status;
}

/* Sequence numbers are given once: their mixture tells whether any design document is another. */
static CsStatus
add_to_stamp (const CsStoreRecord *record, gpointer data)
{
  guint64 *stamp = data;

  *stamp = (*stamp ^ record->seq) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + 1;
  return CS_OK;
}

typedef struct
{
  Sync *self;
  SyncDb *db;
  SyncIndexes *indexes;
  const char *uuid;
} Loader;

static void
add_view (Loader *loader, CsSlice ddoc, CsSlice name, SyncJson view)
{
  g_autoptr (SyncIndex) index = sync_index_new (ddoc, name);
  SyncError error;

  if (!sync_index_read (loader->self, index, sync_json_member (view, "map"), &error))
    {
      cs_warning (loader->self, "an index cannot be used", CS_F_STR ("database", loader->db->key),
                  CS_F_STR ("design-document", index->ddoc.data),
                  CS_F_STR ("index", index->name.data), CS_F_STR ("reason", error.reason));
      return;
    }
  index->state = sync_index_state_get (loader->self, loader->uuid, loader->db->key, index);
  g_ptr_array_add (loader->indexes->all, g_steal_pointer (&index));
}

static void
add_views (Loader *loader, CsSlice ddoc, SyncJson views, const SyncArena *arena)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson view;

  if (!sync_json_members (&cursor, views))
    return;
  while (sync_json_next_member (&cursor, &key, &view) && loader->indexes->all->len < INDEXES_MAX)
    if (sync_json_member (view, "map").type == SYNC_JSON_OBJECT)
      add_view (loader, ddoc, sync_json_text (key, arena), view);
}

static CsStatus
load_design (const CsStoreRecord *record, gpointer data)
{
  Loader *loader = data;
  g_autoptr (GString) text = g_string_new (NULL);
  SyncScratch scratch;
  SyncView view = { .db = loader->db, .record = record };
  CsStatus status;

  add_to_stamp (record, &loader->indexes->stamp);
  sync_scratch_init (&scratch);
  view.arena = &scratch.arena;
  status = sync_view_append (&view, SYNC_WINNER, text);
  if (status == CS_OK)
    {
      SyncJson doc = sync_json_value (text->str, text->str + text->len);

      if (sync_json_is (sync_json_member (doc, "language"), "query"))
        add_views (loader, record->id, sync_json_member (doc, "views"), &scratch.arena);
    }
  sync_scratch_clear (&scratch);
  return status == CS_NOT_FOUND ? CS_OK : status;
}

/* ---- what is defined no more ---- */

typedef struct
{
  Sync *self;
  SyncDb *db;
  GPtrArray *names;
} Cleaning;

static gboolean
note_name (CsSlice name, gpointer data)
{
  if (name.len > 6 && memcmp (name.data, "mango/", 6) == 0)
    g_ptr_array_add (data, g_strndup (name.data, name.len));
  return TRUE;
}

static gboolean
is_defined (const SyncIndexes *indexes, const char *key)
{
  for (guint i = 0; i < indexes->all->len; i++)
    if (strcmp (((const SyncIndex *) indexes->all->pdata[i])->key, key) == 0)
      return TRUE;
  return FALSE;
}

static void
drop_names (gpointer data)
{
  Cleaning *cleaning = data;

  for (guint i = 0; i < cleaning->names->len; i++)
    cs_store_index_drop (cleaning->db->db, cs_slice_str (cleaning->names->pdata[i]));
  g_ptr_array_unref (cleaning->names);
  sync_db_unref (cleaning->db);
  g_free (cleaning);
}

/* `names` were in the store before the definitions were read, so that nothing new is among them. */
static void
drop_undefined (Sync *self, SyncDb *db, const SyncIndexes *indexes, GPtrArray *names)
{
  Cleaning *cleaning;

  for (guint i = names->len; i-- > 0;)
    if (is_defined (indexes, names->pdata[i]))
      g_ptr_array_remove_index (names, i);
  if (names->len == 0)
    return;
  cleaning = g_new (Cleaning, 1);
  *cleaning = (Cleaning){ self, sync_db_ref (db), g_ptr_array_ref (names) };
  if (cs_fiber_start (self, drop_names, cleaning, CS_NEVER) == CS_OK)
    return;
  g_ptr_array_unref (cleaning->names); /* the next look finds them again */
  sync_db_unref (cleaning->db);
  g_free (cleaning);
}

/* ---- the database's ---- */

static int
by_place (gconstpointer a, gconstpointer b)
{
  const SyncIndex *x = *(const SyncIndex *const *) a;
  const SyncIndex *y = *(const SyncIndex *const *) b;
  int order = cs_slice_compare (x->ddoc, y->ddoc);

  return order != 0 ? order : cs_slice_compare (x->name, y->name);
}

static CsStatus
load (Sync *self, SyncDb *db, const CsStoreInfo *info, SyncIndexes **out)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (SyncIndexes) indexes = indexes_new ();
  Loader loader = { self, db, indexes, info->uuid };
  CsStatus status = cs_store_index_list (db->db, note_name, names);

  if (status == CS_OK)
    status = each_design (db, CS_STORE_BODY, load_design, &loader);
  if (status != CS_OK)
    return status;
  g_ptr_array_sort (indexes->all, by_place);
  drop_undefined (self, db, indexes, names);
  *out = g_steal_pointer (&indexes);
  return CS_OK;
}

static void
remember (SyncDb *db, SyncIndexes *indexes, guint64 seq)
{
  indexes->ref_count++;
  sync_indexes_unref (db->indexes);
  db->indexes = indexes;
  db->indexes_seq = seq;
}

CsStatus
sync_indexes_get (Sync *self, SyncDb *db, SyncIndexes **out)
{
  CsStoreInfo info = { .size = sizeof info };
  CsStatus status = cs_store_info (db->db, &info);
  guint64 stamp = 0;

  *out = NULL;
  if (status == CS_OK && db->indexes != NULL && db->indexes_seq != info.last_seq)
    {
      status = each_design (db, 0, add_to_stamp, &stamp);
      /* Another fiber may have cleared or replaced them meanwhile. */
      if (status == CS_OK && db->indexes != NULL && db->indexes->stamp == stamp)
        db->indexes_seq = info.last_seq;
    }
  if (status != CS_OK)
    return status;
  if (db->indexes != NULL && db->indexes_seq == info.last_seq)
    {
      db->indexes->ref_count++;
      *out = db->indexes;
      return CS_OK;
    }
  status = load (self, db, &info, out);
  if (status == CS_OK)
    remember (db, *out, info.last_seq);
  return status;
}

CsStatus
sync_indexes_clean (Sync *self, SyncDb *db)
{
  g_autoptr (SyncIndexes) indexes = NULL;

  g_clear_pointer (&db->indexes, sync_indexes_unref);
  return sync_indexes_get (self, db, &indexes);
}
