/* sync-index-state.c: how far each index is, and who waits for it: one builder at a time for all
 * workers. SPDX-License-Identifier: Apache-2.0 */
#include "sync-index.h"

/* On the stack of a fiber that waits for a builder. */
typedef struct
{
  CsWait wait;
  gboolean told; /* the builder took it off the list, and will wake it */
  CsStatus status;
} Waiter;

struct _SyncIndexState
{
  gint refs; /* under index_lock, as all but seq */
  char *key; /* in the table */
  char *db_name;
  char *ddoc;
  guint64 seq; /* atomic; known to be in the store */
  gboolean running;
  guint runs;      /* that ended */
  CsStatus status; /* of the last */
  GPtrArray *waiters;
  SyncIndexProgress progress;
  gint64 started; /* seconds since 1970 */
  gint64 updated;
  Sync *self;
};

void
sync_index_states_init (Sync *self)
{
  g_mutex_init (&self->index_lock);
  self->index_states = g_hash_table_new (g_str_hash, g_str_equal);
}

void
sync_index_states_clear (Sync *self)
{
  g_hash_table_unref (self->index_states);
  g_mutex_clear (&self->index_lock);
}

static void
state_free (SyncIndexState *state)
{
  g_ptr_array_unref (state->waiters);
  g_free (state->key);
  g_free (state->db_name);
  g_free (state->ddoc);
  g_free (state);
}

static SyncIndexState *
state_new (Sync *self, char *key, const char *db_name, const SyncIndex *index)
{
  SyncIndexState *state = g_new0 (SyncIndexState, 1);

  state->self = self;
  state->key = key;
  state->db_name = g_strdup (db_name);
  state->ddoc = g_strndup (index->ddoc.data, index->ddoc.len);
  state->waiters = g_ptr_array_new ();
  return state;
}

SyncIndexState *
sync_index_state_get (Sync *self, const char *db_uuid, const char *db_name, const SyncIndex *index)
{
  char *key = g_strconcat (db_uuid, "/", index->key, NULL);
  SyncIndexState *state;

  g_mutex_lock (&self->index_lock);
  state = g_hash_table_lookup (self->index_states, key);
  if (state == NULL)
    {
      state = state_new (self, g_steal_pointer (&key), db_name, index);
      g_hash_table_insert (self->index_states, state->key, state);
    }
  state->refs++;
  g_mutex_unlock (&self->index_lock);
  g_free (key);
  return state;
}

void
sync_index_state_unref (SyncIndexState *state)
{
  Sync *self;
  gboolean last;

  if (state == NULL)
    return;
  self = state->self;
  g_mutex_lock (&self->index_lock);
  last = --state->refs == 0;
  if (last)
    g_hash_table_remove (self->index_states, state->key);
  g_mutex_unlock (&self->index_lock);
  if (last)
    state_free (state);
}

void
sync_index_state_forget (SyncIndexState *state)
{
  __atomic_store_n (&state->seq, 0, __ATOMIC_RELEASE);
}

void
sync_index_state_reached (SyncIndexState *state, guint64 seq, SyncIndexProgress progress)
{
  __atomic_store_n (&state->seq, seq, __ATOMIC_RELEASE);
  g_mutex_lock (&state->self->index_lock);
  state->progress = progress;
  state->updated = g_get_real_time () / G_USEC_PER_SEC;
  g_mutex_unlock (&state->self->index_lock);
}

/* ---- the builder ---- */

typedef struct
{
  Sync *self;
  SyncDb *db;
  SyncIndex *index;
} Building;

static void
tell_waiters (SyncIndexState *state, CsStatus status)
{
  g_autoptr (GPtrArray) waiters = NULL;

  g_mutex_lock (&state->self->index_lock);
  state->running = FALSE;
  state->runs++;
  state->status = status;
  waiters = g_steal_pointer (&state->waiters);
  state->waiters = g_ptr_array_new ();
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = waiters->pdata[i];

      waiter->told = TRUE;
      waiter->status = status;
    }
  g_mutex_unlock (&state->self->index_lock);
  for (guint i = 0; i < waiters->len; i++)
    cs_wake_from (&((Waiter *) waiters->pdata[i])->wait);
}

static void
build (gpointer data)
{
  Building *building = data;
  CsStatus status = sync_index_build (building->self, building->db, building->index);

  tell_waiters (building->index->state, status);
  sync_index_unref (building->index);
  sync_db_unref (building->db);
  g_free (building);
}

