/* http.h: the objects of the plugin and who owns them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The plugin has a worker state on each worker; that has connections; a connection has at most one
 * exchange, whose memory is one arena. Nothing of a worker is touched by another thread, except what
 * is marked atomic. */
#pragma once

#include "http-chunked.h"
#include "http-date.h"
#include "http-parser.h"
#include "http-router.h"
#include "http-settings.h"

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

typedef struct _HttpPlugin HttpPlugin;
typedef struct _HttpListener HttpListener;
typedef struct _HttpRoute HttpRoute;
typedef struct _HttpWorker HttpWorker;
typedef struct _HttpConnection HttpConnection;
typedef struct _HttpExchange HttpExchange;
typedef struct _HttpGzip HttpGzip;

/* ---- the plugin ---- */

typedef struct
{
  CsHttpFilter filter;
  gpointer self;
  gsize prefix_length; /* without a slash at its end */
} HttpFilter;

typedef struct
{
  char *prefix;
  CsHttpErrorFunc func;
  gpointer self;
} HttpErrorStyle;

struct _HttpRoute
{
  CsHttpRoute row;
  char *path; /* with the mount */
  gpointer self;
  const char *plugin;
  CsStat requests[6]; /* by class of status; [0] unused */
  CsStat duration;
  CsStat running;
};

/* Requests that no route answers are counted here. */
#define HTTP_NO_ROUTE "none"

struct _HttpPlugin
{
  CsHttp service; /* the handle that other plugins hold */
  const HttpSettings *settings; /* atomic */
  CsAuth *auth;                 /* NULL: none is bound */
  CsIdentity anonymous;         /* without auth */
  HttpRouter *router;
  GPtrArray *routes;    /* HttpRoute */
  GArray *filters[3];   /* HttpFilter by CsHttpPhase, in order */
  GArray *early;        /* HttpFilter */
  GArray *error_styles; /* HttpErrorStyle, longest prefix first */
  GPtrArray *listeners; /* HttpListener */
  char **addresses;
  HttpRoute *no_route;
  HttpWorker **workers;
  guint n_workers;
  gint draining; /* atomic */

  /* Admission, atomic. */
  gint running;
  gint waiting;
  gint feeds;
  gint upgraded;

  CsStat connections;
  CsStat accepted;
  CsStat refused;
  CsStat overloaded;
  CsStat waiting_stat;
  CsStat feeds_stat;
  CsStat upgraded_stat;
};

/* ---- listeners ---- */

struct _HttpListener
{
  HttpPlugin *plugin;
  guint index;
  char *name; /* of its section; NULL: of [http] */
  char *address;
  gboolean loopback;
  CsListener *listener;
  CsTls *tls;               /* NULL: plaintext */
  const HttpLimits *limits; /* atomic; older ones are kept until the end */
  GPtrArray *old_limits;
  gint n_connections; /* atomic */
};

/* ---- workers ---- */

/* What a connection waits for; each has a list in order of the time it was entered. */
typedef enum
{
  HTTP_CLOCK_IDLE, /* the next request */
  HTTP_CLOCK_HEAD, /* the rest of a head */
  HTTP_CLOCK_WRITE, /* the client, to take output before its next request is read */
  HTTP_CLOCK_BUSY, /* its handler, which has a deadline of its own */
  HTTP_N_CLOCKS
} HttpClock;

typedef struct
{
  HttpConnection *first;
  HttpConnection *last;
} HttpClockList;

#define HTTP_BUFFER_BYTES (16 * 1024)
#define HTTP_CHUNK_BYTES 1024 /* an exchange and the first of its arena */
#define HTTP_MORE_BYTES 512   /* what the arena grows by: feeds that wait hold it for long */

typedef struct _HttpFree HttpFree;
struct _HttpFree
{
  HttpFree *next;
};

typedef struct
{
  HttpFree *first;
  guint n;
} HttpPool;

struct _HttpWorker
{
  HttpPlugin *plugin;
  guint index;
  HttpClockList *clocks; /* [listener][HTTP_N_CLOCKS] */
  guint n_clocks;
  CsTimer timer;
  gint64 timer_at;

  HttpHead head; /* of the request that is being read, when it came in one piece */
  HttpField fields[HTTP_MAX_FIELDS];
  HttpPool buffers; /* of HTTP_BUFFER_BYTES */
  HttpPool chunks;  /* of HTTP_CHUNK_BYTES */
  HttpPool more;    /* of HTTP_MORE_BYTES */
  HttpPool connections;
  HttpGzip *gzips;
  guint n_gzips;

  HttpDateCache date;
  gint64 date_until;
  char ok_head[64]; /* status line of 200 and the Date field */
  gsize ok_head_length;

