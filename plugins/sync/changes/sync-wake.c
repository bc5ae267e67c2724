/* sync-wake.c: what one reading after a commit gives to all feeds of a worker that wait at the same place.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-wake.h"

#define WAKES_MAX 8              /* kept at once: feeds of one database come one behind the other */
#define ROWS_BYTES_MAX (64 * 1024) /* more is read by each for itself, at its client's pace */

void
sync_feeds_init (SyncFeeds *feeds, Sync *self)
{
  feeds->self = self;
  g_queue_init (&feeds->woken);
  g_queue_init (&feeds->wakes);
}

void
sync_wake_unref (SyncWake *wake)
{
  if (--wake->ref_count > 0)
    return;
  sync_db_unref (wake->key.db);
  g_string_free (wake->rows, TRUE);
  g_string_free (wake->tail, TRUE);
  g_free (wake);
}

void
sync_feeds_clear (SyncFeeds *feeds)
{
  cs_timer_stop (&feeds->retry);
  g_queue_clear_full (&feeds->wakes, (GDestroyNotify) sync_wake_unref);
}

void
sync_wake_forget (SyncFeeds *feeds)
{
  for (GList *link = feeds->wakes.head, *next; link != NULL; link = next)
    {
      SyncWake *wake = link->data;

      next = link->next;
      if (wake->reading)
        continue;
      g_queue_delete_link (&feeds->wakes, link);
      sync_wake_unref (wake);
    }
}

/* The numbers of rows so far show in a seq_interval, and in the comma before a longpoll's next row. Large attachments
 * leave for the reader's own client while they are read. */
gboolean
sync_wake_shared (const SyncChanges *changes)
{
  return changes->filter == SYNC_FILTER_NONE && !changes->descending && changes->fields == NULL
         && (changes->flags & SYNC_VIEW_ATTACHMENTS) == 0
         && (changes->feed == SYNC_FEED_LONGPOLL ? changes->n_rows == 0
                                                 : changes->seq_interval <= 1);
}

static gboolean
same (const SyncChanges *a, const SyncChanges *b)
{
  return a->db == b->db && a->since == b->since && a->epoch == b->epoch && a->feed == b->feed
         && a->all_leaves == b->all_leaves && a->include_docs == b->include_docs
         && a->flags == b->flags && a->seq_interval == b->seq_interval;
}

SyncWake *
sync_wake_find (SyncFeeds *feeds, const SyncChanges *changes, guint64 told)
{
  for (GList *link = feeds->wakes.head; link != NULL; link = link->next)
    {
      SyncWake *wake = link->data;

      if (same (&wake->key, changes) && (wake->reading || wake->upto >= told))
        return wake;
    }
  return NULL;
}

SyncWake *
sync_wake_begin (SyncFeeds *feeds, const SyncChanges *changes, guint64 told)
{
  SyncWake *wake = g_new0 (SyncWake, 1);

  if (feeds->wakes.length >= WAKES_MAX)
    sync_wake_forget (feeds);
  wake->ref_count = 2; /* the list's and the reader's */
  wake->key = *changes;
  sync_db_ref (wake->key.db);
  wake->reading = TRUE;
  wake->upto = told;
  wake->rows = g_string_sized_new (256);
  wake->tail = g_string_new (NULL);
  g_queue_init (&wake->waiting);
  g_queue_push_head (&feeds->wakes, wake);
  return wake;
}

void
sync_wake_end (SyncWake *wake, gboolean whole, SyncChanges *changes)
{
  wake->reading = FALSE;
  wake->usable = whole && wake->rows->len <= ROWS_BYTES_MAX;
  wake->last = changes->since;
  wake->n_rows = changes->n_rows - wake->key.n_rows;
  if (wake->usable && changes->feed == SYNC_FEED_LONGPOLL)
    sync_changes_tail (changes, FALSE, wake->tail);
}

gboolean
sync_wake_fits (const SyncWake *wake, const SyncChanges *changes)
{
  return wake->usable && wake->n_rows <= (guint64) changes->left;
}
