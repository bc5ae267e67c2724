/* http.h: contract http=1: routes, filters and exchanges, whatever the version of HTTP beneath.
 *
 * Handlers run on a fiber of the connection's worker, in straight-line code. Unless a line says
 * otherwise calls are for that fiber, and slices and strings live as long as the exchange.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SERVICES_HTTP_H
#define CS_SERVICES_HTTP_H

#include <cloudsync/error.h>
#include <cloudsync/service.h>
#include <cloudsync/services/auth.h>
#include <cloudsync/stream.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

#define CS_HTTP CsHttp, "http", 1

typedef struct _CsHttp CsHttp;
/* One request and its answer. */
typedef struct _CsHttpExchange CsHttpExchange;

/* Answers the exchange, or parks it, before it returns; one that does neither is answered 500. */
typedef void (*CsHttpHandler) (CsHttpExchange *exchange, gpointer self);

/* Who may call a route. The default is closed. */
typedef enum
{
  CS_ACCESS_IDENTITY = 0, /* an authenticated user; anonymous is answered 401 */
  CS_ACCESS_PUBLIC,       /* anyone; credentials that are given are still checked */
  CS_ACCESS_SCOPE,        /* an authenticated user whose token has the route's scope */
  CS_ACCESS_ADMIN,        /* an administrator of the node */
  CS_ACCESS_LOCAL         /* loopback peers and UNIX sockets, unless the request has Forwarded or X-Forwarded-For; an
                           * early filter may cs_http_grant () it to others */
} CsHttpAccess;

/* How a route is admitted under load. */
typedef enum
{
  CS_ADMIT_REQUEST = 0, /* counts in max-concurrent-requests while its handler runs */
  CS_ADMIT_FEED,        /* may wait for long: counts in max-feeds instead */
  CS_ADMIT_ALWAYS       /* health and metrics: never queued or refused */
} CsHttpAdmission;

typedef enum
{
  CS_HTTP_RANGES = 1 << 0,    /* cs_http_reply…() of status 200 may be cut to the Range asked for */
  CS_HTTP_PLUS_SPACE = 1 << 1, /* a `+` in a path parameter is a space, as in a form */
  CS_HTTP_UNLISTED = 1 << 2,   /* not in /openapi.json: it only says that there is nothing */
  /* The ETag of an answer that is compressed stays strong: CS_HTTP_GZIP_TAG comes before its last quote, which
   * the handler takes off a tag that comes back. Without the flag it becomes weak (RFC 9110 §8.8.3.3). */
  CS_HTTP_STRONG_GZIP = 1 << 3
} CsHttpRouteFlags;

#define CS_HTTP_GZIP_TAG "--gzip"
#define CS_HTTP_DATE_SIZE 30 /* of an HTTP date, with its NUL */

/* A row of a const table; what is left out is 0. The path is absolute, of literal segments, `{name}`
 * for one segment, and at the end `{name...}` for the rest. Literals win over parameters; a
 * method that the literal place has no row for is looked for in the wider ones. A slash at the request's
 * end is ignored where no row wants it. A GET route answers HEAD; OPTIONS and 405 with Allow come by
 * themselves. */
typedef struct
{
  const char *method; /* "*": any that no other row of the path names */
  const char *path;
  CsHttpHandler handler;
  const char *summary; /* one line, for /openapi.json */
  CsHttpAccess access;
  const char *scope; /* with CS_ACCESS_SCOPE */
  gint64 body_limit; /* bytes; 0: http.max-body; the default of a route that takes none is the same */
  gint64 deadline;   /* microseconds for the handler; 0: http.request-timeout; CS_NEVER: none */
  CsHttpAdmission admission;
  guint flags;         /* CsHttpRouteFlags */
  const char *openapi; /* JSON object merged into the operation; NULL: none */
} CsHttpRoute;

typedef enum
{
  CS_HTTP_PHASE_ACCESS,  /* before the handler, after authentication, on the fiber: may wait, may answer */
  CS_HTTP_PHASE_RESPOND, /* before the head is written: may change status and headers; may not wait */
  CS_HTTP_PHASE_LOG      /* after the last byte was queued; may not wait, may not answer */
} CsHttpPhase;

/* TRUE: go on. FALSE (access only): the filter has answered. */
typedef gboolean (*CsHttpFilterFunc) (CsHttpExchange *exchange, gpointer self);

