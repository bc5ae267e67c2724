/* sqlite-blobs.c: the names of objects elsewhere that records keep alive.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sqlite-engine.h"

#define PAGE_NAMES 500

/* ---- which of these are named ---- */

typedef struct
{
  const CsSlice *names;
  guint n;
  gboolean *named;
} Asking;

static CsStatus
ask_names (SqliteConn *conn, gpointer data)
{
  Asking *asking = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_BLOB_NAMED);
  CsStatus status = st != NULL ? CS_OK : CS_FAILED;
  guint i;

  for (i = 0; i < asking->n && status == CS_OK; i++)
    {
      if (asking->named[i])
        continue;
      sqlite_bind_slice (st, 1, asking->names[i]);
      status = sqlite_conn_step (conn, st);
      asking->named[i] = status == CS_OK;
      sqlite3_reset (st);
      if (status == CS_NOT_FOUND)
        status = CS_OK;
    }
  return status;
}

/* A backup that runs, and a restore that waits for the next start, may name any of them. */
static gboolean
objects_held (SqliteStore *store)
{
  return g_atomic_int_get (&store->backing_up) || g_atomic_int_get (&store->restoring);
}

CsStatus
sqlite_blobs_named (CsStore *base, const CsSlice *names, guint n, gboolean *named)
{
  SqliteStore *store = (SqliteStore *) base;
  Asking asking = { names, n, named };
  CsStatus status = CS_OK;
  guint i;

  memset (named, 0, n * sizeof *named);
  if (objects_held (store))
    {
      for (i = 0; i < n; i++)
        named[i] = TRUE;
      return CS_OK;
    }
  for (i = 0; i < store->n_shards && status == CS_OK; i++)
    status = sqlite_shard_read_long (store->shards[i], ask_names, &asking);
  return status;
}

/* ---- all names, in byte order over all files ---- */

typedef struct
{
  GBytes *after;
  GPtrArray *names; /* GBytes: of all files, a page of each */
  GBytes *bound;    /* beyond it some file's page ended; NULL: none did */
} Page;

static CsStatus
read_page (SqliteConn *conn, gpointer data)
{
  Page *page = data;
  sqlite3_stmt *st = sqlite_conn_statement (conn, SQLITE_ST_BLOB_NAMES);
  guint before = page->names->len;
  gsize len;
  const char *after = g_bytes_get_data (page->after, &len);
  CsStatus status;

  if (st == NULL)
    return CS_FAILED;
  sqlite_bind_slice (st, 1, cs_slice (after, len));
  sqlite3_bind_int (st, 2, PAGE_NAMES);
  while ((status = sqlite_conn_step (conn, st)) == CS_OK)
    {
      CsSlice name = sqlite_column_slice (st, 0);

      g_ptr_array_add (page->names, g_bytes_new (name.data, name.len));
    }
  sqlite3_reset (st);
  if (status != CS_NOT_FOUND)
    g_ptr_array_set_size (page->names, before);
  else if (page->names->len - before == PAGE_NAMES)
    {
      GBytes *last = page->names->pdata[page->names->len - 1];

      if (page->bound == NULL || g_bytes_compare (last, page->bound) < 0)
        page->bound = last;
    }
  return status == CS_NOT_FOUND ? CS_OK : status;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_bytes_compare (*(GBytes *const *) a, *(GBytes *const *) b);
}

/* Tells the names up to the bound, each once. FALSE: the callee has had enough. */
static gboolean
tell_page (Page *page, CsStoreNameFunc func, gpointer data)
{
  guint i;

  g_ptr_array_sort (page->names, compare_names);
  for (i = 0; i < page->names->len; i++)
    {
      GBytes *name = page->names->pdata[i];
      gsize len;
      const char *bytes = g_bytes_get_data (name, &len);

      if (page->bound != NULL && g_bytes_compare (name, page->bound) > 0)
        break;
      if (i > 0 && g_bytes_equal (name, page->names->pdata[i - 1]))
        continue;
      if (!func (cs_slice (bytes, len), data))
        return FALSE;
    }
  return TRUE;
}

static CsStatus
next_page (SqliteStore *store, Page *page)
{
  CsStatus status = CS_OK;
  guint i;

  g_ptr_array_set_size (page->names, 0);
  page->bound = NULL;
  for (i = 0; i < store->n_shards && status == CS_OK; i++)
    status = sqlite_shard_read_long (store->shards[i], read_page, page);
  return status;
}

CsStatus
sqlite_blobs_list (CsStore *base, CsSlice after, CsStoreNameFunc func, gpointer data)
{
  SqliteStore *store = (SqliteStore *) base;
  Page page = { .after = g_bytes_new (after.data, after.len),
                .names = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref) };
  gboolean more = TRUE;
  CsStatus status = CS_OK;

  while (more && (status = next_page (store, &page)) == CS_OK)
    {
      more = tell_page (&page, func, data) && page.bound != NULL;
      if (more)
        {
          g_bytes_unref (page.after);
          page.after = g_bytes_ref (page.bound);
        }
    }
  g_bytes_unref (page.after);
  g_ptr_array_unref (page.names);
  return status;
}
