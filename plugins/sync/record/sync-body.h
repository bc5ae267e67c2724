/* sync-body.h: how one revision's body is stored: a table of its attachments, then its members' text.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_BODY_H
#define SYNC_BODY_H

#include "sync-doc.h"

#include <cloudsync/error.h>
#include <cloudsync/services/blob.h>

#define SYNC_ATTACHMENTS_MAX 1000 /* of one document */

typedef struct
{
  CsSlice name;
  CsSlice type;
  guint8 digest[16]; /* MD5 of the bytes */
  guint64 length;
  guint64 revpos;
  guint64 ref;     /* where the bytes are stored; 0: not yet */
  gboolean is_blob; /* they are an object of blob=1, which `ref` keeps alive */
  CsBlobId blob;
  gboolean stub;   /* of a client: the bytes are those of the parent revision's attachment of that name */
  gboolean has_revpos; /* of a client */
  gboolean has_digest; /* of a client's stub, or of the bytes that follow */
  gboolean follows;  /* the bytes come in a part of their own; `data` is then filled later */
  gboolean packed;   /* they come gzipped */
  guint64 packed_length;
  CsSlice data;    /* of a client: the decoded bytes to store */
  CsSlice encoded; /* of a client: base64 that is too long to be decoded here; `data` is then filled later */
} SyncAttachment;

typedef struct
{
  SyncAttachment *attachments;
  guint n_attachments;
  CsSlice text; /* the members without braces */
} SyncBody;

/* Longer base64 than this is left as it is by sync_attachments_read (). */
#define SYNC_BASE64_MAX (64 * 1024)

/* FALSE: not what encode wrote. Slices are of `bytes`; the table is the arena's. */
gboolean sync_body_decode (CsSlice bytes, const SyncArena *arena, SyncBody *body);
/* The bytes that go before the text; empty table: one byte. */
CsSlice sync_body_encode_table (const SyncAttachment *attachments, guint n,
                                const SyncArena *arena);

/* Reads a client's `_attachments`: inline base64 `data`, stubs, or what follows. FALSE: *error tells. */
gboolean sync_attachments_read (SyncJson object, const SyncArena *arena,
                                SyncAttachment **attachments, guint *n, SyncError *error);
/* Appends `"_attachments":{…}` as stubs or as what follows, or with `"data"` where `bytes` (parallel, may be
 * NULL) has them. */
void sync_attachments_append (GString *out, const SyncAttachment *attachments, guint n,
                              const CsSlice *bytes);
/* The same piece by piece: one attachment's name and members up to its bytes, which the caller appends as
 * base64 before `"}`; or all of a stub. */
void sync_attachment_append_begin (GString *out, const SyncAttachment *attachment);
void sync_attachment_append_stub (GString *out, const SyncAttachment *attachment);

/* TRUE when a client may give an attachment this name. */
gboolean sync_attachment_name_check (CsSlice name, const SyncArena *arena, SyncError *error);

gboolean sync_base64_decode (CsSlice text, const SyncArena *arena, CsSlice *bytes);
/* Decodes into memory of text.len / 4 * 3 + 3 bytes; *n is how many it took. With `goes_on` the text is a piece of
 * a longer one: a multiple of 4 digits without padding. */
gboolean sync_base64_decode_into (CsSlice text, gboolean goes_on, guint8 *out, gsize *n);
void sync_base64_append (GString *out, CsSlice bytes);
/* The same for bytes that come in pieces; the last call has none. */
typedef struct
{
  gint state, save;
} SyncBase64;
void sync_base64_append_piece (GString *out, SyncBase64 *base64, CsSlice bytes);

/* Unpacks gzip (RFC 1952) as its bytes come. One thread at a time. */
typedef struct _SyncGunzip SyncGunzip;
SyncGunzip *sync_gunzip_new (void);
void sync_gunzip_free (SyncGunzip *gunzip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SyncGunzip, sync_gunzip_free)
/* Unpacks into `out` what fits of `packed`, which is shortened by what was taken; *n bytes. FALSE: no gzip, or more
 * comes after its end. Takes its time: for the pool. */
gboolean sync_gunzip_step (SyncGunzip *gunzip, CsSlice *packed, gpointer out, gsize room, gsize *n);
/* All that was packed has come. */
gboolean sync_gunzip_ended (const SyncGunzip *gunzip);
/* 16 bytes. */
void sync_md5 (CsSlice bytes, guint8 *digest);

#endif
