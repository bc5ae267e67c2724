/* sync-page.c: some documents' text, one behind the other, and which of them a selector matches.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-page.h"

#include "sync-icu.h"

/* More text than this, as often as there are values to compare it with, is matched in the pool. */
#define MUCH (256 * 1024)

void
sync_page_init (SyncPage *page)
{
  page->text = g_string_sized_new (4096);
  page->docs = g_array_sized_new (FALSE, FALSE, sizeof (SyncPageDoc), 32);
}

void
sync_page_reset (SyncPage *page)
{
  g_string_truncate (page->text, 0);
  g_array_set_size (page->docs, 0);
}

void
sync_page_clear (SyncPage *page)
{
  g_string_free (page->text, TRUE);
  g_array_unref (page->docs);
}

CsStatus
sync_page_add (SyncPage *page, SyncView *view, gint node)
{
  SyncPageDoc doc = { page->text->len, 0, FALSE };
  CsStatus status = sync_view_append (view, node, page->text);

  if (status == CS_NOT_FOUND)
    g_string_truncate (page->text, doc.start);
  else if (status != CS_OK)
    return status;
  doc.len = page->text->len - doc.start;
  g_array_append_val (page->docs, doc);
  return CS_OK;
}

SyncJson
sync_page_json (const SyncPage *page, guint i)
{
  const SyncPageDoc *doc = sync_page_doc (page, i);
  const char *start = page->text->str + doc->start;

  return sync_json_value (start, start + doc->len);
}

typedef struct
{
  SyncPage *page;
  SyncSelector *selector;
} Matching;

static void
match_all (gpointer data)
{
  Matching *matching = data;
  SyncPage *page = matching->page;

  for (guint i = 0; i < page->docs->len; i++)
    {
      SyncPageDoc *doc = &g_array_index (page->docs, SyncPageDoc, i);

      doc->matches =
        doc->len > 0 && sync_selector_match (matching->selector, sync_page_json (page, i));
    }
}

CsStatus
sync_page_match (Sync *self, SyncPage *page, SyncSelector *selector)
{
  Matching matching = { page, selector };

  if (selector->regexes != NULL || page->text->len * (1 + (gsize) selector->n_values) > MUCH)
    return cs_pool_run (self, match_all, &matching);
  match_all (&matching);
  return CS_OK;
}

static const SyncError busy
  = { 503, "service_unavailable", "The server is busy: try again later." };

static void
load_icu (gpointer reason)
{
  *(const char **) reason = sync_icu_load ();
}

gboolean
sync_collate_prepare (Sync *self, SyncError *error)
{
  const char *reason = NULL;

  if (sync_icu_is_loaded ())
    return TRUE;
  if (cs_pool_run (self, load_icu, &reason) != CS_OK)
    *error = busy;
  else if (reason != NULL)
    {
      cs_error (self, "no queries", CS_F_STR ("reason", reason));
      *error = (SyncError){ 500, "internal_server_error", reason };
    }
  else
    return TRUE;
  return FALSE;
}

typedef struct
{
  SyncSelector *selector;
  const SyncTerm *bad;
} Compiling;

static void
compile (gpointer data)
{
  Compiling *compiling = data;

  compiling->bad = sync_selector_compile (compiling->selector);
}

gboolean
sync_selector_prepare (Sync *self, SyncSelector *selector, SyncJson object, const SyncArena *arena,
                       SyncError *error)
{
  Compiling compiling = { selector, NULL };

  if (!sync_collate_prepare (self, error) || !sync_selector_read (selector, object, arena, error))
    return FALSE;
  if (selector->regexes == NULL)
    return TRUE;
  if (cs_pool_run (self, compile, &compiling) != CS_OK)
    {
      *error = busy;
      return FALSE;
    }
  return compiling.bad == NULL || sync_selector_bad_regex (compiling.bad, arena, error);
}