typedef struct
{
  CsHttpPhase phase;
  gint order;         /* lower first; 0 is usual */
  const char *prefix; /* path prefix it is for; NULL: every request */
  CsHttpFilterFunc func;
  gboolean early; /* access: before routing and authentication (CORS preflight), may not wait */
  const char *path; /* this path alone; NULL: see prefix */
  gboolean upgrade; /* only requests whose Connection field lists `upgrade` */
} CsHttpFilter;

/* Writes the body of an answer that the server makes by itself (404 without a route, 405, 401, 413, …)
 * in the style of the plugin that owns the path prefix: sets headers, calls a cs_http_reply…(). */
typedef void (*CsHttpErrorFunc) (CsHttpExchange *exchange, gpointer self, guint status,
                                 const char *reason);

/* The client is gone, or the node drains and wants the parked exchange to end (draining TRUE: end it with
 * the protocol's goodbye). On the worker, off any fiber. After gone the callee must still call
 * cs_http_end () or cs_http_abort () once, in the call or later. */
typedef void (*CsHttpParkFunc) (CsHttpExchange *exchange, gpointer data, gboolean draining);

typedef void (*CsHttpRouteFunc) (const CsHttpRoute *route, const char *path, const char *plugin,
                                 gpointer data);

typedef struct
{
  gsize size;
  CsSlice method;
  CsSlice path;      /* as sent, before the `?`, not decoded */
  CsSlice query;     /* after the `?` */
  CsSlice authority; /* Host */
  guint minor_version; /* of HTTP/1.x; 20 for HTTP/2 */
  gint64 received;   /* monotonic, when the head was complete */
  gint64 content_length; /* -1: chunked; 0: none */
  gboolean secure;
  gboolean peer_loopback;
  const char *peer; /* address:port */
  const char *id;   /* request id: the client's X-Request-Id when it is well-formed, else ours */
  const char *listener; /* the section it came through, of [listener NAME]; NULL: of [http] */
  gboolean local; /* from this machine and not through a proxy on it: without Forwarded and X-Forwarded-For */
} CsHttpRequest;

typedef struct
{
  gsize size;
  gboolean (*add_routes) (CsHttp *http, gpointer self, const char *mount, const CsHttpRoute *routes,
                          gsize n, gsize row_size, GError **error);
  gboolean (*add_filters) (CsHttp *http, gpointer self, const CsHttpFilter *filters, gsize n,
                           gsize row_size, GError **error);
  gboolean (*set_error_func) (CsHttp *http, gpointer self, const char *prefix, CsHttpErrorFunc func,
                              GError **error);
  void (*visit_routes) (CsHttp *http, CsHttpRouteFunc func, gpointer data);
  const char *(*lookup) (CsHttp *http, const char *method, const char *path, const char **template_);
  const char *const *(*addresses) (CsHttp *http);

  const CsHttpRequest *(*request) (CsHttpExchange *exchange);
  const CsHttpRoute *(*route) (CsHttpExchange *exchange);
  CsIdentity *(*identity) (CsHttpExchange *exchange);
  CsSlice (*param) (CsHttpExchange *exchange, guint index);
  gboolean (*query) (CsHttpExchange *exchange, const char *name, CsSlice *value);
  gboolean (*query_next) (CsHttpExchange *exchange, gsize *cursor, CsSlice *name, CsSlice *value);
  CsSlice (*header) (CsHttpExchange *exchange, const char *name);
  gboolean (*header_next) (CsHttpExchange *exchange, guint *cursor, CsSlice *name, CsSlice *value);
  gpointer (*alloc) (CsHttpExchange *exchange, gsize len);
  CsStatus (*read_body) (CsHttpExchange *exchange, CsSlice *body);
  gssize (*read) (CsHttpExchange *exchange, gpointer buffer, gsize len);

  void (*set_header) (CsHttpExchange *exchange, const char *name, const char *value);
  void (*add_header) (CsHttpExchange *exchange, const char *name, const char *value);
  guint (*status) (CsHttpExchange *exchange);
  guint64 (*bytes_sent) (CsHttpExchange *exchange);
  void (*reply) (CsHttpExchange *exchange, guint status, const char *type, const CsSlice *parts,
                 guint n);
  void (*reply_error) (CsHttpExchange *exchange, guint status, const char *reason);
  void (*begin) (CsHttpExchange *exchange, guint status, const char *type, gint64 length);
  CsStatus (*write) (CsHttpExchange *exchange, const CsSlice *parts, guint n);
  CsStatus (*flush) (CsHttpExchange *exchange);
  void (*end) (CsHttpExchange *exchange);
  void (*abort) (CsHttpExchange *exchange);
  void (*park) (CsHttpExchange *exchange, CsHttpParkFunc func, gpointer data);
  CsStatus (*resume) (CsHttpExchange *exchange, CsHttpHandler handler, gpointer data);
  gsize (*queued) (CsHttpExchange *exchange);
  CsStream *(*upgrade) (CsHttpExchange *exchange, const char *protocol, CsSlice *unread);
  gint (*accept) (CsHttpExchange *exchange, const char *const *offered);
  void (*grant) (CsHttpExchange *exchange);
  void (*upgraded_closed) (CsHttp *http);
  void (*format_date) (gint64 time, char *text);
  gboolean (*parse_date) (CsSlice text, gint64 *time);
  void (*limit_body) (CsHttpExchange *exchange, gint64 limit);
  void (*range) (CsHttpExchange *exchange, guint64 length, guint64 *first, guint64 *wanted);
  void (*attach) (CsHttpExchange *exchange, gconstpointer key, gpointer value);
  gpointer (*attached) (CsHttpExchange *exchange, gconstpointer key);
} CsHttpTable;

