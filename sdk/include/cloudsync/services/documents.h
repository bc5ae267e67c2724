/* documents.h: contract documents=1: databases of JSON documents, with rights and versions handled.
 *
 * What is written here replicates to CouchDB's clients and what they write is read here. Its user never
 * meets a revision tree: a document has one current body, and a version that changes with every write.
 *
 * Unless a line says otherwise a call is for a worker's fiber and may wait; a handle belongs to the worker
 * that opened it. Slices and strings that are given are used until the call returns.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SERVICES_DOCUMENTS_H
#define CS_SERVICES_DOCUMENTS_H

#include <cloudsync/error.h>
#include <cloudsync/service.h>
#include <cloudsync/services/auth.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

#define CS_DOCUMENTS CsDocuments, "documents", 1

#define CS_DOCUMENT_VERSION_SIZE 96 /* bytes of a version with its NUL, at most */
#define CS_DOCUMENT_ID_SIZE 33      /* of an id that was made, with its NUL */
#define CS_DOCUMENT_LIST_MAX 1000   /* documents in one list */

typedef struct _CsDocuments CsDocuments;
/* A database, opened for one identity. */
typedef struct _CsDocumentsDb CsDocumentsDb;

typedef enum
{
  CS_DOCUMENTS_READ = 0,
  CS_DOCUMENTS_WRITE /* and read */
} CsDocumentsAccess;

typedef struct
{
  CsSlice id;          /* any bytes of UTF-8 that do not begin with `_` */
  const char *version; /* opaque: printable ASCII without space, quote or backslash, so fit for an ETag */
  gboolean deleted;    /* lists with deletions only; it then has no body */
  CsSlice body;        /* one JSON object; a NUL follows its end. data NULL: not asked for */
  CsSlice user;        /* who wrote it last; len 0: nobody */
  gint64 created;      /* microseconds since 1970, UTC; both rise with the database's order of writes */
  gint64 updated;
} CsDocument;

typedef struct
{
  const CsDocument *documents; /* of list (): in the order in which they were last written, the oldest first */
  guint n;
  gboolean more;      /* there was more when it was read */
  const char *cursor; /* where the next list goes on; never NULL */
} CsDocumentList;

/* What must hold for a write to be done; checked in the same transaction. */
typedef enum
{
  CS_DOCUMENT_ALWAYS = 0, /* the last write wins */
  CS_DOCUMENT_ABSENT,     /* there is no such document */
  CS_DOCUMENT_PRESENT,    /* there is one, whatever its version */
  CS_DOCUMENT_MATCHES,    /* its version is one of `versions` */
  CS_DOCUMENT_DIFFERS,    /* there is none, or its version is none of `versions` */
  CS_DOCUMENT_UNMODIFIED  /* there is one, and `updated` is not above `since` */
} CsDocumentWhen;

typedef struct
{
  gsize size;
  CsDocumentWhen when;
  const CsSlice *versions;
  guint n_versions;
  gint64 since;
} CsDocumentCondition;

/* What is wrong with a CS_INVALID write. */
typedef enum
{
  CS_DOCUMENT_FAULT_NONE = 0,
  CS_DOCUMENT_FAULT_JSON,     /* the body is no JSON, or nested too deep */
  CS_DOCUMENT_FAULT_OBJECT,   /* it is no JSON object */
  CS_DOCUMENT_FAULT_RESERVED, /* it has a member whose name begins with `_` */
  CS_DOCUMENT_FAULT_ID        /* the id is empty, no UTF-8, or begins with `_` */
} CsDocumentFault;

/* What a write did. `size` is set by the caller, the rest is filled. */
typedef struct
{
  gsize size;
  /* CS_OK: the new one; CS_CONFLICT: the current one, "" when there is none. */
  char version[CS_DOCUMENT_VERSION_SIZE];
  char id[CS_DOCUMENT_ID_SIZE]; /* that was made for a put () without one; else "" */
  gboolean made;                          /* there was no such document before */
  gint64 created;                         /* with CS_OK */
  gint64 updated;
  CsDocumentFault fault; /* with CS_INVALID */
} CsDocumentResult;

/* Which documents of a database; all that is set must hold. */
typedef struct
{
  gsize size;
  const char *cursor;    /* after this place; NULL: from the beginning; "now": only what comes */
  CsSlice user;          /* last written by; data NULL: anybody */
  gint64 created_after;  /* microseconds since 1970; 0: no bound */
  gint64 updated_after;
  guint limit;           /* at most; 0: 100; never more than CS_DOCUMENT_LIST_MAX */
  gboolean with_deleted; /* also what was deleted: the list is then the database's feed of changes */
  gboolean without_bodies;
} CsDocumentQuery;

