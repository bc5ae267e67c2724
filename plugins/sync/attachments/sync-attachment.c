/* sync-attachment.c: attachments by themselves: reading, writing, deleting one of a document.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-intake.h"
#include "sync-stored.h"
#include "sync-view.h"
#include "sync-write.h"

#define PACKED_BYTES (64 * 1024)

typedef struct
{
  CsHttpExchange *exchange;
  Sync *self;
  SyncDb *db;
  SyncArena arena;
  CsSlice id;
  CsSlice name;
  CsStoreRows *rows;
  SyncView view;
  gint node;
  CsStoreBodies *stored; /* of the revision that is read or edited */
  SyncBody body;
} Request;

static void
request_clear (Request *request)
{
  if (request->db == NULL)
    return;
  cs_store_bodies_free (request->db->db, request->stored);
  cs_store_rows_free (request->db->db, request->rows);
  sync_db_unref (request->db);
}

/* FALSE: answered. */
static gboolean
request_begin (Request *request, CsHttpExchange *exchange, Sync *self)
{
  CsSlice id = cs_http_param (exchange, 1);
  gboolean design = strstr (cs_http_route (exchange)->path, "/_design/{") != NULL;
  SyncError error;

  memset (request, 0, sizeof *request);
  request->exchange = exchange;
  request->self = self;
  request->db = sync_open (exchange, self, SYNC_MEMBER);
  if (request->db == NULL)
    return FALSE;
  request->arena = sync_exchange_arena (exchange);
  request->id = design ? sync_design_id (exchange, id) : id;
  request->name = cs_http_param (exchange, 2);
  if (sync_doc_id_check (request->id, &error))
    return TRUE;
  sync_reply_error (exchange, error.status, error.error, error.reason);
  return FALSE;
}

static gboolean
refuse (Request *request, guint status, const char *error, const char *reason)
{
  sync_reply_error (request->exchange, status, error, reason);
  return FALSE;
}

static gboolean
fail (Request *request, CsStatus status)
{
  sync_reply_status (request->exchange, status);
  return FALSE;
}

/* The revision asked for by `rev`, or the winner; *node -1: there is no document. FALSE: answered. */
static gboolean
find_node (Request *request)
{
  SyncRev rev;
  CsSlice text;
  CsStatus status
    = cs_store_read (request->db->db, &request->id, 1, CS_STORE_TREE, &request->rows);

  request->node = -1;
  if (status != CS_OK)
    return fail (request, status);
  request->view = (SyncView){ .db = request->db, .arena = &request->arena,
                              .record = &request->rows->records[0] };
  if (!sync_view_tree (&request->view))
    return fail (request, CS_CORRUPT);
  request->node = sync_tree_winner (&request->view.tree);
  if (!cs_http_query (request->exchange, "rev", &text))
    return TRUE;
  if (!sync_rev_parse (text, &rev))
    return refuse (request, 400, "bad_request", "Invalid rev format");
  request->node = sync_tree_find (&request->view.tree, &rev);
  return TRUE;
}

static gboolean
load_body (Request *request)
{
  const SyncNode *node = &request->view.tree.nodes[request->node];
  CsStatus status;

  if (!node->available)
    return TRUE;
  status = cs_store_bodies (request->db->db, &node->ref, 1, &request->stored);
  if (status != CS_OK)
    return fail (request, status);
  if (request->stored->bodies[0].data != NULL
      && !sync_body_decode (request->stored->bodies[0], &request->arena, &request->body))
    return fail (request, CS_CORRUPT);
  return TRUE;
}

static SyncAttachment *
find_attachment (Request *request)
{
  for (guint i = 0; i < request->body.n_attachments; i++)
    if (cs_slice_equal (request->body.attachments[i].name, request->name))
      return &request->body.attachments[i];
  return NULL;
}

/* ---- GET ---- */

static char *
text_of (Request *request, CsSlice slice)
{
  char *text = sync_alloc (&request->arena, slice.len + 1);

  memcpy (text, slice.data, slice.len);
  text[slice.len] = '\0';
  return text;
}

/* The bytes from `at` on, the first of which are already there. */
static void
send_bytes (Request *request, SyncStored *stored, guint64 at, guint64 left, CsSlice bytes)
{
  CsStatus status = CS_OK;

  while (status == CS_OK && left > 0)
    {
      bytes.len = MIN (bytes.len, left);
      status = cs_http_write (request->exchange, &bytes, 1);
      at += bytes.len;
      left -= bytes.len;
      if (status == CS_OK && left > 0)
        status = sync_stored_read (stored, at, &bytes);
    }
  if (status == CS_OK)
    cs_http_end (request->exchange);
  else
    cs_http_abort (request->exchange);
}

