/* sqlite-list.c: the names of all databases, in byte order over all files.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"

#define NAMES_STEP 1000

typedef struct
{
  CsSlice prefix;
  GByteArray *from; /* the first name that may come */
  GPtrArray *names; /* GBytes */
  gboolean more;
} SqliteNames;

static gboolean
has_prefix (CsSlice name, CsSlice prefix)
{
  return name.len >= prefix.len && memcmp (name.data, prefix.data, prefix.len) == 0;
}

static CsStatus
read_names (SqliteConn *conn, gpointer data)
{
  SqliteNames *names = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_DATABASE_NAMES);
  guint before = names->names->len;
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite_bind_slice (st, 1, cs_slice (names->from->data, names->from->len));
  while ((status = sqlite_conn_step (conn, st)) == CS_OK)
    {
      CsSlice name = sqlite_column_slice (st, 0);

      if (!has_prefix (name, names->prefix))
        break;
      g_ptr_array_add (names->names, g_bytes_new (name.data, name.len));
    }
  sqlite3_reset (st);
  if (status != CS_OK && status != CS_NOT_FOUND)
    g_ptr_array_set_size (names->names, before);
  names->more = names->names->len - before == NAMES_STEP;
  return status == CS_NOT_FOUND ? CS_OK : status;
}

static CsStatus
read_all_names (SqliteShard *shard, SqliteNames *names)
{
  CsStatus status;

  g_byte_array_append (names->from, (const guint8 *) names->prefix.data, names->prefix.len);
  while ((status = sqlite_shard_read (shard, read_names, names)) == CS_OK && names->more)
    {
      gsize len;
      const guint8 *last
        = g_bytes_get_data (names->names->pdata[names->names->len - 1], &len);

      g_byte_array_set_size (names->from, 0);
      g_byte_array_append (names->from, last, len);
      g_byte_array_append (names->from, (const guint8 *) "", 1);
    }
  return status;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_bytes_compare (*(GBytes *const *) a, *(GBytes *const *) b);
}

CsStatus
sqlite_db_list (CsStore *base, CsSlice prefix, CsStoreNameFunc func, gpointer data)
{
  SqliteStore *store = (SqliteStore *) base;
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  CsStatus status = CS_OK;
  guint i;

  for (i = 0; i < store->n_shards && status == CS_OK; i++)
    {
      g_autoptr (GByteArray) from = g_byte_array_new ();
      SqliteNames names = { .prefix = prefix, .from = from, .names = all };

      status = read_all_names (store->shards[i], &names);
    }
  if (store->n_shards > 1)
    g_ptr_array_sort (all, compare_names);
  for (i = 0; i < all->len && status == CS_OK; i++)
    {
      gsize len;
      const char *name = g_bytes_get_data (all->pdata[i], &len);

      if (!func (cs_slice (name, len), data))
        break;
    }
  return status;
}
