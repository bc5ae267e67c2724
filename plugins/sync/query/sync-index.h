/* sync-index.h: indexes of a database: what design documents define, and how they are kept up to
 * date.
 *
 * A definition is one worker's copy, read again when a design document changed. What it is called
 * in the store follows from what it holds: two definitions that say the same share their entries,
 * and one that changed begins anew. SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_INDEX_H
#define SYNC_INDEX_H

#include "sync-page.h"

/* How far an index in the store is; shared by all workers. */
typedef struct _SyncIndexState SyncIndexState;

typedef struct
{
  guint ref_count;
  SyncScratch scratch; /* holds all that is pointed to */
  CsSlice ddoc;        /* id of its design document; len 0: _all_docs, which is always there */
  CsSlice name;
  SyncField *columns;
  guint n_columns;
  gboolean descending; /* said so; entries are read in both directions all the same */
  CsSlice filter_text; /* the partial filter's form; len 0: none */
  SyncSelector filter;
  char key[40];   /* its name in the store */
  guint8 mark[8]; /* of that, for bookmarks */
  SyncIndexState *state;
} SyncIndex;

/* Of one database as one worker sees them. */
typedef struct _SyncIndexes
{
  guint ref_count;
  GPtrArray *all; /* SyncIndex: _all_docs first, then by design document and name */
  guint64 stamp;  /* of the design documents that they were read from */
} SyncIndexes;

/* ---- sync-index-read.c: definitions ---- */

SyncIndex *sync_index_new (CsSlice ddoc, CsSlice name);
SyncIndex *sync_index_ref (SyncIndex *index);
void sync_index_unref (SyncIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SyncIndex, sync_index_unref)

/* Reads `{"fields", "partial_filter_selector"}` as a client or a design document has it. FALSE:
 * *error tells, whose reason is in the index's memory. Fiber; may wait. */
gboolean sync_index_read (Sync *self, SyncIndex *index, SyncJson definition, SyncError *error);
/* `{"ddoc", "name", "type", …, "def"}`. */
void sync_index_append (const SyncIndex *index, GString *out);
/* `{"age":"asc"}`. */
void sync_index_append_columns (const SyncIndex *index, GString *out);

/* CouchDB's name for an index without one, so that the same request makes the same design document
 * there and here. Strings are data NULL where the client gave none. */
typedef struct
{
  SyncJson definition;
  CsSlice ddoc;
  CsSlice name;
  SyncJson partitioned; /* type NONE: not given */
  gint64 w;
} SyncIndexRequest;

/* 41 bytes. */
void sync_index_make_name (const SyncIndexRequest *request, char *name);

/* ---- sync-indexes.c: those of a database ---- */

/* A reference. Drops what no design document defines any more, in the background. Fiber; may wait.
 */
CsStatus sync_indexes_get (Sync *self, SyncDb *db, SyncIndexes **indexes);
/* Looks at all of them again, for those in the store that nobody defines. Fiber; may wait. */
CsStatus sync_indexes_clean (Sync *self, SyncDb *db);
void sync_indexes_unref (SyncIndexes *indexes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SyncIndexes, sync_indexes_unref)

/* ---- sync-index-state.c: how far each is, and who waits for it ---- */

void sync_index_states_init (Sync *self);
void sync_index_states_clear (Sync *self);
/* A reference to the one state of this index of this database. */
SyncIndexState *
sync_index_state_get (Sync *self, const char *db_uuid, const char *db_name, const SyncIndex *index);
void sync_index_state_unref (SyncIndexState *state);
/* Forgets how far it is: it was not found where it should be. */
void sync_index_state_forget (SyncIndexState *state);
/* Waits until the index holds all records up to `seq`; whoever comes first brings it there for all.
 * CS_NOT_FOUND: it was dropped meanwhile. Fiber. */
CsStatus sync_index_update (Sync *self, SyncDb *db, SyncIndex *index, guint64 seq);
/* Appends `{"node","type":"indexer",…}` for each that is being brought up to date to a list. Any
 * thread. */
void sync_index_append_tasks (Sync *self, const char *node, GString *json);

/* For the builder: who has the state's lock sees all of it. */
typedef struct
{
  guint64 done;
  guint64 total;
} SyncIndexProgress;

void sync_index_state_reached (SyncIndexState *state, guint64 seq, SyncIndexProgress progress);

/* ---- sync-index-build.c ---- */

/* Brings the index to the database's last number as of now. Fiber; waits. */
CsStatus sync_index_build (Sync *self, SyncDb *db, SyncIndex *index);

#endif
