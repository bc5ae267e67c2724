/* sync-index-put.c: POST _index: defines an index in a design document, exactly as CouchDB stores
 * it. SPDX-License-Identifier: Apache-2.0 */
#include "sync-index-ddoc.h"

#include "sync-collate.h"
#include "sync-write.h"

typedef struct
{
  CsHttpExchange *exchange;
  SyncArena arena;
  SyncError *error;
  SyncIndexRequest asked;
  CsSlice type;
} Request;

static gboolean
refuse (Request *request, guint status, const char *name, const char *reason)
{
  *request->error = (SyncError){ status, name, reason };
  return FALSE;
}

static gboolean
refuse_value (Request *request, const char *name, const char *reason, CsSlice value)
{
  return sync_refuse_value (request->error, &request->arena, name, reason, value);
}

/* ---- members ---- */

static gboolean
take_text (Request *request, SyncJson value, CsSlice *text)
{
  if (value.type != SYNC_JSON_STRING)
    return refuse_value (request, "invalid_string", "Invalid string", value.text);
  *text = sync_json_text (value, &request->arena);
  return TRUE;
}

static gboolean
take_index (Request *request, SyncJson value)
{
  request->asked.definition = value;
  return TRUE;
}

static gboolean
take_type (Request *request, SyncJson value)
{
  return take_text (request, value, &request->type);
}

static gboolean
take_name (Request *request, SyncJson value)
{
  return take_text (request, value, &request->asked.name) &&
         (request->asked.name.len > 0 ||
          refuse_value (request, "invalid_string", "Invalid string", value.text));
}

static gboolean
take_ddoc (Request *request, SyncJson value)
{
  return take_text (request, value, &request->asked.ddoc) &&
         (request->asked.ddoc.len > 0 ||
          refuse_value (request, "invalid_string", "Invalid string", value.text));
}

static gboolean
take_w (Request *request, SyncJson value)
{
  return (sync_json_integer (value, &request->asked.w) && request->asked.w > 0) ||
         refuse_value (request, "invalid_pos_integer", "w is an integer greater than zero, not",
                       value.text);
}

static gboolean
take_partitioned (Request *request, SyncJson value)
{
  request->asked.partitioned = value;
  if (value.type == SYNC_JSON_FALSE)
    return TRUE;
  return refuse (request, 400, "invalid_partitioned_option",
                 "Databases have no partitions here: leave `partitioned` out");
}

static const struct
{
  const char *name;
  gboolean (*take) (Request *request, SyncJson value);
} members[] = {
  { "index", take_index }, { "type", take_type }, { "name", take_name },
  { "ddoc", take_ddoc },   { "w", take_w },       { "partitioned", take_partitioned },
};

static gboolean
refuse_key (Request *request, SyncJson key)
{
  CsSlice name = sync_cut (sync_json_text (key, &request->arena), 100);
  g_autofree char *reason =
    g_strdup_printf ("Invalid key %.*s for this request.", (int) name.len, name.data);
  char *kept = sync_alloc (&request->arena, strlen (reason) + 1);

  return refuse (request, 400, "invalid_key", strcpy (kept, reason));
}

static gboolean
check_keys (Request *request, SyncJson object, const char *const *known)
{
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson value;

  sync_json_members (&cursor, object);
  while (sync_json_next_member (&cursor, &key, &value))
    {
      gboolean found = FALSE;

      for (guint i = 0; known[i] != NULL && !found; i++)
        found = sync_json_is (key, known[i]);
      if (!found)
        return refuse_key (request, key);
    }
  return TRUE;
}

static gboolean
take_members (Request *request, SyncJson object)
{
  static const char *const known[] = { "index", "type", "name", "ddoc", "w", "partitioned", NULL };

  if (sync_json_member (object, "index").type == SYNC_JSON_NONE)
    return refuse (request, 400, "missing_required_key", "Missing required key: index");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      SyncJson value = sync_json_member (object, members[i].name);

      if (value.type != SYNC_JSON_NONE && !members[i].take (request, value))
        return FALSE;
    }
  return check_keys (request, object, known);
}

static gboolean
check_type (Request *request)
{
  if (cs_slice_is (request->type, "json"))
    return TRUE;
  if (cs_slice_is (request->type, "text") || cs_slice_is (request->type, "nouveau"))
    return refuse (request, 503, "required index service unavailable",
                   cs_slice_is (request->type, "text") ? "text" : "nouveau");
  return refuse_value (request, "invalid_index", "Invalid type for index", request->type);
}

