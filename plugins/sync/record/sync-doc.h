/* sync-doc.h: a document as a client sends it: special members read, the others kept as their bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_DOC_H
#define SYNC_DOC_H

#include "sync-json.h"

/* Why something was refused, in CouchDB's words. */
typedef struct
{
  guint status;
  const char *error;
  const char *reason; /* in the arena, or static */
} SyncError;

typedef struct
{
  CsSlice id;            /* data NULL: absent */
  CsSlice rev;           /* data NULL: absent */
  gboolean deleted;
  gboolean has_revisions;
  guint64 revisions_start;
  SyncJson revisions_ids; /* ARRAY of STRING */
  SyncJson attachments;  /* OBJECT, or type NONE */
  SyncJson value;        /* all of it, as it came */
  gboolean related;      /* set by the reader of the request: attachments may follow in parts */
  CsSlice *parts;        /* the other members, without braces: joined they are `"a":1,"b":2` */
  guint n_parts;
  gsize length; /* of the parts together */
} SyncDoc;

/* Reads one document. `value` was validated. FALSE: *error tells (not an object, a special member of the
 * wrong type, unknown or twice). Members that CouchDB ignores on writing (_conflicts, _revs_info, …) are
 * dropped. Slices are of the text or the arena. */
gboolean sync_doc_read (SyncDoc *doc, SyncJson value, const SyncArena *arena, SyncError *error);

/* May a client write a document of this id? Any bytes, not empty, `_` only as _design/x or _local/x. */
gboolean sync_doc_id_check (CsSlice id, SyncError *error);
/* `_design/` and a name. */
gboolean sync_id_is_design (CsSlice id);

#endif
