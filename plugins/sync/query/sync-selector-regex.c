/* sync-selector-regex.c: $regex by PCRE2, with limits on the work at one document and the memory of
 * one match.
 *
 * PCRE2's own limit counts from anew at every place where a match may begin, and leaves out what a
 * repetition passes over. So a callout before each item counts itself and how far the place moved.
 *
 * Without JIT: an expression is used for one request, and code pages are not made writable for
 * that. SPDX-License-Identifier: Apache-2.0 */
#include "sync-selector-regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Of all matches at one document: some ten milliseconds, and more for a large one. */
#define WORK_LIMIT 1000000
#define WORK_PER_BYTE 8
#define MATCH_LIMIT 2000000
#define DEPTH_LIMIT 20000
#define HEAP_LIMIT_KIB 8192
#define PARENS_LIMIT 100

struct _SyncRegex
{
  SyncTerm *term;
  SyncRegex *next;
  pcre2_code *code;
  pcre2_match_data *data;
  pcre2_match_context *limits;
};

void
sync_regex_add (SyncSelector *self, SyncTerm *term, const SyncArena *arena)
{
  SyncRegex *regex = sync_alloc (arena, sizeof *regex);

  memset (regex, 0, sizeof *regex);
  regex->term = term;
  regex->next = self->regexes;
  self->regexes = regex;
  term->regex = regex;
}

/* Not 0 ends the match. */
static int
count_work (pcre2_callout_block *block, gpointer data)
{
  SyncSelector *self = data;
  gsize moved = MAX (block->current_position, self->place) -
                MIN (block->current_position, self->place);

  self->place = block->current_position;
  if (self->work_left <= moved)
    return PCRE2_ERROR_CALLOUT;
  self->work_left -= 1 + moved;
  return 0;
}

static gboolean
compile (SyncRegex *regex)
{
  pcre2_compile_context *context = pcre2_compile_context_create (NULL);
  CsSlice text = regex->term->text;
  PCRE2_SIZE at;
  int error;

  pcre2_set_parens_nest_limit (context, PARENS_LIMIT);
  regex->code =
    pcre2_compile ((PCRE2_SPTR) text.data, text.len,
                   PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT,
                   &error, &at, context);
  pcre2_compile_context_free (context);
  if (regex->code == NULL)
    return FALSE;
  regex->data = pcre2_match_data_create_from_pattern (regex->code, NULL);
  regex->limits = pcre2_match_context_create (NULL);
  pcre2_set_match_limit (regex->limits, MATCH_LIMIT);
  pcre2_set_depth_limit (regex->limits, DEPTH_LIMIT);
  pcre2_set_heap_limit (regex->limits, HEAP_LIMIT_KIB);
  return TRUE;
}

const SyncTerm *
sync_selector_compile (SyncSelector *self)
{
  for (SyncRegex *regex = self->regexes; regex != NULL; regex = regex->next)
    if (!compile (regex))
      return regex->term;
  return NULL;
}

gboolean
sync_selector_bad_regex (const SyncTerm *term, const SyncArena *arena, SyncError *error)
{
  return sync_refuse_value (error, arena, "bad_arg", "Bad argument for operator $regex",
                            term->arg.text);
}

void
sync_selector_clear (SyncSelector *self)
{
  for (SyncRegex *regex = self->regexes; regex != NULL; regex = regex->next)
    {
      pcre2_match_data_free (regex->data);
      pcre2_match_context_free (regex->limits);
      pcre2_code_free (regex->code);
    }
  self->regexes = NULL;
  self->root = NULL;
}

void
sync_regex_begin (SyncSelector *self, gsize len)
{
  self->given_up = FALSE;
  self->work_left = WORK_LIMIT + WORK_PER_BYTE * (guint64) len;
}

gboolean
sync_regex_match (SyncSelector *self, SyncRegex *regex, CsSlice text)
{
  int result;

  if (self->given_up)
    return FALSE;
  self->place = 0;
  pcre2_set_callout (regex->limits, count_work, self);
  result = pcre2_match (regex->code, (PCRE2_SPTR) text.data, text.len, 0, PCRE2_NO_UTF_CHECK,
                        regex->data, regex->limits);
  if (result < 0 && result != PCRE2_ERROR_NOMATCH)
    {
      self->given_up = TRUE;
      self->n_given_up++;
    }
  return result >= 0;
}