/* Nothing is promised before the first bytes are there and good. */
static void
send (Request *request, const SyncAttachment *attachment)
{
  g_autofree char *digest = g_base64_encode (attachment->digest, sizeof attachment->digest);
  g_auto (SyncStored) stored = { 0 };
  CsSlice tag = cs_slice_str (digest);
  CsSlice bytes;
  guint64 first;
  guint64 wanted;
  CsStatus status;

  if (sync_not_modified (request->exchange, tag))
    return;
  sync_set_etag (request->exchange, tag);
  cs_http_range (request->exchange, attachment->length, &first, &wanted);
  status = sync_stored_open (&stored, request->db, attachment);
  if (status == CS_OK && wanted > 0)
    status = sync_stored_read (&stored, first, &bytes);
  if (status != CS_OK)
    {
      cs_http_set_header (request->exchange, "ETag", NULL);
      sync_reply_status (request->exchange, status);
      return;
    }
  cs_http_set_header (request->exchange, "Cache-Control", "must-revalidate");
  if (cs_http_header (request->exchange, "Range").data == NULL) /* it would be that of the part */
    cs_http_set_header (request->exchange, "Content-MD5", digest);
  cs_http_begin (request->exchange, 200, text_of (request, attachment->type), attachment->length);
  send_bytes (request, &stored, first, wanted, bytes);
}

static void
read_attachment (Request *request)
{
  const SyncAttachment *attachment;
  CsSlice rev;
  gboolean named = cs_http_query (request->exchange, "rev", &rev);

  if (!find_node (request))
    return;
  if (request->node < 0)
    {
      refuse (request, 404, "not_found", "missing");
      return;
    }
  if (!named && request->view.tree.nodes[request->node].deleted)
    {
      refuse (request, 404, "not_found", "deleted");
      return;
    }
  if (!load_body (request))
    return;
  attachment = find_attachment (request);
  if (attachment == NULL)
    refuse (request, 404, "not_found", "Document is missing attachment");
  else
    send (request, attachment);
}

void
sync_attachment_get (CsHttpExchange *exchange, gpointer self)
{
  Request request;

  if (request_begin (&request, exchange, self))
    read_attachment (&request);
  request_clear (&request);
}

/* ---- PUT, DELETE: an edit of the document that keeps all else ---- */

/* Stubs of what the revision has, but for the one that is replaced or removed, with room for one more. */
static void
keep_others (Request *request, SyncEdit *edit)
{
  guint n = request->body.n_attachments;

  edit->attachments = sync_alloc (&request->arena, (n + 1) * sizeof (SyncAttachment));
  for (guint i = 0; i < n; i++)
    {
      SyncAttachment *kept = &edit->attachments[edit->n_attachments];

      if (cs_slice_equal (request->body.attachments[i].name, request->name))
        continue;
      *kept = request->body.attachments[i];
      kept->stub = TRUE;
      edit->n_attachments++;
    }
  edit->parts = sync_alloc (&request->arena, sizeof (CsSlice));
  edit->parts[0] = request->body.text;
  edit->n_parts = request->body.text.len > 0;
}

static gboolean
given_rev (Request *request, SyncEdit *edit)
{
  CsSlice text = cs_slice (NULL, 0);

  if (!cs_http_query (request->exchange, "rev", &text))
    text = sync_if_match (request->exchange);
  if (text.data == NULL)
    return TRUE;
  edit->has_rev = TRUE;
  return sync_rev_parse (text, &edit->rev)
         || refuse (request, 400, "bad_request", "Invalid rev format");
}

/* The edit stands on what it was made from: another revision in between is a conflict. */
static gboolean
begin_edit (Request *request, SyncEdit *edit)
{
  SyncRev *path;

  memset (edit, 0, sizeof *edit);
  edit->id = request->id;
  if (!given_rev (request, edit) || !find_node (request))
    return FALSE;
  if (request->node < 0)
    return edit->has_rev && request->view.record->seq != 0 ? fail (request, CS_CONFLICT) : TRUE;
  path = &request->view.tree.nodes[request->node].rev;
  if (!edit->has_rev && !request->view.tree.nodes[request->node].deleted)
    return fail (request, CS_CONFLICT);
  if (request->view.tree.nodes[request->node].deleted)
    return TRUE;
  edit->rev = *path;
  return load_body (request);
}

static void
commit (Request *request, SyncEdit *edit, guint status)
{
  CsStatus stored = sync_commit (request->self, request->db, cs_http_identity (request->exchange),
                                 edit, 1);

  if (stored != CS_OK)
    sync_reply_status (request->exchange, stored);
  else if (edit->outcome == SYNC_EDIT_REFUSED)
    refuse (request, edit->refusal.status, edit->refusal.error, edit->refusal.reason);
  else if (edit->outcome != SYNC_EDIT_STORED)
    sync_reply_status (request->exchange, CS_CONFLICT);
  else
    {
      if (status == 201)
        sync_set_location (request->exchange, request->self, request->id, request->name);
      sync_reply_written (request->exchange, status, request->id, &edit->result, TRUE);
    }
}

