/* rest-document.c: one document: GET, PUT, PATCH, DELETE, and POST of a new one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

static const char json_type[] = "application/json";

static void
reply_no_document (CsHttpExchange *exchange)
{
  cs_http_reply_error (exchange, 404, "there is no such document in this collection");
}

/* ---- GET ---- */

static void
reply_document (CsHttpExchange *exchange, Rest *self, const CsDocument *document)
{
  CsSlice parts[] = { document->body, { "\n", 1 } };

  rest_set_validators (exchange, self, document->version, document->updated);
  cs_http_set_header (exchange, "Cache-Control", "private, no-cache");
  if (!rest_condition_answered (exchange, self, document))
    cs_http_reply (exchange, 200, json_type, parts, G_N_ELEMENTS (parts));
}

void
rest_document_get (CsHttpExchange *exchange, gpointer data)
{
  Rest *self = data;
  CsDocumentsDb *db = rest_open (exchange, self, CS_DOCUMENTS_READ);
  CsDocument *document = NULL;
  CsStatus status;

  if (db == NULL)
    return;
  status = cs_documents_get (db, cs_http_param (exchange, 1), &document);
  if (status == CS_OK)
    reply_document (exchange, self, document);
  else if (status == CS_NOT_FOUND && cs_http_header (exchange, "If-Match").data != NULL)
    cs_http_reply_error (exchange, 412, "there is no such document in this collection");
  else if (status == CS_NOT_FOUND)
    reply_no_document (exchange);
  else
    rest_reply_status (exchange, status);
  cs_document_free (self->documents, document);
  cs_documents_close (db);
}

/* ---- what writes answer ---- */

static void
reply_fault (CsHttpExchange *exchange, CsDocumentFault fault)
{
  switch (fault)
    {
    case CS_DOCUMENT_FAULT_JSON:
      cs_http_reply_error (exchange, 400,
                           "the body is not JSON in UTF-8, or is nested deeper than sync.max-depth");
      return;
    case CS_DOCUMENT_FAULT_OBJECT:
      cs_http_reply_error (exchange, 422, "the body must be a JSON object");
      return;
    case CS_DOCUMENT_FAULT_RESERVED:
      cs_http_reply_error (exchange, 422,
                           "members that begin with _ are the server's: leave them out (the id is in "
                           "the path, the version in If-Match; attachments have the sync API)");
      return;
    default:
      cs_http_reply_error (exchange, 422, "an id is UTF-8 and does not begin with _");
    }
}

static void
reply_conflict (CsHttpExchange *exchange, const CsDocumentResult *result)
{
  if (result->version[0] == '\0')
    {
      cs_http_reply_error (exchange, 412, "there is no such document in this collection");
      return;
    }
  rest_set_etag (exchange, result->version);
  cs_http_reply_error (exchange, 412, "the document has another version, which ETag tells");
}

static void
set_location (CsHttpExchange *exchange, Rest *self, CsSlice id)
{
  const RestSettings *settings = cs_settings (self);
  g_autoptr (GString) path = g_string_new (settings->mount);

  g_string_append_c (path, '/');
  rest_append_encoded (path, cs_http_param (exchange, 0));
  g_string_append_c (path, '/');
  rest_append_encoded (path, id);
  cs_http_set_header (exchange, "Location", path->str);
}

static void
reply_written (CsHttpExchange *exchange, Rest *self, CsSlice id, const CsDocumentResult *result)
{
  g_autoptr (GString) json = g_string_sized_new (256);
  CsSlice part;

  g_string_append_c (json, '{');
  rest_append_meta (json, id, result->version, result->created, result->updated);
  g_string_append (json, "}\n");
  part = cs_slice (json->str, json->len);
  rest_set_validators (exchange, self, result->version, result->updated);
  if (result->made)
    set_location (exchange, self, id);
  cs_http_reply (exchange, result->made ? 201 : 200, json_type, &part, 1);
}

static void
reply_write (CsHttpExchange *exchange, Rest *self, CsSlice id, CsStatus status,
             const CsDocumentResult *result)
{
  if (status == CS_OK)
    reply_written (exchange, self, id, result);
  else if (status == CS_CONFLICT)
    reply_conflict (exchange, result);
  else if (status == CS_INVALID)
    reply_fault (exchange, result->fault);
  else if (status == CS_NOT_FOUND)
    reply_no_document (exchange);
  else
    rest_reply_status (exchange, status);
}