  HttpExchange *wait_first; /* for admission */
  HttpExchange *wait_last;
  guint n_waiting; /* read by other workers, atomic */
  CsTask admit_task;
  gint admit_posted; /* atomic */
  CsTask admit_defer;
  gboolean admit_deferred;

  CsTask drain_task;
  gboolean draining;
  gboolean holding;
  guint n_exchanges;

  guint64 id_base;
  guint64 id_next;
  guint sample;
};

/* ---- connections ---- */

typedef struct
{
  guint8 *data; /* NULL: none */
  guint32 start; /* first byte not yet used */
  guint32 end;
  guint32 capacity;
} HttpBuffer;

typedef struct
{
  HttpHead head;
  HttpField fields[HTTP_MAX_FIELDS];
} HttpPartial;

struct _HttpConnection
{
  CsStream *stream;
  HttpWorker *worker;
  HttpListener *listener;
  HttpConnection *previous; /* in its clock's list */
  HttpConnection *next;
  gint64 since;
  HttpBuffer in;
  HttpPartial *partial; /* a head that has not ended */
  HttpExchange *exchange;
  const char *peer;
  gsize queued_then; /* when the WRITE clock was entered */
  CsTask again;
  guint clock : 3;
  guint secure : 1;
  guint loopback : 1;
  guint readable : 1; /* the stream may have more */
  guint eof : 1;      /* the client sends nothing more */
  guint gone : 1;     /* reset, or given up */
  guint running : 1;  /* http_connection_run () is on the stack */
  guint dead : 1;     /* to be freed when it is not */
  guint close : 1;    /* after the present answer */
  guint again_deferred : 1;
};

/* ---- exchanges ---- */

typedef struct _HttpChunk HttpChunk;
struct _HttpChunk
{
  HttpChunk *next;
  gsize length;
};

typedef struct _HttpOut HttpOut;
struct _HttpOut
{
  HttpOut *next;
  guint32 name_length;
  guint32 value_length;
  const char *value; /* behind the name */
  char name[];
};

typedef struct _HttpAttached HttpAttached;
struct _HttpAttached
{
  HttpAttached *next;
  gconstpointer key;
  gpointer value;
};

typedef enum
{
  HTTP_BODY_NONE,
  HTTP_BODY_LENGTH,
  HTTP_BODY_CHUNKED
} HttpBodyKind;

/* The last of these bytes of a chunk are the arena's own, when it is the first. */
struct _HttpExchange
{
  CsHttpExchange exchange;
  HttpConnection *connection;
  HttpWorker *worker;
  HttpPlugin *plugin;
  CsFiber *fiber;

  char *arena_at;
  char *arena_end;
  HttpChunk *chunks; /* beyond the first */

  HttpHead head;
  const guint8 *text; /* the head's bytes */
  const HttpRoute *route;
  const char *allow; /* methods of the path, when it has no route for this one */
  guint n_params;
  const HttpRouterParam *params;
  CsIdentity *identity;
  CsHttpRequest *request;
  const char *id;
  HttpAttached *attached;
  gint64 received;

  guint64 body_left; /* LENGTH */
  guint64 body_limit;
  guint64 body_bytes; /* so far */
  gint64 body_began;
  HttpChunked *chunked;
  char *body; /* g_free() at the end */

  HttpOut *out_first;
  HttpOut *out_last;
  const char *type; /* while the head is made; borrowed */
  gint64 length_left; /* of a body of known length */
  guint64 skip;       /* bytes before the range asked for */
  guint64 bytes_sent;
  HttpGzip *gzip;

  CsHttpParkFunc park_func;
  gpointer park_data;
  CsHttpHandler resume_handler;
  gpointer resume_data;

  HttpExchange *wait_next;
  gint64 wait_until;

  guint16 status;
  guint8 body_kind;
  guint8 admitted; /* 1 + CsHttpAdmission while it counts */
  guint is_head : 1;
  guint begun : 1;    /* the head of the answer is out */
  guint ended : 1;    /* the answer is complete, or given up */
  guint aborted : 1;
  guint no_body : 1;  /* HEAD, 204, 304 */
  guint out_chunked : 1;
  guint keep_alive : 1;
  guint in_handler : 1;
  guint parked : 1;
  guint told_gone : 1;
  guint body_failed : 1;
  guint continued : 1; /* 100 was sent, or is not wanted */
  guint in_error : 1;
  guint upgraded : 1;
  guint waiting : 1; /* for admission */
  guint started : 1; /* counts as running */
  guint ranged : 1;
  guint part_only : 1; /* the handler gives no more than the range */
  guint granted : 1;
  guint encoded : 1; /* the path has a percent sign */
};

static inline const HttpSettings *
http_plugin_settings (HttpPlugin *self)
{
  return g_atomic_pointer_get (&self->settings);
}

