/* rest.c: the routes as a table, with what /openapi.json says of them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

/* ---- pieces of the description ---- */

#define HEADER(name, description)                                                                  \
  "\"" name "\":{\"description\":\"" description "\",\"schema\":{\"type\":\"string\"}}"
#define PARAMETER(in, name, schema, description)                                                   \
  "{\"name\":\"" name "\",\"in\":\"" in "\",\"schema\":" schema ",\"description\":\"" description "\"}"
#define TEXT "{\"type\":\"string\"}"
#define TIME "{\"type\":\"string\",\"format\":\"date-time\"}"
#define OBJECT "{\"type\":\"object\"}"
#define META                                                                                       \
  "\"id\":" TEXT ",\"version\":" TEXT ",\"created_at\":" TIME ",\"updated_at\":" TIME
#define WRITTEN "{\"type\":\"object\",\"properties\":{" META "}}"
#define ITEM                                                                                       \
  "{\"type\":\"object\",\"properties\":{" META ",\"user_id\":{\"type\":[\"string\",\"null\"]},"    \
  "\"document\":" OBJECT "}}"
#define LIST                                                                                       \
  "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":" ITEM             \
  "},\"next\":{\"type\":[\"string\",\"null\"]}}}"
#define JSON(schema) "\"content\":{\"application/json\":{\"schema\":" schema "}}"
#define PROBLEM(status, description)                                                               \
  "\"" status "\":{\"description\":\"" description "\",\"content\":{"                              \
  "\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}"
#define VALIDATORS                                                                                 \
  "\"headers\":{" HEADER ("ETag", "The version") "," HEADER ("Last-Modified", "When it was written") "}"
#define LOCATION                                                                                   \
  "\"headers\":{" HEADER ("ETag", "The version") "," HEADER ("Location", "Where the document is") "}"
#define COMMON                                                                                     \
  PROBLEM ("401", "No credentials, or wrong ones")                                                 \
  "," PROBLEM ("403", "Not allowed in this collection")                                            \
  "," PROBLEM ("404", "No such collection or document")
#define BODY_PROBLEMS                                                                              \
  PROBLEM ("400", "Not JSON, or a malformed header")                                               \
  "," PROBLEM ("413", "Larger than sync.max-document")                                             \
  "," PROBLEM ("415", "Another Content-Type is needed")                                            \
  "," PROBLEM ("422", "Not an object, or a member or id that begins with _")
#define CONDITION_PROBLEMS                                                                         \
  PROBLEM ("412", "The document has another version")                                              \
  "," PROBLEM ("428", "rest.require-condition is set and the request has none")
#define CONDITIONS                                                                                 \
  PARAMETER ("header", "If-Match", TEXT, "Only if the document has one of these versions, or with * "    \
                                        "any")                                                     \
  "," PARAMETER ("header", "If-None-Match", TEXT, "Only if it has none of these versions, or with "   \
                                                 "* if there is none")                             \
  "," PARAMETER ("header", "If-Unmodified-Since", TEXT, "Only if it was not written later")
#define BODY(type, description)                                                                    \
  "\"requestBody\":{\"required\":true,\"description\":\"" description "\",\"content\":{\"" type    \
  "\":{\"schema\":" OBJECT "}}}"

/* ---- the operations ---- */

static const char list_text[] = "{\"description\":\"In the order in which documents were last written. A "
                                "walk by `next` misses nothing; what is written meanwhile comes "
                                "again.\",\"parameters\":["
  PARAMETER ("query", "user_id", TEXT, "Last written by this user")
  "," PARAMETER ("query", "created_after", TIME, "Created after this time")
  "," PARAMETER ("query", "updated_after", TIME, "Written after this time")
  "," PARAMETER ("query", "limit", "{\"type\":\"integer\",\"minimum\":1}", "At most so many; the default is "
                                                                      "rest.page-size")
  "," PARAMETER ("query", "cursor", TEXT, "`next` of the list before")
  "],\"responses\":{\"200\":{\"description\":\"A page of documents\",\"headers\":{"
  HEADER ("Link", "The next page, as rel=next") "}," JSON (LIST) "},"
  PROBLEM ("400", "A parameter is unknown or malformed") "," COMMON "}}";

static const char post_text[] = "{" BODY ("application/json", "The document, without an id")
  ",\"responses\":{\"201\":{\"description\":\"Stored under a new id\"," LOCATION "," JSON (WRITTEN) "},"
  COMMON "," BODY_PROBLEMS "}}";

