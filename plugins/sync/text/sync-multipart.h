/* sync-multipart.h: a multipart body (RFC 2046 §5.1) read as its bytes come, in pieces of any size.
 *
 * Pure: any thread, no waiting, no memory of its own. Headers of parts are passed over.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYNC_MULTIPART_H
#define SYNC_MULTIPART_H

#include <cloudsync/types.h>

#define SYNC_BOUNDARY_MAX 70 /* RFC 2046 §5.1.1 */

typedef enum
{
  SYNC_MULTIPART_MORE,     /* the input is used up */
  SYNC_MULTIPART_PART,     /* a part's content begins */
  SYNC_MULTIPART_DATA,     /* of that part's content: *data */
  SYNC_MULTIPART_PART_END, /* it was all */
  SYNC_MULTIPART_END,      /* the last boundary was there; what comes after it means nothing */
  SYNC_MULTIPART_INVALID   /* no multipart body */
} SyncMultipartEvent;

typedef struct
{
  char delimiter[4 + SYNC_BOUNDARY_MAX]; /* CR LF - - boundary */
  gsize delimiter_length;
  gsize matched;     /* bytes of the delimiter seen */
  gsize header_bytes; /* of the part */
  gsize line_bytes;  /* of the line of a header */
  guint state;
} SyncMultipart;

/* The boundary of a Content-Type of this media type, such as "multipart/related". FALSE: another
 * type, or no usable boundary. */
gboolean sync_multipart_boundary (CsSlice content_type, const char *type, CsSlice *boundary);

void sync_multipart_init (SyncMultipart *self, CsSlice boundary);
/* The next event; *input is shortened by what it took. *data is of the input or of self, until the
 * next call. */
SyncMultipartEvent sync_multipart_next (SyncMultipart *self, CsSlice *input, CsSlice *data);

#endif
