/* blob.h: contract blob=1: large immutable objects, named by their content.
 *
 * Who keeps the names in a store (store.h, cs_store_edit_add_blob ()) keeps the objects alive; what
 * nobody names is removed by its user in three steps (condemn, ask the store, remove). Calls that wait
 * are for fibers; on a thread that is no worker they block it. An object or writer is used by one
 * thread at a time, on the worker that made it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SERVICES_BLOB_H
#define CS_SERVICES_BLOB_H

#include <cloudsync/error.h>
#include <cloudsync/service.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

#define CS_BLOB CsBlobs, "blob", 1

/* The service. */
typedef struct _CsBlobs CsBlobs;
/* An object that is being put: seen by nobody before it is finished. */
typedef struct _CsBlobWriter CsBlobWriter;
/* An object that is there, pinned: it stays as long as this. */
typedef struct _CsBlob CsBlob;

/* Content is hashed in pieces of this many bytes, the last one shorter, so that a part can be verified
 * without the whole. */
#define CS_BLOB_PIECE (256 * 1024)
#define CS_BLOB_ID_BYTES 32
#define CS_BLOB_ID_TEXT (2 * CS_BLOB_ID_BYTES + 1) /* in hexadecimal digits, with the NUL */

/* SHA-256 (FIPS 180-4) over the bytes "cloudsync-blob-1", the SHA-256 of each piece in order, and the
 * length in 8 bytes, most significant first. The same for every provider: an object copied from one to
 * another keeps its name. */
typedef struct
{
  guint8 bytes[CS_BLOB_ID_BYTES];
} CsBlobId;

typedef struct
{
  gsize size;
  CsBlobId id;
  guint64 length;
  guint8 md5[16]; /* of the content (RFC 1321): for protocols that show it, never a name */
  gint64 stored;  /* wall clock of the last put, microseconds UTC */
} CsBlobInfo;

/* One object of a list. */
typedef struct
{
  gsize size;
  CsBlobId id;
  gint64 stored; /* wall clock of the last put, microseconds UTC */
  guint64 bytes; /* that it takes, with what the provider keeps beside the content */
} CsBlobEntry;

/* FALSE ends the list. On the caller's thread; may wait. */
typedef gboolean (*CsBlobListFunc) (const CsBlobEntry *entry, gpointer data);

typedef struct
{
  gsize size;
  CsStatus (*begin) (CsBlobs *blobs, gint64 length, CsBlobWriter **writer);
  CsStatus (*room) (CsBlobWriter *writer, gpointer *buffer, gsize *len);
  void (*wrote) (CsBlobWriter *writer, gsize len);
  CsStatus (*finish) (CsBlobWriter *writer, CsBlob **blob);
  void (*abort) (CsBlobWriter *writer);
  CsStatus (*open) (CsBlobs *blobs, const CsBlobId *id, CsBlob **blob);
  void (*info) (CsBlob *blob, CsBlobInfo *info);
  CsStatus (*read) (CsBlob *blob, guint64 offset, CsSlice *bytes);
  void (*close) (CsBlob *blob);
  CsStatus (*list) (CsBlobs *blobs, const CsBlobId *after, CsBlobListFunc func, gpointer data);
  CsStatus (*condemn) (CsBlobs *blobs, const CsBlobId *id);
  void (*pardon) (CsBlobs *blobs, const CsBlobId *id);
  CsStatus (*remove) (CsBlobs *blobs, const CsBlobId *id);
} CsBlobTable;

struct _CsBlobs
{
  const CsBlobTable *table;
};

struct _CsBlobWriter
{
  const CsBlobTable *table;
};

struct _CsBlob
{
  const CsBlobTable *table;
};

/* ---- putting ---- */

/* Begins an object; length -1 when it is not known. CS_NO_SPACE where it cannot fit. The writer ends
 * with cs_blob_finish () or cs_blob_abort (). */
static inline CsStatus
cs_blob_begin (CsBlobs *blobs, gint64 length, CsBlobWriter **writer)
{
  return blobs->table->begin (blobs, length, writer);
}

/* Where the next bytes go, `*len` of them at most and at least one; waits while too much is not yet on
 * its way to the disk. Any failure so far is told here; the writer is then still to be aborted. */
static inline CsStatus
cs_blob_room (CsBlobWriter *writer, gpointer *buffer, gsize *len)
{
  return writer->table->room (writer, buffer, len);
}

/* So many bytes were put into the room. Does not wait. */
static inline void
cs_blob_wrote (CsBlobWriter *writer, gsize len)
{
  writer->table->wrote (writer, len);
}