static inline const HttpLimits *
http_connection_limits (const HttpConnection *connection)
{
  return g_atomic_pointer_get (&connection->listener->limits);
}

static inline CsSlice
http_exchange_slice (const HttpExchange *exchange, HttpSlice slice)
{
  return cs_slice (exchange->text + slice.at, slice.length);
}

/* http-listener.c: main thread */
gboolean http_listeners_start (HttpPlugin *self, GError **error);
gboolean http_listeners_prepare (HttpPlugin *self, const HttpSettings *settings, gpointer *token,
                                 GError **error);
void http_listeners_commit (HttpPlugin *self, gpointer token);
void http_listeners_abort (HttpPlugin *self, gpointer token);
void http_listeners_pause (HttpPlugin *self);
void http_listeners_free (HttpPlugin *self);

/* http-routes.c */
void http_routes_init (HttpPlugin *self);
void http_routes_free (HttpPlugin *self);
gboolean http_add_routes (CsHttp *http, gpointer owner, const char *mount,
                          const CsHttpRoute *routes, gsize n, gsize row_size, GError **error);
gboolean http_add_filters (CsHttp *http, gpointer owner, const CsHttpFilter *filters, gsize n,
                           gsize row_size, GError **error);
gboolean http_set_error_func (CsHttp *http, gpointer owner, const char *prefix,
                              CsHttpErrorFunc func, GError **error);
void http_visit_routes (CsHttp *http, CsHttpRouteFunc func, gpointer data);
const char *http_lookup (CsHttp *http, const char *method, const char *path,
                         const char **template_);
const char *const *http_addresses (CsHttp *http);
/* Fills route, params and allow. FALSE: the path is malformed. */
gboolean http_exchange_route (HttpExchange *self);
/* Runs the filters of a phase until one answers (FALSE). */
gboolean http_exchange_filter (HttpExchange *self, const GArray *filters);
/* Whether an encoded path lies at or below a prefix, segment by segment. */
gboolean http_path_below (CsSlice path, const char *prefix);
gsize http_prefix_length (const char *prefix);

/* http-worker.c: on the worker */
void http_worker_drain (HttpWorker *self);
gpointer http_pool_take (HttpPool *pool, gsize bytes);
void http_pool_give (HttpPool *pool, gpointer memory, guint keep);
void http_worker_enter (HttpConnection *connection, HttpClock clock);
void http_worker_leave (HttpConnection *connection);
void http_worker_arm (HttpWorker *self, gint64 at);
const char *http_worker_date (HttpWorker *self);

/* http-connection.c */
void http_connection_accept (CsStream *stream, gpointer listener);
void http_connection_run (HttpConnection *self);
void http_connection_run_later (HttpConnection *self);
void http_connection_expired (HttpConnection *self);
void http_connection_close (HttpConnection *self);
void http_connection_drop (HttpConnection *self);
void http_buffer_release (HttpWorker *worker, HttpBuffer *buffer);
gboolean http_buffer_make_room (HttpWorker *worker, HttpBuffer *buffer, gsize most);

/* http-exchange.c */
HttpExchange *http_exchange_new (HttpConnection *connection, const HttpHead *head,
                                 const guint8 *text);
void http_exchange_dispatch (HttpExchange *self);
void http_exchange_start (HttpExchange *self);
void http_exchange_overloaded (HttpExchange *self);
void http_exchange_finish (HttpExchange *self);
void http_exchange_client_gone (HttpExchange *self);
void http_exchange_tell_parked (HttpExchange *self, gboolean draining);
gpointer http_exchange_alloc (HttpExchange *self, gsize length);
char *http_exchange_strndup (HttpExchange *self, const char *text, gsize length);
void http_park (CsHttpExchange *exchange, CsHttpParkFunc func, gpointer data);
CsStatus http_resume (CsHttpExchange *exchange, CsHttpHandler handler, gpointer data);
/* After an answer ended: frees it when nobody is inside its handler. */
void http_exchange_maybe_finish (HttpExchange *self);

/* http-access.c: TRUE: the handler may run; else it was answered */
gboolean http_exchange_check_host (HttpExchange *self);
gboolean http_exchange_authorize (HttpExchange *self);
CsIdentity *http_identity (CsHttpExchange *exchange);
void http_grant (CsHttpExchange *exchange);
gboolean http_open_allowed (HttpPlugin *self, GError **error);

/* http-admission.c */
typedef enum
{
  HTTP_ADMIT_NOW,
  HTTP_ADMIT_LATER,
  HTTP_ADMIT_REFUSED
} HttpAdmit;
HttpAdmit http_admission_ask (HttpExchange *self);
/* FALSE: max-upgraded connections are open. Any thread for both. */
gboolean http_admission_upgrade (HttpPlugin *plugin);
void http_upgraded_closed (CsHttp *http);
void http_admission_release (HttpExchange *self);
void http_admission_forget (HttpExchange *self);
gint64 http_admission_expire (HttpWorker *worker, gint64 now);
void http_admission_init (HttpWorker *worker);

