/* sync-field.h: names of fields inside documents, as selectors, indexes and `fields` write them:
 * `addr.city`. SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_FIELD_H
#define SYNC_FIELD_H

#include "sync-doc.h"

#define SYNC_FIELD_DEPTH_MAX 64
#define SYNC_FIELDS_MAX 256 /* of one projection */
#define SYNC_SORT_MAX 64    /* fields of one order */

/* Names from the document down; no names: the value itself. */
typedef struct
{
  CsSlice text; /* as it was written */
  CsSlice *names;
  guint n;
} SyncField;

typedef enum
{
  SYNC_FIELD_FOUND,
  SYNC_FIELD_MISSING, /* the object is there, its member is not */
  SYNC_FIELD_NO_WAY   /* the way leads through something that has no members, or not so many */
} SyncFound;

/* Splits at dots; a backslash makes the next character an ordinary one. FALSE: an empty name, or
 * too many. */
gboolean sync_field_parse (SyncField *field, CsSlice text, const SyncArena *arena);
/* A number leads into an array. */
SyncFound sync_field_find (const SyncField *field, SyncJson value, SyncJson *found);

/* An order: `["a", {"b": "asc"}]`, or as it is stored `{"a": "asc"}`. All in one direction. FALSE:
 * *error tells. */
gboolean sync_sort_read (SyncJson spec, const SyncArena *arena, SyncField **fields, guint *n,
                         gboolean *descending, SyncError *error);

/* What `fields` asks for. */
typedef struct _SyncProjection SyncProjection;

/* FALSE: *error tells. An empty list gives NULL: whole documents. */
gboolean sync_projection_read (SyncProjection **projection, SyncJson list, const SyncArena *arena,
                               SyncError *error);
void sync_projection_append (const SyncProjection *projection, SyncJson doc, GString *out);

/* At most `most` bytes of text, whole characters. */
CsSlice sync_cut (CsSlice text, gsize most);
/* `reason` with the value's JSON text behind it, in the arena. Always FALSE. */
gboolean sync_refuse_value (SyncError *error, const SyncArena *arena, const char *name,
                            const char *reason, CsSlice value);

#endif