struct _CsHttp
{
  const CsHttpTable *table;
};

/* The handle through which exchange calls go: an exchange begins with a pointer to its table. */
struct _CsHttpExchange
{
  const CsHttpTable *table;
};

/* ---- in start (), main thread ---- */

/* Adds rows of constant data; handlers are called with `self`. Fails when a path is malformed, taken, or
 * needs an identity while no auth is bound and auth is not open. */
static inline gboolean
cs_http_add_routes (CsHttp *http, gpointer self, const CsHttpRoute *routes, gsize n, gsize row_size,
                    GError **error)
{
  return http->table->add_routes (http, self, "", routes, n, row_size, error);
}

/* The same below a path prefix such as "/couch" ("" or "/": none). */
static inline gboolean
cs_http_mount_routes (CsHttp *http, gpointer self, const char *mount, const CsHttpRoute *routes,
                      gsize n, gsize row_size, GError **error)
{
  return http->table->add_routes (http, self, mount, routes, n, row_size, error);
}

static inline gboolean
cs_http_add_filters (CsHttp *http, gpointer self, const CsHttpFilter *filters, gsize n,
                     gsize row_size, GError **error)
{
  return http->table->add_filters (http, self, filters, n, row_size, error);
}

/* The longest prefix wins; without one the server answers RFC 9457 problem details. */
static inline gboolean
cs_http_set_error_func (CsHttp *http, gpointer self, const char *prefix, CsHttpErrorFunc func,
                        GError **error)
{
  return http->table->set_error_func (http, self, prefix, func, error);
}

/* Every route with its full path and the plugin that owns it. Any thread once started. */
static inline void
cs_http_visit_routes (CsHttp *http, CsHttpRouteFunc func, gpointer data)
{
  http->table->visit_routes (http, func, data);
}

/* The plugin whose route would answer, and that route's path; NULL when none would. Any thread. */
static inline const char *
cs_http_lookup (CsHttp *http, const char *method, const char *path, const char **template_)
{
  return http->table->lookup (http, method, path, template_);
}

/* The addresses that are listened on, as URLs such as "http://127.0.0.1:8080" or as "unix:/path";
 * NULL-terminated. */
static inline const char *const *
cs_http_addresses (CsHttp *http)
{
  return http->table->addresses (http);
}

/* Writes an HTTP date (RFC 9110 §5.6.7), CS_HTTP_DATE_SIZE bytes; `time` is microseconds since 1970. Any
 * thread. */
static inline void
cs_http_format_date (CsHttp *http, gint64 time, char *text)
{
  http->table->format_date (time, text);
}

/* Reads one of any of the three forms; FALSE when it is none. Any thread. */
static inline gboolean
cs_http_parse_date (CsHttp *http, CsSlice text, gint64 *time)
{
  return http->table->parse_date (text, time);
}

/* ---- the request ---- */

static inline const CsHttpRequest *
cs_http_request (CsHttpExchange *exchange)
{
  return exchange->table->request (exchange);
}

/* The row that matched; NULL before routing. */
static inline const CsHttpRoute *
cs_http_route (CsHttpExchange *exchange)
{
  return exchange->table->route (exchange);
}

/* Who asks; never NULL in a handler. Borrowed. */
static inline CsIdentity *
cs_http_identity (CsHttpExchange *exchange)
{
  return exchange->table->identity (exchange);
}

/* The path's parameter of that index, from the left, percent-decoded (RFC 3986 §2.1); `{name...}` keeps
 * its slashes. data is NULL when there is none. */
static inline CsSlice
cs_http_param (CsHttpExchange *exchange, guint index)
{
  return exchange->table->param (exchange, index);
}

