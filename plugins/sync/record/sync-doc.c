/* sync-doc.c: reads a document's special members in one walk; the others stay the bytes they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-doc.h"
#include "sync-json-scan.h"

typedef struct
{
  SyncDoc *doc;
  const SyncArena *arena;
  SyncError *error;
  guint seen;           /* a bit a row of `specials` */
  const char *run;      /* start of the run of ordinary members that goes on; NULL: none */
  const char *last_end; /* of the member before */
} Reader;

typedef gboolean (*ReadFunc) (Reader *reader, SyncJson value);

static gboolean
refuse (SyncError *error, const char *name, const char *reason)
{
  error->status = 400;
  error->error = name;
  error->reason = reason;
  return FALSE;
}

/* The reason with the member's name at its end. */
static gboolean
refuse_member (Reader *reader, const char *reason, CsSlice name)
{
  gsize n = strlen (reason);
  char *text = sync_alloc (reader->arena, n + name.len + 1);

  memcpy (text, reason, n);
  memcpy (text + n, name.data, name.len);
  text[n + name.len] = '\0';
  return refuse (reader->error, "doc_validation", text);
}

static gboolean
bad_member (Reader *reader, const char *name)
{
  return refuse_member (reader, "Bad special document member: ", cs_slice_str (name));
}

static gboolean
read_id (Reader *reader, SyncJson value)
{
  if (value.type != SYNC_JSON_STRING)
    return refuse (reader->error, "illegal_docid", "Document id must be a string");
  reader->doc->id = sync_json_text (value, reader->arena);
  return TRUE;
}

static gboolean
read_rev (Reader *reader, SyncJson value)
{
  if (value.type != SYNC_JSON_STRING)
    return refuse (reader->error, "bad_request", "Invalid rev format");
  reader->doc->rev = sync_json_text (value, reader->arena);
  return TRUE;
}

static gboolean
read_deleted (Reader *reader, SyncJson value)
{
  if (value.type != SYNC_JSON_TRUE && value.type != SYNC_JSON_FALSE)
    return bad_member (reader, "_deleted");
  reader->doc->deleted = value.type == SYNC_JSON_TRUE;
  return TRUE;
}

static gboolean
read_attachments (Reader *reader, SyncJson value)
{
  if (value.type != SYNC_JSON_OBJECT)
    return bad_member (reader, "_attachments");
  reader->doc->attachments = value;
  return TRUE;
}

static gboolean
read_revisions (Reader *reader, SyncJson value)
{
  SyncDoc *doc = reader->doc;
  SyncJson ids = sync_json_member (value, "ids");
  SyncJsonCursor cursor;
  SyncJson id;

  if (value.type != SYNC_JSON_OBJECT)
    return bad_member (reader, "_revisions");
  if (!sync_json_unsigned (sync_json_member (value, "start"), &doc->revisions_start))
    return refuse (reader->error, "doc_validation", "_revisions.start isn't an integer.");
  if (!sync_json_elements (&cursor, ids))
    return refuse (reader->error, "doc_validation", "_revisions.ids isn't a array.");
  while (sync_json_next_element (&cursor, &id))
    if (id.type != SYNC_JSON_STRING)
      return refuse (reader->error, "doc_validation", "RevId isn't a string");
  doc->revisions_ids = ids;
  doc->has_revisions = TRUE;
  return TRUE;
}

static gboolean
drop (Reader *reader, SyncJson value)
{
  return TRUE;
}

/* `read` NULL: an ordinary member in spite of its underscore (replication documents). */
static const struct
{
  const char *name;
  ReadFunc read;
} specials[] = {
  { "_id", read_id },
  { "_rev", read_rev },
  { "_deleted", read_deleted },
  { "_attachments", read_attachments },
  { "_revisions", read_revisions },
  { "_revs_info", drop },
  { "_local_seq", drop },
  { "_conflicts", drop },
  { "_deleted_conflicts", drop },
  { "_replication_id", NULL },
  { "_replication_state", NULL },
  { "_replication_state_time", NULL },
  { "_replication_state_reason", NULL },
  { "_replication_stats", NULL },
};