static const char get_text[] = "{\"parameters\":["
  PARAMETER ("header", "If-None-Match", TEXT, "Only if it has none of these versions")
  "," PARAMETER ("header", "If-Modified-Since", TEXT, "Only if it was written later")
  "," PARAMETER ("header", "If-Match", TEXT, "Only if it has one of these versions")
  "],\"responses\":{\"200\":{\"description\":\"The document\"," VALIDATORS "," JSON (OBJECT) "},"
  "\"304\":{\"description\":\"It has the version that you have\"},"
  PROBLEM ("412", "The document has another version") "," COMMON "}}";

static const char put_text[] = "{\"parameters\":[" CONDITIONS "],"
  BODY ("application/json", "The whole document; attachments that it has stay")
  ",\"responses\":{\"200\":{\"description\":\"Stored in place of the one before\"," VALIDATORS ","
  JSON (WRITTEN) "},\"201\":{\"description\":\"Stored, there was none\"," LOCATION "," JSON (WRITTEN)
  "}," COMMON "," BODY_PROBLEMS "," CONDITION_PROBLEMS "}}";

static const char patch_text[] = "{\"parameters\":[" CONDITIONS "],"
  BODY ("application/merge-patch+json", "What changes (RFC 7396): null removes a member")
  ",\"responses\":{\"200\":{\"description\":\"Changed\"," VALIDATORS "," JSON (WRITTEN) "},"
  COMMON "," BODY_PROBLEMS "," CONDITION_PROBLEMS "}}";

static const char delete_text[] = "{\"parameters\":[" CONDITIONS "],"
  "\"responses\":{\"204\":{\"description\":\"Deleted\"}," PROBLEM ("400", "A malformed header") ","
  COMMON "," CONDITION_PROBLEMS "}}";

/* ---- routes ---- */

static void
refuse_method (CsHttpExchange *exchange, const char *allow)
{
  cs_http_set_header (exchange, "Allow", allow);
  if (!cs_slice_is (cs_http_request (exchange)->method, "OPTIONS"))
    cs_http_reply_error (exchange, 405, "the method is not allowed here");
  else
    cs_http_reply (exchange, 204, NULL, NULL, 0);
}

static void
refuse_in_collection (CsHttpExchange *exchange, gpointer self)
{
  refuse_method (exchange, "GET, HEAD, POST, OPTIONS");
}

static void
refuse_in_document (CsHttpExchange *exchange, gpointer self)
{
  cs_http_set_header (exchange, "Accept-Patch", "application/merge-patch+json");
  refuse_method (exchange, "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
}

/* Without it what is below a document would be another plugin's. */
static void
nothing_here (CsHttpExchange *exchange, gpointer self)
{
  cs_http_reply_error (exchange, 404,
                       "documents are at COLLECTION/ID; a slash in an id is written %2F");
}

#define GZIPPED .flags = CS_HTTP_STRONG_GZIP
#define UNLISTED .flags = CS_HTTP_UNLISTED

static const CsHttpRoute routes[] = {
  { "GET", "/{collection}", rest_list, "Lists documents", .openapi = list_text },
  { "POST", "/{collection}", rest_document_post, "Stores a document under a new id",
    .openapi = post_text },
  { "*", "/{collection}", refuse_in_collection, "Tells the methods that are allowed", UNLISTED },
  { "GET", "/{collection}/{id}", rest_document_get, "Reads a document", .openapi = get_text, GZIPPED },
  { "PUT", "/{collection}/{id}", rest_document_put, "Stores a document", .openapi = put_text },
  { "PATCH", "/{collection}/{id}", rest_document_patch, "Changes members of a document",
    .openapi = patch_text },
  { "DELETE", "/{collection}/{id}", rest_document_delete, "Deletes a document",
    .openapi = delete_text },
  { "*", "/{collection}/{id}", refuse_in_document, "Tells the methods that are allowed", UNLISTED },
  { "*", "/{collection}/{id}/{rest...}", nothing_here, "There is nothing", UNLISTED },
};

/* Leaves it to the server's own problem details, where another plugin's style would hold otherwise. */
static void
no_style (CsHttpExchange *exchange, gpointer self, guint status, const char *reason)
{
}

static void
nothing_above (CsHttpExchange *exchange, gpointer self)
{
  cs_http_reply_error (exchange, 404, "name a collection: COLLECTION or COLLECTION/ID");
}

gboolean
rest_start (gpointer data, GError **error)
{
  static const CsHttpRoute above[] = { { "*", "", nothing_above, "There is nothing", UNLISTED } };
  const RestSettings *settings = cs_settings (data);
  Rest *self = data;

  self->http = cs_require (self, CS_HTTP);
  self->documents = cs_require (self, CS_DOCUMENTS);
  return cs_http_mount_routes (self->http, self, settings->mount, CS_ROWS (above), error)
         && cs_http_mount_routes (self->http, self, settings->mount, CS_ROWS (routes), error)
         && cs_http_set_error_func (self->http, self, settings->mount, no_style, error);
}