/* The first query parameter of that name, decoded (`+` is a space). */
static inline gboolean
cs_http_query (CsHttpExchange *exchange, const char *name, CsSlice *value)
{
  return exchange->table->query (exchange, name, value);
}

/* Each in turn; *cursor starts at 0. */
static inline gboolean
cs_http_query_next (CsHttpExchange *exchange, gsize *cursor, CsSlice *name, CsSlice *value)
{
  return exchange->table->query_next (exchange, cursor, name, value);
}

/* The field's value, several joined by ", " (RFC 9110 §5.3); data NULL when absent. Names are compared
 * without case. */
static inline CsSlice
cs_http_header (CsHttpExchange *exchange, const char *name)
{
  return exchange->table->header (exchange, name);
}

static inline gboolean
cs_http_header_next (CsHttpExchange *exchange, guint *cursor, CsSlice *name, CsSlice *value)
{
  return exchange->table->header_next (exchange, cursor, name, value);
}

/* The index of the media type in `offered` (NULL-terminated) that the client's Accept wants most, the
 * earlier on a tie; -1: none (RFC 9110 §12.5.1). */
static inline gint
cs_http_accept (CsHttpExchange *exchange, const char *const *offered)
{
  return exchange->table->accept (exchange, offered);
}

/* In an early access filter: a route of CS_ACCESS_LOCAL takes this client as it takes a local one. */
static inline void
cs_http_grant (CsHttpExchange *exchange)
{
  exchange->table->grant (exchange);
}

/* Whence a request comes, for cs_auth_login () and cs_auth_session_cookie (). */
static inline CsAuthRequest
cs_http_auth_request (CsHttpExchange *exchange)
{
  const CsHttpRequest *request = cs_http_request (exchange);
  CsAuthRequest whence;

  memset (&whence, 0, sizeof whence);
  whence.size = sizeof whence;
  whence.peer = request->peer;
  whence.local = request->local;
  whence.secure = request->secure;
  return whence;
}

/* Memory of the exchange's arena, aligned for any type, not zeroed. */
static inline gpointer
cs_http_alloc (CsHttpExchange *exchange, gsize len)
{
  return exchange->table->alloc (exchange, len);
}

/* The whole body, NUL after its end; waits for it. CS_TOO_LARGE, CS_CLOSED, CS_TIMED_OUT, CS_INVALID (bad
 * chunks): the server has answered as the failure asks; the handler returns. */
static inline CsStatus
cs_http_read_body (CsHttpExchange *exchange, CsSlice *body)
{
  return exchange->table->read_body (exchange, body);
}

/* A piece of the body; 0 at its end, else the negated status as above. Waits. */
static inline gssize
cs_http_read (CsHttpExchange *exchange, gpointer buffer, gsize len)
{
  return exchange->table->read (exchange, buffer, len);
}

/* Another limit for this request's body than the route's, before any of it is read; 0: http.max-body. A body
 * that is longer is answered 413 by the next reading, at once where its length was told. */
static inline void
cs_http_limit_body (CsHttpExchange *exchange, gint64 limit)
{
  exchange->table->limit_body (exchange, limit);
}

/* Keeps `value` with the exchange until its end, under a key that is the caller's own (its `self`), for its
 * later filters and handlers; replaces an earlier one. Any filter or handler. */
static inline void
cs_http_attach (CsHttpExchange *exchange, gconstpointer key, gpointer value)
{
  exchange->table->attach (exchange, key, value);
}

/* What was attached under that key; NULL: nothing. */
static inline gpointer
cs_http_attached (CsHttpExchange *exchange, gconstpointer key)
{
  return exchange->table->attached (exchange, key);
}

/* ---- the answer ---- */

/* Sets a header of the answer, replacing earlier ones of that name; copied; NULL takes it away. Content-Length,
 * Transfer-Encoding, Date and Connection are the server's. */
static inline void
cs_http_set_header (CsHttpExchange *exchange, const char *name, const char *value)
{
  exchange->table->set_header (exchange, name, value);
}

static inline void
cs_http_add_header (CsHttpExchange *exchange, const char *name, const char *value)
{
  exchange->table->add_header (exchange, name, value);
}

/* The answer's status; 0 before there is one. For respond and log filters. */
static inline guint
cs_http_status (CsHttpExchange *exchange)
{
  return exchange->table->status (exchange);
}

static inline guint64
cs_http_bytes_sent (CsHttpExchange *exchange)
{
  return exchange->table->bytes_sent (exchange);
}

