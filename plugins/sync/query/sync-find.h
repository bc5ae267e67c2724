/* sync-find.h: one query by selector: what it asks for, which index answers it, and what comes
 * back. SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_FIND_H
#define SYNC_FIND_H

#include "sync-index.h"

/* What a client asked for; in the exchange's memory. */
typedef struct
{
  CsHttpExchange *exchange;
  Sync *self;
  SyncDb *db;
  SyncArena arena;
  SyncSelector selector;
  gboolean hinted;
  CsSlice use_ddoc; /* with hinted: `_design/…` */
  CsSlice use_name; /* len 0: any of that design document */
  CsSlice bookmark; /* len 0: none */
  guint64 limit;
  guint64 skip;
  SyncField *sort;
  guint n_sort;
  gboolean descending;
  SyncJson fields;
  SyncProjection *projection; /* NULL: whole documents */
  gint64 r;
  gboolean conflicts;
  gboolean update;
  gboolean stable;
  gboolean stale_ok;
  gboolean stats;
  gboolean allow_fallback;
  /* Gets each match, with its record, instead of the exchange; FALSE: no more. NULL: the exchange is answered. */
  gboolean (*take) (const CsStoreRecord *record, gpointer data);
  gpointer take_data;
  GString *next;   /* with take: where to go on, a bookmark */
  SyncError error; /* why it is CS_INVALID */
} SyncFind;

/* sync-find-query.c: reads the body. FALSE: answered. To be cleared in either case. */
gboolean sync_find_read (SyncFind *find, CsHttpExchange *exchange, Sync *self, SyncDb *db);
/* The same of an object, without an exchange. FALSE: find->error tells. */
gboolean sync_find_parse (SyncFind *find, Sync *self, SyncDb *db, SyncArena arena, SyncJson object);
void sync_find_clear (SyncFind *find);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SyncFind, sync_find_clear)
void sync_find_refuse (const SyncFind *find, const SyncError *error);
/* `{"use_index": …}`, all of them, for _explain. */
void sync_find_append_options (const SyncFind *find, GString *out);

/* sync-find.c: runs it. CS_OK: the exchange is answered, or every match was taken; CS_INVALID: find->error tells;
 * else why it could not be read. Fiber; may wait. */
CsStatus sync_find_run (SyncFind *find);

/* ---- sync-range.c: what a selector says of one field ---- */

typedef struct
{
  SyncJson low; /* type NONE: no bound */
  SyncJson high;
  gboolean low_open; /* the bound itself is outside */
  gboolean high_open;
} SyncRange;

/* TRUE when conditions on this field can narrow a reading. */
gboolean sync_range_of (const SyncSelector *selector, CsSlice field, const SyncArena *arena,
                        SyncRange *range);
/* Nothing lies in it. */
gboolean sync_range_is_empty (const SyncRange *range, CsSlice field);
/* The fields that have one; at most `most`. */
guint sync_range_fields (const SyncSelector *selector, CsSlice *fields, guint most);
/* Every document that matches has this field. */
gboolean sync_selector_requires (const SyncSelector *selector, CsSlice field);
/* Every document that matches has the same value there. */
gboolean sync_selector_fixes (const SyncSelector *selector, CsSlice field);

/* ---- sync-plan.c: which index answers ---- */

typedef struct
{
  SyncIndex *index;
  gboolean usable;
  const char *reason; /* why it was not chosen */
  guint ranking;
  guint distance;    /* fields with a range that it does not use */
  SyncRange *ranges; /* of its first columns */
  guint n_ranges;
} SyncCandidate;

typedef struct
{
  SyncCandidate *candidates;
  guint n;
  SyncCandidate *chosen; /* NULL: none is usable */
  gboolean nothing;      /* no document can match */
  gboolean hint_missed;  /* use_index could not be followed */
} SyncPlan;

void sync_plan_make (SyncPlan *plan, const SyncFind *find, const SyncIndexes *indexes);
/* Takes the usable index with this mark instead. FALSE: there is none. */
gboolean sync_plan_choose_mark (SyncPlan *plan, const guint8 *mark);
/* FALSE: *error tells why the query cannot be run so. */
gboolean sync_plan_check (const SyncPlan *plan, const SyncFind *find, SyncError *error);
/* The bytes between which the entries lie; either may be empty for no bound. */
void sync_plan_bounds (const SyncCandidate *chosen, GByteArray *low, GByteArray *high);

/* ---- sync-bookmark.c: where the next page begins ---- */

typedef struct
{
  guint8 mark[8]; /* of the index; zeros: _all_docs */
  CsSlice key;
  CsSlice id;
} SyncBookmark;

/* FALSE: it is none. Slices are of the arena. */
gboolean sync_bookmark_read (SyncBookmark *bookmark, CsSlice text, const SyncArena *arena);
void sync_bookmark_append (const SyncBookmark *bookmark, GString *out);

#endif