/* http-request.c */
const CsHttpRequest *http_request (CsHttpExchange *exchange);
const CsHttpRoute *http_route (CsHttpExchange *exchange);
CsSlice http_param (CsHttpExchange *exchange, guint index);
gboolean http_query (CsHttpExchange *exchange, const char *name, CsSlice *value);
gboolean http_query_each (CsHttpExchange *exchange, gsize *cursor, CsSlice *name, CsSlice *value);
CsSlice http_header (CsHttpExchange *exchange, const char *name);
gboolean http_header_each (CsHttpExchange *exchange, guint *cursor, CsSlice *name, CsSlice *value);
gpointer http_alloc (CsHttpExchange *exchange, gsize length);
gint http_accept (CsHttpExchange *exchange, const char *const *offered);
void http_attach (CsHttpExchange *exchange, gconstpointer key, gpointer value);
gpointer http_attached (CsHttpExchange *exchange, gconstpointer key);
const char *http_exchange_id (HttpExchange *self);

/* http-body.c */
void http_exchange_begin_body (HttpExchange *self);
/* Whether what is left of the body lies in the buffer; it is then skipped. */
gboolean http_exchange_skip_body (HttpExchange *self);
CsStatus http_read_body (CsHttpExchange *exchange, CsSlice *body);
gssize http_read (CsHttpExchange *exchange, gpointer buffer, gsize length);
void http_limit_body (CsHttpExchange *exchange, gint64 limit);

/* http-response.c */
void http_set_header (CsHttpExchange *exchange, const char *name, const char *value);
void http_add_header (CsHttpExchange *exchange, const char *name, const char *value);
const HttpOut *http_exchange_out (const HttpExchange *self, const char *name);
guint http_status (CsHttpExchange *exchange);
guint64 http_bytes_sent (CsHttpExchange *exchange);
void http_reply (CsHttpExchange *exchange, guint status, const char *type, const CsSlice *parts,
                 guint n);
void http_begin (CsHttpExchange *exchange, guint status, const char *type, gint64 length);
CsStatus http_write (CsHttpExchange *exchange, const CsSlice *parts, guint n);
CsStatus http_flush (CsHttpExchange *exchange);
void http_end (CsHttpExchange *exchange);
void http_abort (CsHttpExchange *exchange);
gsize http_queued (CsHttpExchange *exchange);
CsStream *http_upgrade (CsHttpExchange *exchange, const char *protocol, CsSlice *unread);

/* http-ranges.c */

/* From this machine; through a proxy on it everybody would be. */
gboolean http_exchange_is_local (const HttpExchange *self);

/* A field of the request; data NULL: absent. */
CsSlice http_exchange_field (const HttpExchange *self, const char *name);
/* Cuts a 200 of known length to the range asked for; the length that is left. */
gint64 http_exchange_cut_to_range (HttpExchange *self, gint64 length);
/* A 200 of which the client wants nothing that there is: told in the owner's style. TRUE: answered. */
gboolean http_exchange_refuse_range (HttpExchange *self, guint status, gint64 length);
void http_range (CsHttpExchange *exchange, guint64 length, guint64 *first, guint64 *wanted);

/* http-head.c: the head of an answer */
#define HTTP_LENGTH_UNKNOWN -1
#define HTTP_LENGTH_NONE -2
gsize http_answer_head_bytes (const HttpExchange *self);
char *http_answer_head (HttpExchange *self, gint64 length, char *at);
const char *http_status_text (guint status);

/* http-error.c */
void http_reply_error (CsHttpExchange *exchange, guint status, const char *reason);
/* Answers a request that could not be read, and closes. */
void http_connection_refuse (HttpConnection *connection, guint status, const char *reason);

/* http-gzip.c */
gboolean http_gzip_wanted (HttpExchange *self, gint64 length);
HttpGzip *http_gzip_begin (HttpWorker *worker, int level);
void http_gzip_end (HttpWorker *worker, HttpGzip *gzip);
void http_gzip_free_all (HttpWorker *worker);
typedef enum
{
  HTTP_GZIP_MORE,
  HTTP_GZIP_FLUSH,
  HTTP_GZIP_FINISH
} HttpGzipMode;
/* Compresses; each piece of output goes to `put`. */
void http_gzip_run (HttpGzip *gzip, const CsSlice *parts, guint n, HttpGzipMode mode,
                    void (*put) (gpointer data, const char *bytes, gsize length), gpointer data);

/* http-log.c */
void http_exchange_log (HttpExchange *self);

extern const CsHttpTable http_table;

G_END_DECLS