static gboolean
check_definition (Request *request)
{
  static const char *const known[] = { "fields", "partial_filter_selector", NULL };
  SyncJson definition = request->asked.definition;

  if (definition.type != SYNC_JSON_OBJECT)
    return refuse_value (request, "invalid_index", "JSON indexes must be an object, not",
                         definition.text);
  return check_keys (request, definition, known);
}

/* ---- names ---- */

static void
make_names (Request *request, CsSlice *ddoc, CsSlice *name)
{
  static const char prefix[] = "_design/";
  const gsize len = sizeof prefix - 1;
  char *made = sync_alloc (&request->arena, 41);
  CsSlice given = request->asked.ddoc;
  char *id;

  sync_index_make_name (&request->asked, made);
  *name = request->asked.name.data != NULL ? request->asked.name : cs_slice_str (made);
  if (given.data == NULL)
    given = cs_slice_str (made);
  if (given.len > len && memcmp (given.data, prefix, len) == 0)
    {
      *ddoc = given;
      return;
    }
  id = sync_alloc (&request->arena, len + given.len);
  memcpy (id, prefix, len);
  memcpy (id + len, given.data, given.len);
  *ddoc = cs_slice (id, len + given.len);
}

/* `{"map": {"fields", "partial_filter_selector"}, "reduce": "_count", "options": {"def": as it was
 * sent}}` */
static CsSlice
make_view (Request *request, const SyncIndex *index)
{
  g_autoptr (GString) out = g_string_new ("{\"map\":{\"fields\":");
  char *copy;

  sync_index_append_columns (index, out);
  g_string_append (out, ",\"partial_filter_selector\":");
  if (index->filter_text.len > 0)
    g_string_append_len (out, index->filter_text.data, (gssize) index->filter_text.len);
  else
    g_string_append (out, "{}");
  g_string_append (out, "},\"reduce\":\"_count\",\"options\":{\"def\":");
  g_string_append_len (out, request->asked.definition.text.data,
                       (gssize) request->asked.definition.text.len);
  g_string_append (out, "}}");
  copy = sync_alloc (&request->arena, out->len);
  memcpy (copy, out->str, out->len);
  return cs_slice (copy, out->len);
}

/* ---- the answer ---- */

static void
reply (CsHttpExchange *exchange, const char *result, CsSlice id, CsSlice name)
{
  g_autoptr (GString) json = g_string_new (NULL);

  g_string_printf (json, "{\"result\":\"%s\",\"id\":", result);
  sync_json_append_string (json, id);
  g_string_append (json, ",\"name\":");
  sync_json_append_string (json, name);
  g_string_append_c (json, '}');
  sync_reply_json (exchange, 200, json);
}

static void
reply_outcome (const SyncDdocEdit *edit, CsStatus status, SyncDdocOutcome outcome,
               const SyncError *error)
{
  if (status != CS_OK)
    sync_reply_status (edit->exchange, status);
  else if (outcome == SYNC_DDOC_REFUSED)
    sync_reply_error (edit->exchange, error->status, error->error, error->reason);
  else if (outcome == SYNC_DDOC_CONFLICT)
    sync_reply_error (edit->exchange, 409, "error_saving_ddoc",
                      "Encountered a conflict while saving the design document.");
  else
    reply (edit->exchange, outcome == SYNC_DDOC_SAME ? "exists" : "created", edit->id, edit->name);
}

static void
define (Request *request, Sync *self, SyncDb *db)
{
  SyncDdocEdit edit = {
    .exchange = request->exchange, .self = self, .db = db, .arena = request->arena
  };
  g_autoptr (SyncIndex) index = NULL;
  SyncDdocOutcome outcome;
  SyncError error;
  CsStatus status;

  make_names (request, &edit.id, &edit.name);
  index = sync_index_new (edit.id, edit.name);
  if (!sync_index_read (self, index, request->asked.definition, &error))
    {
      sync_reply_error (request->exchange, error.status, error.error, error.reason);
      return;
    }
  edit.view = make_view (request, index);
  status = sync_ddoc_edit (&edit, &outcome, &error);
  reply_outcome (&edit, status, outcome, &error);
}

void
sync_index_put (CsHttpExchange *exchange, gpointer self)
{
  g_autoptr (SyncDb) db = sync_open (exchange, self, SYNC_ADMIN);
  SyncError error;
  Request request = { .exchange = exchange,
                      .arena = sync_exchange_arena (exchange),
                      .error = &error,
                      .asked = { .w = 2 },
                      .type = cs_slice_str ("json") };
  SyncJson object;

  if (db == NULL || !sync_read_object (exchange, self, &object))
    return;
  if (take_members (&request, object) && check_type (&request) && check_definition (&request))
    define (&request, self, db);
  else
    sync_reply_error (exchange, error.status, error.error, error.reason);
}