static gboolean
body_is (CsHttpExchange *exchange, const char *type)
{
  g_autofree char *detail = NULL;

  if (rest_type_is (exchange, type))
    return TRUE;
  if (strcmp (type, json_type) != 0)
    cs_http_set_header (exchange, "Accept-Patch", type);
  detail = g_strdup_printf ("the body must be sent with Content-Type: %s", type);
  cs_http_reply_error (exchange, 415, detail);
  return FALSE;
}

/* ---- PUT, PATCH, DELETE, POST ---- */

typedef CsStatus (*WriteFunc) (CsDocumentsDb *db, CsSlice id, CsSlice body,
                               const CsDocumentCondition *condition, CsDocumentResult *result);

typedef struct
{
  CsHttpExchange *exchange;
  Rest *self;
  CsDocumentsDb *db; /* NULL: still to be created */
  CsSlice id;
  RestCondition condition;
  CsDocumentResult result;
} Write;

/* What is wrong with the request is told to those alone who may write, and before anything is created. */
static gboolean
read_write (Write *write, const char *type, CsSlice *body)
{
  return body_is (write->exchange, type)
         && (write->id.len == 0
             || rest_condition_read (write->exchange, write->self, &write->condition))
         && cs_http_read_body (write->exchange, body) == CS_OK;
}

/* In a collection that is still to be created no document is there: what is sure to fail creates none. */
static CsStatus
check_first (Write *write, CsSlice body)
{
  switch (write->condition.condition.when)
    {
    case CS_DOCUMENT_PRESENT:
    case CS_DOCUMENT_MATCHES:
    case CS_DOCUMENT_UNMODIFIED:
      return CS_CONFLICT;
    default:
      return cs_documents_check (write->self->documents, write->id, body, &write->result.fault);
    }
}

/* *status: CS_OK when it can be written, else the answer. FALSE: answered. */
static gboolean
have_collection (Write *write, CsSlice body, CsStatus *status)
{
  *status = write->db != NULL ? CS_OK : check_first (write, body);
  return *status != CS_OK || write->db != NULL
         || rest_create (write->exchange, write->self, &write->db);
}

static void
write_body (CsHttpExchange *exchange, Rest *self, CsSlice id, const char *type, WriteFunc func)
{
  Write write = { .exchange = exchange, .self = self, .id = id };
  CsDocumentResult *result = &write.result;
  CsSlice body;
  CsStatus status;

  result->size = sizeof *result;
  write.condition.condition.size = sizeof write.condition.condition;
  if (func == cs_documents_put ? !rest_open_or_none (exchange, self, &write.db)
                               : (write.db = rest_open (exchange, self, CS_DOCUMENTS_WRITE)) == NULL)
    return;
  if (read_write (&write, type, &body) && have_collection (&write, body, &status))
    {
      if (status == CS_OK)
        status = func (write.db, id, body, &write.condition.condition, result);
      reply_write (exchange, self, id.len > 0 ? id : cs_slice_str (result->id), status, result);
    }
  cs_documents_close (write.db);
}

void
rest_document_put (CsHttpExchange *exchange, gpointer self)
{
  write_body (exchange, self, cs_http_param (exchange, 1), json_type, cs_documents_put);
}

void
rest_document_patch (CsHttpExchange *exchange, gpointer self)
{
  write_body (exchange, self, cs_http_param (exchange, 1), "application/merge-patch+json",
              cs_documents_patch);
}

void
rest_document_post (CsHttpExchange *exchange, gpointer self)
{
  write_body (exchange, self, cs_slice ("", 0), json_type, cs_documents_put);
}

void
rest_document_delete (CsHttpExchange *exchange, gpointer data)
{
  Rest *self = data;
  CsDocumentResult result = { .size = sizeof result };
  CsSlice id = cs_http_param (exchange, 1);
  CsDocumentsDb *db = rest_open (exchange, self, CS_DOCUMENTS_WRITE);
  RestCondition condition;
  CsStatus status;

  if (db == NULL)
    return;
  if (rest_condition_read (exchange, self, &condition))
    {
      status = cs_documents_remove (db, id, &condition.condition, &result);
      if (status == CS_OK)
        cs_http_reply (exchange, 204, NULL, NULL, 0);
      else
        reply_write (exchange, self, id, status, &result);
    }
  cs_documents_close (db);
}