/* A query by selector, in CouchDB's words (Mango). */
typedef struct
{
  gsize size;
  CsSlice selector;   /* a JSON object, such as {"age":{"$gt":21}} */
  CsSlice sort;       /* a JSON array, such as [{"age":"desc"}]; len 0: none. Needs an index */
  CsSlice index;      /* which one to use: a JSON string or array; len 0: what fits best */
  const char *cursor; /* of the list before, with the same selector and sort; NULL: from the beginning */
  guint limit;        /* at most; 0: 100; never more than CS_DOCUMENT_LIST_MAX */
} CsDocumentFind;

/* A watcher, embedded in its user's struct, zeroed; belongs to the worker that started it. */
typedef struct _CsDocumentsWatch CsDocumentsWatch;
struct _CsDocumentsWatch
{
  /* On that worker, off any fiber, after writes became visible (several may be joined), or the database
   * was dropped (dropped TRUE, the last call). The callee may unwatch. */
  void (*changed) (CsDocumentsWatch *watch, gboolean dropped);
  gpointer private_[8];
};

typedef struct
{
  gsize size;
  CsStatus (*open) (CsDocuments *documents, CsIdentity *identity, CsSlice name,
                    CsDocumentsAccess access, CsDocumentsDb **db);
  CsStatus (*create) (CsDocuments *documents, CsIdentity *identity, CsSlice name);
  void (*close) (CsDocumentsDb *db);
  CsStatus (*get) (CsDocumentsDb *db, CsSlice id, CsDocument **document);
  void (*document_free) (CsDocument *document);
  CsStatus (*put) (CsDocumentsDb *db, CsSlice id, CsSlice body,
                   const CsDocumentCondition *condition, CsDocumentResult *result);
  CsStatus (*patch) (CsDocumentsDb *db, CsSlice id, CsSlice patch,
                     const CsDocumentCondition *condition, CsDocumentResult *result);
  CsStatus (*remove) (CsDocumentsDb *db, CsSlice id, const CsDocumentCondition *condition,
                      CsDocumentResult *result);
  CsStatus (*list) (CsDocumentsDb *db, const CsDocumentQuery *query, CsDocumentList **list);
  CsStatus (*find) (CsDocumentsDb *db, const CsDocumentFind *find, CsDocumentList **list,
                    char **reason);
  void (*list_free) (CsDocumentList *list);
  CsStatus (*wait) (CsDocumentsDb *db, const char *cursor, gint64 deadline);
  CsStatus (*watch) (CsDocumentsDb *db, CsDocumentsWatch *watch);
  void (*unwatch) (CsDocumentsWatch *watch);
  CsStatus (*check) (CsDocuments *documents, CsSlice id, CsSlice body, CsDocumentFault *fault);
} CsDocumentsTable;

struct _CsDocuments
{
  const CsDocumentsTable *table;
};

struct _CsDocumentsDb
{
  const CsDocumentsTable *table;
};

/* ---- databases ---- */

/* Opens a database for an identity, whose rights are checked here and not again: CS_OK and a handle, to be
 * closed; CS_NOT_FOUND; CS_DENIED: the database's `_security`, or a scope, does not let it; else why
 * it could not be looked up. Databases whose name begins with `_` are the server's own and not found.
 * Waits only the first time on a worker: open for each request rather than keep a handle whose rights
 * grow old. The identity is kept by a reference. */
static inline CsStatus
cs_documents_open (CsDocuments *documents, CsIdentity *identity, CsSlice name,
                   CsDocumentsAccess access, CsDocumentsDb **db)
{
  return documents->table->open (documents, identity, name, access, db);
}

/* Creates a database that administrators may use, until its `_security` says otherwise. CS_OK (durable);
 * CS_EXISTS; CS_DENIED: for administrators; CS_INVALID: a name is 1 to 238 bytes of a-z, 0-9 and _$()+-/
 * and begins with a letter; CS_UNSUPPORTED: a plugin's route of that name would hide it; CS_NO_SPACE,
 * CS_IO, …. */
static inline CsStatus
cs_documents_create (CsDocuments *documents, CsIdentity *identity, CsSlice name)
{
  return documents->table->create (documents, identity, name);
}

/* Could put () store this, whatever the database? CS_OK; CS_INVALID: *fault tells; CS_TOO_LARGE: over
 * sync.max-document; CS_OVERLOADED, CS_CANCELLED: it was not looked at. An empty id stands for one that is to be
 * made. For what is to be known before a database is created. */
static inline CsStatus
cs_documents_check (CsDocuments *documents, CsSlice id, CsSlice body, CsDocumentFault *fault)
{
  return documents->table->check (documents, id, body, fault);
}

/* Ends the handle; what was read by it stays until it is freed. NULL is allowed. Does not wait. */
static inline void
cs_documents_close (CsDocumentsDb *db)
{
  if (db != NULL)
    db->table->close (db);
}

/* ---- one document ---- */