/* The whole answer at once; `parts` are copied, or sent before it returns. type NULL: no body type. */
static inline void
cs_http_reply (CsHttpExchange *exchange, guint status, const char *type, const CsSlice *parts,
               guint n)
{
  exchange->table->reply (exchange, status, type, parts, n);
}

static inline void
cs_http_reply_text (CsHttpExchange *exchange, guint status, const char *text)
{
  CsSlice part = cs_slice_str (text);

  exchange->table->reply (exchange, status, "text/plain; charset=utf-8", &part, 1);
}

static inline void
cs_http_reply_json (CsHttpExchange *exchange, guint status, const char *json)
{
  CsSlice part = cs_slice_str (json);

  exchange->table->reply (exchange, status, "application/json", &part, 1);
}

/* In the style of whoever owns the path's prefix. */
static inline void
cs_http_reply_error (CsHttpExchange *exchange, guint status, const char *reason)
{
  exchange->table->reply_error (exchange, status, reason);
}

/* Begins an answer whose body is written piece by piece; length -1: not known (chunked, or to the end of
 * the connection for HTTP/1.0). */
static inline void
cs_http_begin (CsHttpExchange *exchange, guint status, const char *type, gint64 length)
{
  exchange->table->begin (exchange, status, type, length);
}

/* Before cs_http_begin (), once ETag and Last-Modified are set: which part of a 200 of `length` bytes the client
 * is sent, by its Range where the route has CS_HTTP_RANGES: `wanted` bytes (0 for HEAD, and where nothing of
 * it can be had) from `first` on. The handler then writes these alone, and need not have the others. */
static inline void
cs_http_range (CsHttpExchange *exchange, guint64 length, guint64 *first, guint64 *wanted)
{
  exchange->table->range (exchange, length, first, wanted);
}

/* Copies the parts to the output; on a fiber it waits while more than http.output-high is queued. On a
 * parked exchange it does not wait. CS_CLOSED, CS_CANCELLED: the client is gone. */
static inline CsStatus
cs_http_write (CsHttpExchange *exchange, const CsSlice *parts, guint n)
{
  return exchange->table->write (exchange, parts, n);
}

static inline CsStatus
cs_http_write_str (CsHttpExchange *exchange, const char *text)
{
  CsSlice part = cs_slice_str (text);

  return exchange->table->write (exchange, &part, 1);
}

/* Pushes out what the compressor or the head still holds back, for feeds. */
static inline CsStatus
cs_http_flush (CsHttpExchange *exchange)
{
  return exchange->table->flush (exchange);
}

/* Ends an answer that was begun; of a parked exchange also frees it. */
static inline void
cs_http_end (CsHttpExchange *exchange)
{
  exchange->table->end (exchange);
}

/* Ends it by closing the connection, so that the client sees that the answer is not whole. */
static inline void
cs_http_abort (CsHttpExchange *exchange)
{
  exchange->table->abort (exchange);
}

/* Detaches the exchange from the handler's fiber: the handler returns, the fiber ends, the exchange
 * stays. Its arena and headers stay as well; what may be written then does not wait. `func` tells when the
 * client is gone. Call on the handler's fiber, with the body read. */
static inline void
cs_http_park (CsHttpExchange *exchange, CsHttpParkFunc func, gpointer data)
{
  exchange->table->park (exchange, func, data);
}

/* Runs handler (exchange, data) on a new fiber; the exchange is no longer parked. Same worker.
 * CS_OVERLOADED: no fiber is free; still parked. */
static inline CsStatus
cs_http_resume (CsHttpExchange *exchange, CsHttpHandler handler, gpointer data)
{
  return exchange->table->resume (exchange, handler, data);
}

/* Bytes of this connection's output not yet taken by the kernel. */
static inline gsize
cs_http_queued (CsHttpExchange *exchange)
{
  return exchange->table->queued (exchange);
}

/* Answers 101 with the headers set so far (RFC 9110 §7.8) and hands over the stream; *unread are bytes
 * that came after the head. The exchange stays valid until the handler returns. The connection counts in
 * http.max-upgraded until cs_http_upgraded_closed (). NULL: answered, 426 when the request asks for no
 * upgrade that its version of HTTP allows, 503 over the limit. */
static inline CsStream *
cs_http_upgrade (CsHttpExchange *exchange, const char *protocol, CsSlice *unread)
{
  return exchange->table->upgrade (exchange, protocol, unread);
}

/* Once for each stream that was handed over, when its new owner has closed it. Any thread. */
static inline void
cs_http_upgraded_closed (CsHttp *http)
{
  http->table->upgraded_closed (http);
}

G_END_DECLS

#endif
