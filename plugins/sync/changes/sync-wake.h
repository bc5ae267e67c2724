/* sync-wake.h: what one reading after a commit gives to all feeds of a worker that wait at the same place.
 *
 * On the feeds' worker. A commit may wake ten thousand feeds: the first reads, on a fiber, and writes what is the same
 * for all; the others take that text without a fiber.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_WAKE_H
#define SYNC_WAKE_H

#include "sync-changes.h"

/* Rows after `since`, as feeds of the same kind frame them. */
typedef struct
{
  guint ref_count;
  SyncChanges key;  /* what was asked for; only what sync_wake_find () compares is used */
  gboolean reading; /* a fiber is at it */
  gboolean usable;  /* it was read to its end and may be given to others */
  guint64 upto;     /* the commit that it has seen */
  guint64 last;     /* of its rows, or `since` */
  guint64 n_rows;
  GString *rows;
  GString *tail;  /* what ends a longpoll */
  GQueue waiting; /* links of feeds, which come back when it was read */
} SyncWake;

/* A worker's. */
typedef struct
{
  Sync *self;
  CsTask task;
  CsTimer retry;    /* when no fiber was free */
  gboolean due;     /* the task or the timer is to come, or they are being served */
  GQueue woken; /* links of feeds that are to be served */
  GQueue wakes; /* SyncWake, newest first */
} SyncFeeds;

void sync_feeds_init (SyncFeeds *feeds, Sync *self);
void sync_feeds_clear (SyncFeeds *feeds);
/* sync-database.c */
SyncFeeds *sync_worker_feeds (Sync *self);

/* What this feed is to be told depends on nothing that is its own. */
gboolean sync_wake_shared (const SyncChanges *changes);
/* One that is being read, or that has seen the commit `told`; NULL: none. */
SyncWake *sync_wake_find (SyncFeeds *feeds, const SyncChanges *changes, guint64 told);
/* A reading begins; a reference for its reader, who calls sync_wake_end () once. */
SyncWake *sync_wake_begin (SyncFeeds *feeds, const SyncChanges *changes, guint64 told);
/* `whole`: `changes` has gone on over all of the rows, and there are no more. */
void sync_wake_end (SyncWake *wake, gboolean whole, SyncChanges *changes);
/* Whether its rows are just what this feed lacks. */
gboolean sync_wake_fits (const SyncWake *wake, const SyncChanges *changes);
/* When no feed is to be served, those that were read are freed. */
void sync_wake_forget (SyncFeeds *feeds);
void sync_wake_unref (SyncWake *wake);

#endif
