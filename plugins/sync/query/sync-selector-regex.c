/* sync-selector-regex.c: $regex by PCRE2, with limits on the work and the memory of one match.
 *
 * Without JIT: an expression is used for one request, and code pages are not made writable for
 * that. SPDX-License-Identifier: Apache-2.0 */
#include "sync-selector-regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MATCH_LIMIT 200000 /* about 10 ms */
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
                   PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C, &error, &at, context);
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

gboolean
sync_regex_match (SyncSelector *self, SyncRegex *regex, CsSlice text)
{
  int result = pcre2_match (regex->code, (PCRE2_SPTR) text.data, text.len, 0, PCRE2_NO_UTF_CHECK,
                            regex->data, regex->limits);

  if (result < 0 && result != PCRE2_ERROR_NOMATCH)
    self->n_given_up++;
  return result >= 0;
}
