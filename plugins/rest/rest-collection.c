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

  if (name.len > 0 && name.data[0] == '_')
    {
      cs_http_reply_error (exchange, 404, "databases that begin with _ are no collections");
      return;
    }
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
  else if (status == CS_DENIED)
    cs_http_reply_error (exchange, 403, "the credentials lack a scope that creating needs");
  else
    rest_reply_status (exchange, status);
}

/* May who asks create what is not there? */
static gboolean
may_create (CsHttpExchange *exchange, Rest *self, CsSlice name)
{
  const RestSettings *settings = cs_settings (self);

  return settings->create_collections == REST_CREATE_ADMINS && cs_http_identity (exchange)->admin
         && name.data[0] != '_';
}

static gboolean
reply_not_opened (CsHttpExchange *exchange, Rest *self, CsSlice name, CsStatus status)
{
  if (status == CS_DENIED)
    cs_http_reply_error (exchange, 403, "you are not allowed to use this collection");
  else if (status == CS_NOT_FOUND)
    reply_missing (exchange, self, name);
  else
    rest_reply_status (exchange, status);
  return FALSE;
}

CsDocumentsDb *
rest_open (CsHttpExchange *exchange, Rest *self, CsDocumentsAccess access)
{
  CsSlice name = cs_http_param (exchange, 0);
  CsDocumentsDb *db = NULL;
  CsStatus status
    = cs_documents_open (self->documents, cs_http_identity (exchange), name, access, &db);

  if (status != CS_OK)
    reply_not_opened (exchange, self, name, status);
  return db;
}

gboolean
rest_open_or_none (CsHttpExchange *exchange, Rest *self, CsDocumentsDb **db)
{
  CsSlice name = cs_http_param (exchange, 0);
  CsStatus status = cs_documents_open (self->documents, cs_http_identity (exchange), name,
                                       CS_DOCUMENTS_WRITE, db);

  if (status == CS_OK || (status == CS_NOT_FOUND && may_create (exchange, self, name)))
    return TRUE;
  return reply_not_opened (exchange, self, name, status);
}

gboolean
rest_create (CsHttpExchange *exchange, Rest *self, CsDocumentsDb **db)
{
  CsSlice name = cs_http_param (exchange, 0);
  CsStatus status = cs_documents_create (self->documents, cs_http_identity (exchange), name);

  if (status != CS_OK && status != CS_EXISTS) /* somebody else was as fast */
    {
      reply_not_created (exchange, name, status);
      return FALSE;
    }
  *db = rest_open (exchange, self, CS_DOCUMENTS_WRITE);
  return *db != NULL;
}
