/* sync-merge-patch.c: JSON merge patch (RFC 7396) on text, by slices.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-merge-patch.h"

#include <stdlib.h>

/* A member of the patch. */
typedef struct
{
  CsSlice name; /* escapes resolved */
  SyncJson key;
  SyncJson value;
  guint order;
  guint ahead;   /* members of the target with this name that are still to come */
  gboolean done; /* written, or left out, already */
} Member;

/* An object that is being written; `above` goes on when it is closed. */
typedef struct _Level Level;
struct _Level
{
  Level *above;
  SyncJsonCursor target;
  gboolean in_target; /* its members come first */
  Member *members;    /* of the patch, as they came */
  Member **sorted;    /* one for each name: the last that has it */
  guint n;
  guint n_sorted;
  guint next;
  gboolean any; /* a member was written */
};

typedef struct
{
  const SyncArena *arena;
  GString *out;
  Level *level;
} Merging;

static int
compare_members (gconstpointer a, gconstpointer b)
{
  const Member *one = *(Member *const *) a;
  const Member *two = *(Member *const *) b;
  int order = cs_slice_compare (one->name, two->name);

  return order != 0 ? order : (one->order > two->order) - (one->order < two->order);
}

/* Of members with one name the last counts; the others are done with. */
static void
sort_members (Level *level)
{
  guint kept = 0;

  if (level->n > 1)
    qsort (level->sorted, level->n, sizeof *level->sorted, compare_members);
  for (guint i = 0; i < level->n; i++)
    if (i + 1 < level->n && cs_slice_equal (level->sorted[i]->name, level->sorted[i + 1]->name))
      level->sorted[i]->done = TRUE;
    else
      level->sorted[kept++] = level->sorted[i];
  level->n_sorted = kept;
}

static guint
count_members (SyncJson object)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;
  guint n = 0;

  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &value))
    n++;
  return n;
}

static void
read_members (Merging *merging, Level *level, SyncJson patch)
{
  guint n = count_members (patch);
  SyncJsonCursor cursor;

  level->members = sync_alloc (merging->arena, (n + 1) * sizeof (Member));
  level->sorted = sync_alloc (merging->arena, (n + 1) * sizeof (Member *));
  sync_json_members (&cursor, patch);
  for (level->n = 0; level->n < n; level->n++)
    {
      Member *member = &level->members[level->n];

      sync_json_next_member (&cursor, &member->key, &member->value);
      member->name = sync_json_text (member->key, merging->arena);
      member->order = level->n;
      member->ahead = 0;
      member->done = FALSE;
      level->sorted[level->n] = member;
    }
  sort_members (level);
}

static Member *
find_member (Merging *merging, const Level *level, SyncJson key)
{
  CsSlice name;
  guint low = 0;
  guint high = level->n_sorted;

  if (high == 0)
    return NULL;
  name = sync_json_text (key, merging->arena);
  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (cs_slice_compare (level->sorted[middle]->name, name) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low < level->n_sorted && cs_slice_equal (level->sorted[low]->name, name)
           ? level->sorted[low]
           : NULL;
}

/* A name that the target has twice stands for its last member. */
static void
count_ahead (Merging *merging, Level *level)
{
  SyncJsonCursor cursor = level->target;
  SyncJson key;
  SyncJson value;

  while (level->n_sorted > 0 && sync_json_next_member (&cursor, &key, &value))
    {
      Member *member = find_member (merging, level, key);

      if (member != NULL)
        member->ahead++;
    }
}

/* Begins the object that `patch` makes of `target`; of anything but an object it makes a new one. */
static void
open_level (Merging *merging, SyncJson target, SyncJson patch)
{
  Level *level = sync_alloc (merging->arena, sizeof *level);

  memset (level, 0, sizeof *level);
  level->above = merging->level;
  level->in_target = sync_json_members (&level->target, target);
  read_members (merging, level, patch);
  if (level->in_target)
    count_ahead (merging, level);
  g_string_append_c (merging->out, '{');
  merging->level = level;
}

static void
close_level (Merging *merging)
{
  g_string_append_c (merging->out, '}');
  merging->level = merging->level->above;
}

static void
append_key (Merging *merging, SyncJson key)
{
  if (merging->level->any)
    g_string_append_c (merging->out, ',');
  merging->level->any = TRUE;
  g_string_append_len (merging->out, key.text.data, key.text.len);
  g_string_append_c (merging->out, ':');
}

/* What a member of the patch makes of the target's value (type NONE: it has none). */
static void
append_patched (Merging *merging, Member *member, SyncJson value)
{
  if (member->done)
    return;
  member->done = TRUE;
  if (member->value.type == SYNC_JSON_NULL)
    return;
  append_key (merging, member->key);
  if (member->value.type == SYNC_JSON_OBJECT)
    open_level (merging, value, member->value);
  else
    g_string_append_len (merging->out, member->value.text.data, member->value.text.len);
}

static void
append_kept (Merging *merging, SyncJson key, SyncJson value)
{
  append_key (merging, key);
  g_string_append_len (merging->out, value.text.data, value.text.len);
}

static void
step (Merging *merging)
{
  static const SyncJson none = { SYNC_JSON_NONE, { NULL, 0 } };
  Level *level = merging->level;
  Member *member;
  SyncJson key;
  SyncJson value;

  if (level->in_target && sync_json_next_member (&level->target, &key, &value))
    {
      member = find_member (merging, level, key);
      if (member == NULL)
        append_kept (merging, key, value);
      else if (--member->ahead == 0)
        append_patched (merging, member, value);
      return;
    }
  level->in_target = FALSE;
  if (level->next < level->n)
    append_patched (merging, &level->members[level->next++], none);
  else
    close_level (merging);
}

void
sync_merge_patch (SyncJson target, SyncJson patch, const SyncArena *arena, GString *out)
{
  Merging merging = { .arena = arena, .out = out };

  open_level (&merging, target, patch);
  while (merging.level != NULL)
    step (&merging);
}