/* Copies bytes into the object. */
static inline CsStatus
cs_blob_write (CsBlobWriter *writer, CsSlice bytes)
{
  while (bytes.len > 0)
    {
      gpointer buffer;
      gsize len;
      CsStatus status = cs_blob_room (writer, &buffer, &len);

      if (status != CS_OK)
        return status;
      len = len < bytes.len ? len : bytes.len;
      memcpy (buffer, bytes.data, len);
      cs_blob_wrote (writer, len);
      bytes = cs_slice (bytes.data + len, bytes.len - len);
    }
  return CS_OK;
}

/* CS_OK: the object is durable, and open. Objects of the same content are one; a damaged one is
 * replaced. Else nothing of it is left. The writer is gone either way. */
static inline CsStatus
cs_blob_finish (CsBlobWriter *writer, CsBlob **blob)
{
  return writer->table->finish (writer, blob);
}

/* Nothing of it is left. NULL is fine. */
static inline void
cs_blob_abort (CsBlobWriter *writer)
{
  if (writer != NULL)
    writer->table->abort (writer);
}

/* ---- reading ---- */

/* CS_NOT_FOUND; CS_CORRUPT: it is damaged. */
static inline CsStatus
cs_blob_open (CsBlobs *blobs, const CsBlobId *id, CsBlob **blob)
{
  return blobs->table->open (blobs, id, blob);
}

/* Fills `info`, whose size the caller has set. Does not wait. */
static inline void
cs_blob_info (CsBlob *blob, CsBlobInfo *info)
{
  blob->table->info (blob, info);
}

/* Bytes from `offset` on, up to the end of their piece; none at the end of the object. Verified; valid
 * until the next call on the object. Reading on where the last call ended reads ahead. CS_CORRUPT: they
 * are not what was written (logged and counted), and none are given. */
static inline CsStatus
cs_blob_read (CsBlob *blob, guint64 offset, CsSlice *bytes)
{
  return blob->table->read (blob, offset, bytes);
}

/* Gives it back. Does not wait; NULL is fine. */
static inline void
cs_blob_close (CsBlob *blob)
{
  if (blob != NULL)
    blob->table->close (blob);
}

/* ---- what is there, and removing it ---- */

/* Every object in byte order of ids, those after `after` (NULL: all). One that comes or goes meanwhile
 * may or may not be told. */
static inline CsStatus
cs_blob_list (CsBlobs *blobs, const CsBlobId *after, CsBlobListFunc func, gpointer data)
{
  return blobs->table->list (blobs, after, func, data);
}

/* To be removed unless somebody opens or puts it first. The caller then asks whoever may name it: a name
 * that was given under a pin of before is there to be seen. CS_CONFLICT: it is pinned. Any thread, does
 * not wait. */
static inline CsStatus
cs_blob_condemn (CsBlobs *blobs, const CsBlobId *id)
{
  return blobs->table->condemn (blobs, id);
}

/* It is not to be removed after all. Any thread, does not wait. */
static inline void
cs_blob_pardon (CsBlobs *blobs, const CsBlobId *id)
{
  blobs->table->pardon (blobs, id);
}

/* Removes a condemned object. CS_CONFLICT: somebody opened or put it meanwhile, it stays. May wait. */
static inline CsStatus
cs_blob_remove (CsBlobs *blobs, const CsBlobId *id)
{
  return blobs->table->remove (blobs, id);
}

/* ---- names ---- */

static inline gboolean
cs_blob_id_equal (const CsBlobId *a, const CsBlobId *b)
{
  return memcmp (a->bytes, b->bytes, CS_BLOB_ID_BYTES) == 0;
}

static inline CsSlice
cs_blob_id_slice (const CsBlobId *id)
{
  return cs_slice (id->bytes, CS_BLOB_ID_BYTES);
}

/* Lower-case hexadecimal digits and a NUL. */
static inline void
cs_blob_id_text (const CsBlobId *id, char text[CS_BLOB_ID_TEXT])
{
  static const char digits[] = "0123456789abcdef";

  for (guint i = 0; i < CS_BLOB_ID_BYTES; i++)
    {
      text[2 * i] = digits[id->bytes[i] >> 4];
      text[2 * i + 1] = digits[id->bytes[i] & 15];
    }
  text[CS_BLOB_ID_TEXT - 1] = '\0';
}

/* FALSE: not what cs_blob_id_text () writes. */
static inline gboolean
cs_blob_id_parse (CsSlice text, CsBlobId *id)
{
  if (text.len != CS_BLOB_ID_TEXT - 1)
    return FALSE;
  for (guint i = 0; i < text.len; i++)
    {
      guint8 value = (guint8) g_ascii_xdigit_value (text.data[i]);

      if (value > 15 || g_ascii_isupper (text.data[i]))
        return FALSE;
      id->bytes[i / 2] = (guint8) (i % 2 == 0 ? value << 4 : id->bytes[i / 2] | value);
    }
  return TRUE;
}

G_END_DECLS

#endif
