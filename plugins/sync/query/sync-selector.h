/* sync-selector.h: Mango selectors: read, put into one form, matched against documents.
 *
 * The form is CouchDB's: $and and $or at the top, below them one condition on one field each;
 * negations are pushed down to the conditions. What cannot be pushed is a mark on its condition.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_SELECTOR_H
#define SYNC_SELECTOR_H

#include "sync-field.h"

#define SYNC_SELECTOR_DEPTH_MAX 32
#define SYNC_SELECTOR_TERMS_MAX 4096
#define SYNC_SELECTOR_VALUES_MAX 10000

typedef enum
{
  SYNC_OP_AND,
  SYNC_OP_OR,
  SYNC_OP_LT,
  SYNC_OP_LTE,
  SYNC_OP_EQ,
  SYNC_OP_NE,
  SYNC_OP_GTE,
  SYNC_OP_GT,
  SYNC_OP_IN,
  SYNC_OP_NIN,
  SYNC_OP_ALL,
  SYNC_OP_EXISTS,
  SYNC_OP_TYPE,
  SYNC_OP_MOD,
  SYNC_OP_REGEX,
  SYNC_OP_SIZE,
  SYNC_OP_BEGINS_WITH,
  SYNC_OP_ELEM_MATCH,
  SYNC_OP_ALL_MATCH,
  SYNC_OP_KEY_MAP_MATCH,
  SYNC_OP_N
} SyncOp;

typedef struct _SyncTerm SyncTerm;
typedef struct _SyncRegex SyncRegex;

struct _SyncTerm
{
  SyncOp op;
  gboolean negated; /* of a condition: not so, though the field is there */
  gboolean is_id;   /* compared as bytes */
  SyncField field;  /* of a condition; no names: the value itself, inside $elemMatch and its like */
  SyncJson arg;
  CsSlice text;  /* of a string argument, escapes resolved */
  gint64 number; /* $size; $mod's divisor */
  gint64 remainder;
  SyncTerm **terms; /* $and, $or; the only one of $elemMatch and its like */
  guint n_terms;
  SyncRegex *regex;
};

/* Lives in its arena, and points into the text that it was read from. Used by one thread at a time.
 */
typedef struct
{
  SyncTerm *root;     /* NULL: {}, which everything matches */
  SyncRegex *regexes; /* NULL: none, so that matching needs no pool */
  guint n_terms;
  guint n_values; /* of $in, $nin and $all */
  /* Documents at which an expression reached its limit; they count as not matching. */
  guint n_given_up;
  /* Of the document at hand. */
  gboolean given_up;
  guint64 work_left;
  gsize place; /* in the text that is matched, when work was last counted */
} SyncSelector;

/* FALSE: *error tells, with the names of CouchDB. `object` was validated. Quick: no expression is
 * compiled. */
gboolean
sync_selector_read (SyncSelector *self, SyncJson object, const SyncArena *arena, SyncError *error);
/* Compiles the expressions; then the selector must be cleared. Not on a fiber when there are any.
 * The first condition whose expression is none, or NULL. */
const SyncTerm *sync_selector_compile (SyncSelector *self);
/* Always FALSE: *error tells of such a condition. */
gboolean sync_selector_bad_regex (const SyncTerm *term, const SyncArena *arena, SyncError *error);
/* A cleared or zeroed one may be cleared. */
void sync_selector_clear (SyncSelector *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SyncSelector, sync_selector_clear)

/* Not on a fiber when there are expressions; their work at one document is bounded. */
gboolean sync_selector_match (SyncSelector *self, SyncJson doc);
/* A document of `len` bytes comes. */
void sync_regex_begin (SyncSelector *self, gsize len);
gboolean sync_regex_match (SyncSelector *self, SyncRegex *regex, CsSlice text);

/* The form as JSON; reading that gives the same. */
void sync_selector_append (const SyncSelector *self, GString *out);
void sync_term_append (const SyncTerm *term, GString *out);

extern const char *const sync_op_names[SYNC_OP_N];

#endif