/* CS_OK and the document, to be freed; CS_NOT_FOUND: there is none, or it was deleted, or the database was
 * dropped. */
static inline CsStatus
cs_documents_get (CsDocumentsDb *db, CsSlice id, CsDocument **document)
{
  return db->table->get (db, id, document);
}

/* NULL is allowed. Any thread, does not wait. */
static inline void
cs_document_free (CsDocuments *documents, CsDocument *document)
{
  if (document != NULL)
    documents->table->document_free (document);
}

/* Writes the whole document: `body` is one JSON object without members that begin with `_`. It is kept as
 * the bytes it is. An empty id: a fresh one is made, result->id. Attachments that the document has stay.
 * Without a condition (NULL) the last write wins, whatever was written meanwhile. CS_OK: durable.
 * CS_CONFLICT: the condition does not hold; CS_INVALID: result->fault tells; CS_TOO_LARGE: over
 * sync.max-document; CS_DENIED: opened for reading; CS_NOT_FOUND: the database was dropped; CS_OVERLOADED,
 * CS_NO_SPACE, CS_READ_ONLY, CS_IO, CS_TIMED_OUT, CS_CANCELLED: nothing was stored. */
static inline CsStatus
cs_documents_put (CsDocumentsDb *db, CsSlice id, CsSlice body,
                  const CsDocumentCondition *condition, CsDocumentResult *result)
{
  return db->table->put (db, id, body, condition, result);
}

/* Merges `patch`, a JSON object, into the document (RFC 7396: null removes a member). Atomic: it is applied to
 * the version that the result follows, and again to the newer one when another writer came between. As
 * put () otherwise; CS_NOT_FOUND also when there is no document; CS_OVERLOADED when others wrote it again
 * and again for too long. */
static inline CsStatus
cs_documents_patch (CsDocumentsDb *db, CsSlice id, CsSlice patch,
                    const CsDocumentCondition *condition, CsDocumentResult *result)
{
  return db->table->patch (db, id, patch, condition, result);
}

/* Deletes the document with every conflicting version of it, so that it is gone. As put () otherwise;
 * CS_NOT_FOUND when there is none. */
static inline CsStatus
cs_documents_remove (CsDocumentsDb *db, CsSlice id, const CsDocumentCondition *condition,
                     CsDocumentResult *result)
{
  return db->table->remove (db, id, condition, result);
}

/* ---- many ---- */

/* Documents in the order of their last write, through the engine's indexes, to be freed. A walk from cursor
 * to cursor shows every document that stays; one that is written meanwhile comes again at its new place.
 * The cursor is a place in the database's feed, the same that `_changes?since=` takes. A list ends early
 * when its bodies grow large; `more` tells. CS_INVALID: the cursor is none of this database's; CS_NOT_FOUND:
 * it was dropped. */
static inline CsStatus
cs_documents_list (CsDocumentsDb *db, const CsDocumentQuery *query, CsDocumentList **list)
{
  return db->table->list (db, query, list);
}

/* Documents that match a selector, in the order of `sort` or of the index that was used, to be freed; `more` says
 * that the list is full. The first query after many writes brings the index up to date. An index is made by
 * the API (`/{db}/_index`); without one that fits every document is looked at, a slice at a time. CS_INVALID:
 * *reason (may be NULL) tells what is wrong with the selector, sort, index or cursor, to be g_free()d; other
 * failures as list (). */
static inline CsStatus
cs_documents_find (CsDocumentsDb *db, const CsDocumentFind *find, CsDocumentList **list,
                   char **reason)
{
  return db->table->find (db, find, list, reason);
}

/* NULL is allowed. Any thread, does not wait. */
static inline void
cs_document_list_free (CsDocuments *documents, CsDocumentList *list)
{
  if (list != NULL)
    documents->table->list_free (list);
}

/* Waits until something was written after the cursor: CS_OK (at once if so already); CS_TIMED_OUT,
 * CS_CANCELLED; CS_NOT_FOUND: dropped; CS_INVALID: a bad cursor. For a straight-line loop of list () and
 * wait (); many waiters are better off with watch (), which needs no fiber. */
static inline CsStatus
cs_documents_wait (CsDocumentsDb *db, const char *cursor, gint64 deadline)
{
  return db->table->wait (db, cursor, deadline);
}

/* Worker, on or off a fiber; does not wait. What was written before the call may or may not be told: list
 * after it. The watch outlives the handle, and ends by unwatch (). */
static inline CsStatus
cs_documents_watch (CsDocumentsDb *db, CsDocumentsWatch *watch)
{
  return db->table->watch (db, watch);
}

/* Same worker. */
static inline void
cs_documents_unwatch (CsDocuments *documents, CsDocumentsWatch *watch)
{
  documents->table->unwatch (watch);
}

G_END_DECLS

#endif
