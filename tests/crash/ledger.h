/* ledger.h: what a writer tried and what was acknowledged, to be held against a store after a crash.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_H
#define LEDGER_H

#include "test-host.h"

#define LEDGER_WRITERS 4
#define LEDGER_IDS 60 /* of each writer */
#define LEDGER_BATCH 12

/* Versions of one record rise; its content follows from id and version: a body, and beside it attachments. Small
 * ones are bodies too, one in some versions is the name of an object elsewhere. Some versions purge the record,
 * and each write may leave what was there for the housekeeping, which drops it without a new number. */
typedef struct
{
  guint64 acked[LEDGER_WRITERS][LEDGER_IDS]; /* version; 0: none */
  /* The batch of each writer that is not answered yet: n 0 when none. */
  guint tried_n[LEDGER_WRITERS];
  guint tried_ids[LEDGER_WRITERS][LEDGER_BATCH];
  guint64 tried_version[LEDGER_WRITERS];
  guint64 seen_seq; /* the highest that was acknowledged or shown to a reader; atomic */
  guint64 n_acked;
} Ledger;

/* What a round found; all zero when nothing was lost. */
typedef struct
{
  guint lost;     /* an acknowledged version is not there */
  guint torn;     /* content that no writer wrote, or half a batch */
  guint reused;   /* a sequence number could be given twice */
  guint damaged;  /* the full check failed */
  gint64 start_us;
} LedgerVerdict;

/* Tells somebody of a try and of its answer; writer's thread. May be NULL. */
typedef struct
{
  void (*tried) (gpointer data, guint writer, const guint *ids, guint n, guint64 version);
  void (*acked) (gpointer data, guint writer, guint64 version, guint64 seq);
  gpointer data;
} LedgerListener;

/* Commits batches from LEDGER_WRITERS threads, beside one of housekeeping, until a commit fails or *stop is set. */
void ledger_write (CsStoreDb *db, const Ledger *from, const LedgerListener *listener, gint *stop);

void ledger_tried (Ledger *ledger, guint writer, const guint *ids, guint n, guint64 version);
void ledger_acked (Ledger *ledger, guint writer, guint64 version, guint64 seq);

/* Starts an engine on `dir` and compares. Afterwards the ledger is what the store has. The data of a
 * store whose database was never acknowledged may be missing as a whole. */
LedgerVerdict ledger_verify (Ledger *ledger, const char *dir);
/* The same of a backup that began when the ledger was `before`, and ended before it is `after`: what was acknowledged
 * by then is there, as it was or later. */
LedgerVerdict ledger_verify_copy (const Ledger *before, const Ledger *after, const char *dir);
gboolean ledger_verdict_is_clean (const LedgerVerdict *verdict);

#endif