#define MAX_PARTS (G_N_ELEMENTS (specials) + 1)

/* A run that is not the document's first keeps the comma before it. */
static inline void
begin_run (Reader *reader, const char *start)
{
  if (reader->run != NULL)
    return;
  if (reader->doc->n_parts > 0)
    for (start = reader->last_end; *start != ','; start++)
      ;
  reader->run = start;
}

static void
end_run (Reader *reader)
{
  SyncDoc *doc = reader->doc;

  if (reader->run == NULL)
    return;
  doc->parts[doc->n_parts] = cs_slice (reader->run, reader->last_end - reader->run);
  doc->length += doc->parts[doc->n_parts++].len;
  reader->run = NULL;
}

static gboolean
read_special (Reader *reader, SyncJson key, SyncJson value)
{
  CsSlice name = sync_json_text (key, reader->arena);

  for (guint i = 0; i < G_N_ELEMENTS (specials); i++)
    {
      if (!cs_slice_is (name, specials[i].name))
        continue;
      if (specials[i].read == NULL)
        {
          begin_run (reader, key.text.data);
          return TRUE;
        }
      if (reader->seen & 1u << i)
        return refuse_member (reader, "Duplicate special document member: ", name);
      reader->seen |= 1u << i;
      end_run (reader);
      return specials[i].read (reader, value);
    }
  return refuse_member (reader, "Bad special document member: ", name);
}

/* An escaped name may begin with an escaped underscore. */
static gboolean
read_odd (Reader *reader, SyncJson key, SyncJson value)
{
  if (sync_json_text (key, reader->arena).data[0] == '_')
    return read_special (reader, key, value);
  begin_run (reader, key.text.data);
  return TRUE;
}

/* The walk is open here, not by a cursor: it is most of what a write costs. */
static gboolean
read_members (Reader *reader, const char *at, const char *end)
{
  for (;;)
    {
      const char *key;
      const char *key_end;
      const char *value;

      key = sync_skip_space (at, end);
      if (key < end && *key == ',')
        key = sync_skip_space (key + 1, end);
      if (key == end)
        return TRUE;
      key_end = sync_skip_string (key, end);
      value = sync_skip_space (sync_skip_space (key_end, end) + 1, end);
      at = sync_skip_value (value, end);
      if (key[1] != '_' && key[1] != '\\')
        begin_run (reader, key);
      else if (!read_odd (reader, sync_json_value (key, key_end), sync_json_value (value, at)))
        return FALSE;
      reader->last_end = at;
    }
}

gboolean
sync_doc_read (SyncDoc *doc, SyncJson value, const SyncArena *arena, SyncError *error)
{
  Reader reader = { doc, arena, error, 0, NULL, NULL };
  SyncJsonCursor inside;

  memset (doc, 0, sizeof *doc);
  doc->value = value;
  if (!sync_json_members (&inside, value))
    return refuse (error, "bad_request", "Document must be a JSON object");
  doc->parts = sync_alloc (arena, MAX_PARTS * sizeof *doc->parts);
  if (!read_members (&reader, inside.at, inside.end))
    return FALSE;
  end_run (&reader);
  return TRUE;
}

gboolean
sync_id_is_design (CsSlice id)
{
  return id.len > 8 && memcmp (id.data, "_design/", 8) == 0;
}

gboolean
sync_doc_id_check (CsSlice id, SyncError *error)
{
  if (id.len == 0)
    return refuse (error, "illegal_docid", "Document id must not be empty");
  if (!sync_json_utf8 (id))
    return refuse (error, "illegal_docid", "Document id must be valid UTF-8");
  if (id.data[0] != '_')
    return TRUE;
  if (cs_slice_is (id, "_local") || cs_slice_is (id, "_local/"))
    return refuse (error, "bad_request", "Invalid _local document id.");
  if (sync_id_is_design (id) || (id.len > 7 && memcmp (id.data, "_local/", 7) == 0))
    return TRUE;
  return refuse (error, "illegal_docid",
                 "Only reserved document ids may start with underscore.");
}
