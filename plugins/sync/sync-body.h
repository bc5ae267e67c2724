/* sync-body.h: how one revision's body is stored: a table of its attachments, then its members' text.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_BODY_H
#define SYNC_BODY_H

#include "sync-doc.h"

#include <cloudsync/error.h>

#define SYNC_ATTACHMENTS_MAX 1000 /* of one document */

typedef struct
{
  CsSlice name;
  CsSlice type;
  guint8 digest[16]; /* MD5 of the bytes */
  guint64 length;
  guint64 revpos;
  guint64 ref;     /* where the bytes are stored; 0: not yet */
  gboolean stub;   /* of a client: the bytes are those of the parent revision's attachment of that name */
  gboolean has_revpos; /* of a client */
  gboolean has_digest; /* of a client's stub, or of the bytes that follow */
  gboolean follows;  /* the bytes come in a part of their own; `data` is then filled later */
  gboolean packed;   /* they come gzipped */
  guint64 packed_length;
  CsSlice data;    /* of a client: the decoded bytes to store */
} SyncAttachment;

typedef struct
{
  SyncAttachment *attachments;
  guint n_attachments;
  CsSlice text; /* the members without braces */
} SyncBody;

/* FALSE: not what encode wrote. Slices are of `bytes`; the table is the arena's. */
gboolean sync_body_decode (CsSlice bytes, const SyncArena *arena, SyncBody *body);
/* The bytes that go before the text; empty table: one byte. */
CsSlice sync_body_encode_table (const SyncAttachment *attachments, guint n,
                                const SyncArena *arena);

/* Reads a client's `_attachments`: inline base64 `data`, stubs, or what follows. FALSE: *error tells. */
gboolean sync_attachments_read (SyncJson object, const SyncArena *arena,
                                SyncAttachment **attachments, guint *n, SyncError *error);
/* Appends `"_attachments":{…}` as stubs or as what follows, or with `"data"` where `bytes` (parallel, may be NULL) has them. */
void sync_attachments_append (GString *out, const SyncAttachment *attachments, guint n,
                              const CsSlice *bytes);

/* TRUE when a client may give an attachment this name. */
gboolean sync_attachment_name_check (CsSlice name, const SyncArena *arena, SyncError *error);

gboolean sync_base64_decode (CsSlice text, const SyncArena *arena, CsSlice *bytes);
void sync_base64_append (GString *out, CsSlice bytes);
/* RFC 1952. CS_INVALID: no gzip, or cut short; CS_TOO_LARGE: more than `most` bytes. Takes its time: for
 * the pool. */
CsStatus sync_gunzip (CsSlice packed, gsize most, GByteArray *out);
/* 16 bytes. */
void sync_md5 (CsSlice bytes, guint8 *digest);

#endif
