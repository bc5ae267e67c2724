/* rest.h: what the files of this plugin share: its state, settings, and how it reads and answers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REST_H
#define REST_H

#include <cloudsync/sdk.h>

typedef enum
{
  REST_CREATE_NEVER,
  REST_CREATE_ADMINS
} RestCreate;

typedef struct
{
  char *mount;
  gint create_collections; /* RestCreate */
  gboolean require_condition;
  gint64 page_size;
  gint64 max_page_size;
} RestSettings;

extern const CsSetting rest_settings[];
gboolean rest_settings_check (const char *kind, const void *settings, GError **error);

/* The instance; constant after start (). */
typedef struct
{
  CsHttp *http;
  CsDocuments *documents;
} Rest;

gboolean rest_start (gpointer self, GError **error);

/* ---- rest-collection.c ---- */

/* The collection of the path's first parameter, opened for who asks; to be closed. NULL: answered. */
CsDocumentsDb *rest_open (CsHttpExchange *exchange, Rest *self, CsDocumentsAccess access);
/* The same for writing; *db is NULL when there is none and who asks may create it. FALSE: answered. */
gboolean rest_open_or_none (CsHttpExchange *exchange, Rest *self, CsDocumentsDb **db);
/* Creates it and opens it. FALSE: answered. */
gboolean rest_create (CsHttpExchange *exchange, Rest *self, CsDocumentsDb **db);

/* ---- rest-condition.c: preconditions (RFC 9110 §13) of writes and reads ---- */

/* Room for the entity tags of one header; more are refused. */
#define REST_TAGS_MAX 64

typedef struct
{
  CsDocumentCondition condition;
  CsSlice versions[REST_TAGS_MAX];
} RestCondition;

/* Of a write. FALSE: answered 400 or 428. */
gboolean rest_condition_read (CsHttpExchange *exchange, Rest *self, RestCondition *condition);
/* Of a GET that found the document. TRUE: answered 304, 400 or 412. */
gboolean rest_condition_answered (CsHttpExchange *exchange, Rest *self, const CsDocument *document);

/* Reads a list of entity tags into `tags`, each without its quotes and without CS_HTTP_GZIP_TAG as well as with it;
 * weak ones are left out when `strong`. *any: it is `*`. FALSE: malformed, or more than `room`. Any thread. */
gboolean rest_tags_read (CsSlice text, gboolean strong, CsSlice *tags, guint room, guint *n,
                         gboolean *any);

/* ---- rest-document.c, rest-list.c: the handlers ---- */

void rest_document_get (CsHttpExchange *exchange, gpointer self);
void rest_document_put (CsHttpExchange *exchange, gpointer self);
void rest_document_patch (CsHttpExchange *exchange, gpointer self);
void rest_document_delete (CsHttpExchange *exchange, gpointer self);
void rest_document_post (CsHttpExchange *exchange, gpointer self);
void rest_list (CsHttpExchange *exchange, gpointer self);

/* ---- rest-answer.c ---- */

/* Problem details (RFC 9457) for a failure of the store. */
void rest_reply_status (CsHttpExchange *exchange, CsStatus status);
/* ETag and Last-Modified. */
void rest_set_validators (CsHttpExchange *exchange, Rest *self, const char *version,
                          gint64 updated);
void rest_set_etag (CsHttpExchange *exchange, const char *version);
/* Appends `"id":…,"version":…,"created_at":…,"updated_at":…`. */
void rest_append_meta (GString *json, CsSlice id, const char *version, gint64 created,
                       gint64 updated);
void rest_append_string (GString *json, CsSlice text);
/* Appends a path segment or query value, percent-encoded but for RFC 3986's unreserved characters. */
void rest_append_encoded (GString *out, CsSlice text);
/* Is the request's Content-Type this one? Parameters are not looked at. */
gboolean rest_type_is (CsHttpExchange *exchange, const char *type);

/* ---- rest-time.c: timestamps of RFC 3339; microseconds since 1970 ---- */

/* FALSE: malformed, or a day that is none. Any thread. */
gboolean rest_time_parse (CsSlice text, gint64 *time);
void rest_time_append (GString *out, gint64 time);

#endif