/* ---- an upload ---- */

/* FALSE: answered. */
static gboolean
failed_upload (Request *request, CsStatus status)
{
  if (status == CS_INVALID)
    return refuse (request, 400, "bad_request", "the attachment is not the gzip it is said to be");
  sync_intake_reply (request->exchange, status);
  return FALSE;
}

/* FALSE: answered. *gunzip stays NULL for what comes plain. */
static gboolean
read_coding (Request *request, SyncGunzip **gunzip)
{
  CsSlice coding = cs_http_header (request->exchange, "Content-Encoding");

  if (coding.len == 0 || cs_slice_is (coding, "identity"))
    return TRUE;
  if (!cs_slice_is (coding, "gzip"))
    return refuse (request, 415, "bad_content_type",
                   "Only gzip and identity content-encodings are supported");
  *gunzip = sync_gunzip_new ();
  return TRUE;
}

/* Straight from the connection to where it is going to be. CS_CLOSED: answered. */
static CsStatus
receive_plain (Request *request, SyncIntake *intake)
{
  for (;;)
    {
      gpointer buffer;
      gsize room;
      gssize n;
      CsStatus status = CS_OK;

      if (intake->expected >= 0 && intake->length == (guint64) intake->expected)
        return CS_OK;
      status = sync_intake_room (intake, &buffer, &room);
      if (status != CS_OK)
        return status;
      n = cs_http_read (request->exchange, buffer, room);
      if (n <= 0)
        return n == 0 ? CS_OK : CS_CLOSED;
      status = sync_intake_wrote (intake, n);
      if (status != CS_OK)
        return status;
    }
}

static CsStatus
receive_packed (Request *request, SyncIntake *intake, SyncGunzip *gunzip)
{
  g_autofree char *buffer = g_malloc (PACKED_BYTES);
  CsStatus status = CS_OK;
  gssize n = 0;

  while (status == CS_OK
         && (n = cs_http_read (request->exchange, buffer, PACKED_BYTES)) > 0)
    status = sync_intake_add_packed (intake, gunzip, cs_slice (buffer, n));
  if (n < 0)
    return CS_CLOSED;
  return status == CS_OK && !sync_gunzip_ended (gunzip) ? CS_INVALID : status;
}

static gboolean
read_upload (Request *request, SyncHeld *held, SyncAttachment *attachment)
{
  CsSlice type = cs_http_header (request->exchange, "Content-Type");
  gint64 length = cs_http_request (request->exchange)->content_length;
  g_autoptr (SyncGunzip) gunzip = NULL;
  g_auto (SyncIntake) intake = { 0 };
  SyncError error;
  CsStatus status;

  if (!sync_attachment_name_check (request->name, &request->arena, &error))
    return refuse (request, error.status, error.error, error.reason);
  if (!read_coding (request, &gunzip))
    return FALSE;
  attachment->name = request->name;
  attachment->type = type.len > 0 ? type : cs_slice_str ("application/octet-stream");
  status = sync_intake_begin (&intake, request->self, held, gunzip != NULL ? -1 : length,
                              G_MAXUINT64);
  if (status == CS_OK)
    status = gunzip != NULL ? receive_packed (request, &intake, gunzip)
                            : receive_plain (request, &intake);
  if (status == CS_CLOSED)
    return FALSE;
  if (status == CS_OK)
    status = sync_intake_finish (&intake, attachment);
  return status == CS_OK || failed_upload (request, status);
}

static void
write_attachment (Request *request)
{
  g_auto (SyncHeld) held = { 0 };
  SyncAttachment uploaded = { .has_digest = TRUE };
  SyncEdit edit;

  sync_held_init (&held);
  if (!read_upload (request, &held, &uploaded) || !begin_edit (request, &edit))
    return;
  keep_others (request, &edit);
  edit.attachments[edit.n_attachments++] = uploaded;
  commit (request, &edit, 201);
}

void
sync_attachment_put (CsHttpExchange *exchange, gpointer self)
{
  Request request;

  if (request_begin (&request, exchange, self))
    write_attachment (&request);
  request_clear (&request);
}

static void
remove_attachment (Request *request)
{
  SyncEdit edit;

  if (!begin_edit (request, &edit))
    return;
  if (request->node < 0)
    {
      refuse (request, 404, "not_found", "missing");
      return;
    }
  if (find_attachment (request) == NULL)
    {
      refuse (request, 404, "not_found", "Document is missing attachment");
      return;
    }
  keep_others (request, &edit);
  commit (request, &edit, 200);
}

void
sync_attachment_delete (CsHttpExchange *exchange, gpointer self)
{
  Request request;

  if (request_begin (&request, exchange, self))
    remove_attachment (&request);
  request_clear (&request);
}
