/* rest-collection.c: the collection of a request: a database, opened for who asks, or created by the first write.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

G_GNUC_PRINTF (3, 4)
static void
refuse (CsHttpExchange *exchange, guint status, const char *format, ...)
{
  g_autofree char *detail = NULL;
  va_list args;

  va_start (args, format);
  detail = g_strdup_vprintf (format, args);
  va_end (args);
  cs_http_reply_error (exchange, status, detail);
}

static void
reply_missing (CsHttpExchange *exchange, Rest *self, CsSlice name)
{
  const RestSettings *settings = cs_settings (self);

  refuse (exchange, 404, "there is no collection \"%.*s\"; %s", (int) name.len, name.data,
          settings->create_collections == REST_CREATE_ADMINS
            ? "an administrator creates it by writing a document to it"
            : "an administrator creates it as a database (PUT /NAME of the sync API)");
}

static void
reply_not_created (CsHttpExchange *exchange, CsSlice name, CsStatus status)
{
  if (status == CS_INVALID)
    refuse (exchange, 400,
            "\"%.*s\" is no name for a collection: 1 to 238 characters of a-z, 0-9 and _$()+-/, "
            "beginning with a letter",
            (int) name.len, name.data);
  else if (status == CS_UNSUPPORTED)
    refuse (exchange, 409,
            "a collection \"%.*s\" would be hidden by a route of that name in the sync API: choose "
            "another name",
            (int) name.len, name.data);
  else
    rest_reply_status (exchange, status);
}

/* CS_OK: it is there now, or was made by somebody else meanwhile. */
static CsStatus
create (CsHttpExchange *exchange, Rest *self, CsSlice name)
{
  const RestSettings *settings = cs_settings (self);
  CsIdentity *identity = cs_http_identity (exchange);
  CsStatus status;

  if (settings->create_collections != REST_CREATE_ADMINS || !identity->admin)
    return CS_NOT_FOUND;
  status = cs_documents_create (self->documents, identity, name);
  return status == CS_EXISTS ? CS_OK : status;
}

/* Creates it when it may be; TRUE: try again. FALSE: answered. */
static gboolean
made (CsHttpExchange *exchange, Rest *self, CsSlice name, gboolean may_create)
{
  CsStatus status = may_create ? create (exchange, self, name) : CS_NOT_FOUND;

  if (status == CS_NOT_FOUND)
    reply_missing (exchange, self, name);
  else if (status != CS_OK)
    reply_not_created (exchange, name, status);
  return status == CS_OK;
}

CsDocumentsDb *
rest_open (CsHttpExchange *exchange, Rest *self, CsDocumentsAccess access, gboolean may_create)
{
  CsIdentity *identity = cs_http_identity (exchange);
  CsSlice name = cs_http_param (exchange, 0);
  CsDocumentsDb *db = NULL;
  CsStatus status = cs_documents_open (self->documents, identity, name, access, &db);

  if (status == CS_NOT_FOUND)
    {
      if (!made (exchange, self, name, may_create))
        return NULL;
      status = cs_documents_open (self->documents, identity, name, access, &db);
    }
  if (status == CS_DENIED)
    cs_http_reply_error (exchange, 403, "you are not allowed to use this collection");
  else if (status == CS_NOT_FOUND)
    reply_missing (exchange, self, name);
  else if (status != CS_OK)
    rest_reply_status (exchange, status);
  return db;
}