/* On a fiber of its own: whoever asked may go away. */
static void
start_builder (Sync *self, SyncDb *db, SyncIndex *index)
{
  Building *building = g_new (Building, 1);

  *building = (Building){ self, sync_db_ref (db), sync_index_ref (index) };
  if (cs_fiber_start (self, build, building, CS_NEVER) == CS_OK)
    return;
  tell_waiters (index->state, CS_OVERLOADED);
  sync_index_unref (index);
  sync_db_unref (db);
  g_free (building);
}

/* ---- waiting ---- */

static gboolean
is_there (SyncIndexState *state, guint64 seq)
{
  return __atomic_load_n (&state->seq, __ATOMIC_ACQUIRE) >= seq;
}

/* TRUE: a builder was running, and *waiter is on its list. */
static gboolean
join (SyncIndexState *state, Waiter *waiter)
{
  gboolean running;

  *waiter = (Waiter){ .told = FALSE };
  cs_wait_init (&waiter->wait);
  g_mutex_lock (&state->self->index_lock);
  running = state->running;
  if (running)
    g_ptr_array_add (state->waiters, waiter);
  g_mutex_unlock (&state->self->index_lock);
  return running;
}

static CsStatus
wait_for_builder (SyncIndexState *state, Waiter *waiter)
{
  CsStatus status = cs_wait (&waiter->wait, CS_NEVER);
  gboolean told;

  if (status == CS_OK)
    return waiter->status;
  g_mutex_lock (&state->self->index_lock);
  told = waiter->told;
  if (!told)
    g_ptr_array_remove_fast (state->waiters, waiter);
  g_mutex_unlock (&state->self->index_lock);
  if (told)
    cs_wait_through (&waiter->wait);
  return status;
}

/* TRUE: the caller is to build. */
static gboolean
become_builder (SyncIndexState *state)
{
  gboolean first;

  g_mutex_lock (&state->self->index_lock);
  first = !state->running;
  if (first)
    {
      state->running = TRUE;
      state->progress = (SyncIndexProgress){ 0, 0 };
      state->started = state->updated = g_get_real_time () / G_USEC_PER_SEC;
    }
  g_mutex_unlock (&state->self->index_lock);
  return first;
}

/* How the last run ended, when one has ended since `runs`. */
static CsStatus
outcome_since (SyncIndexState *state, guint runs)
{
  CsStatus status;

  g_mutex_lock (&state->self->index_lock);
  status = state->runs != runs ? state->status : CS_OK;
  g_mutex_unlock (&state->self->index_lock);
  return status;
}

static guint
count_runs (SyncIndexState *state)
{
  guint runs;

  g_mutex_lock (&state->self->index_lock);
  runs = state->runs;
  g_mutex_unlock (&state->self->index_lock);
  return runs;
}

CsStatus
sync_index_update (Sync *self, SyncDb *db, SyncIndex *index, guint64 seq)
{
  SyncIndexState *state = index->state;
  CsStatus status = CS_OK;

  while (status == CS_OK && !is_there (state, seq))
    {
      guint runs = count_runs (state);
      Waiter waiter;

      if (join (state, &waiter))
        status = wait_for_builder (state, &waiter);
      else if (become_builder (state))
        {
          start_builder (self, db, index);
          status = outcome_since (state, runs); /* it may be over already */
        }
    }
  return status;
}

/* ---- _active_tasks ---- */

static void
append_task (const SyncIndexState *state, const char *node, GString *json)
{
  guint64 total = MAX (state->progress.total, state->progress.done);

  g_string_append (json, json->len > 1 ? ",{\"node\":" : "{\"node\":");
  sync_json_append_string (json, cs_slice_str (node));
  g_string_append (json, ",\"type\":\"indexer\",\"database\":");
  sync_json_append_string (json, cs_slice_str (state->db_name));
  g_string_append (json, ",\"design_document\":");
  sync_json_append_string (json, cs_slice_str (state->ddoc));
  g_string_append_printf (
    json,
    ",\"changes_done\":%" G_GUINT64_FORMAT ",\"total_changes\":%" G_GUINT64_FORMAT
    ",\"progress\":%" G_GUINT64_FORMAT ",\"started_on\":%" G_GINT64_FORMAT
    ",\"updated_on\":%" G_GINT64_FORMAT "}",
    state->progress.done, total, total > 0 ? state->progress.done * 100 / total : 0, state->started,
    state->updated);
}

void
sync_index_append_tasks (Sync *self, const char *node, GString *json)
{
  GHashTableIter iter;
  gpointer state;

  g_mutex_lock (&self->index_lock);
  g_hash_table_iter_init (&iter, self->index_states);
  while (g_hash_table_iter_next (&iter, NULL, &state))
    if (((const SyncIndexState *) state)->running)
      append_task (state, node, json);
  g_mutex_unlock (&self->index_lock);
}
