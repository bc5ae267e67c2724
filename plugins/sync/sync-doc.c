/* sync-doc.c: reads a document's special members in one walk; the others stay the bytes they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-doc.h"

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
static void
begin_run (Reader *reader, SyncJson key)
{
  const char *start = key.text.data;

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
          begin_run (reader, key);
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
static inline gboolean
may_be_special (Reader *reader, SyncJson key)
{
  char first = key.text.data[1];

  if (first != '\\')
    return first == '_';
  return sync_json_text (key, reader->arena).data[0] == '_';
}

gboolean
sync_doc_read (SyncDoc *doc, SyncJson value, const SyncArena *arena, SyncError *error)
{
  Reader reader = { doc, arena, error, 0, NULL, NULL };
  SyncJsonCursor cursor;
  SyncJson key;
  SyncJson member;

  memset (doc, 0, sizeof *doc);
  if (!sync_json_members (&cursor, value))
    return refuse (error, "bad_request", "Document must be a JSON object");
  doc->parts = sync_alloc (arena, MAX_PARTS * sizeof *doc->parts);
  while (sync_json_next_member (&cursor, &key, &member))
    {
      if (!may_be_special (&reader, key))
        begin_run (&reader, key);
      else if (!read_special (&reader, key, member))
        return FALSE;
      reader.last_end = cursor.at;
    }
  end_run (&reader);
  return TRUE;
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
  if ((id.len > 8 && memcmp (id.data, "_design/", 8) == 0)
      || (id.len > 7 && memcmp (id.data, "_local/", 7) == 0))
    return TRUE;
  return refuse (error, "illegal_docid",
                 "Only reserved document ids may start with underscore.");
}
