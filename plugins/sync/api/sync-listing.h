/* sync-listing.h: what a listing of documents asks for: all, the design ones, or the local ones.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_LISTING_H
#define SYNC_LISTING_H

#include "sync-view.h"

typedef enum
{
  SYNC_LISTING_ALL,
  SYNC_LISTING_DESIGN,
  SYNC_LISTING_LOCAL
} SyncListingKind;

/* One listing: parameters stand in the query, and in a POST's body, which wins. */
typedef struct
{
  CsHttpExchange *exchange;
  Sync *self;
  SyncDb *db;
  SyncArena arena;
  SyncListingKind kind;
  SyncJson body;
  SyncJson keys; /* ARRAY: these instead of a range; type NONE: none */
  CsSlice from;
  CsSlice to;
  CsStoreRange range;
  gint64 skip;
  gint64 limit;
  gboolean empty; /* a key that is no string matches nothing */
  gboolean include_docs;
  gboolean update_seq;
  guint flags; /* SyncViewFlags of the documents */
  guint64 n_rows;
} SyncListing;

/* Fibers; may wait for the body. FALSE, NULL: answered. */

/* Reads the body that a POST has. The first members are set. */
gboolean sync_listing_read_body (SyncListing *self);
gboolean sync_listing_read (SyncListing *self);
/* The listings of the body's `queries`, of the arena; all are read before the first is answered. */
SyncListing *sync_listing_read_queries (SyncListing *self, guint *n);

/* sync-local-docs.c: rows of local documents. Fibers. */
CsStatus sync_local_docs_range (SyncListing *self, GString *out);
CsStatus sync_local_docs_key (SyncListing *self, SyncJson key, GString *out);

/* sync-all-docs.c: a key without a document. */
void sync_listing_append_missing (SyncListing *self, SyncJson key, GString *out);

#endif
