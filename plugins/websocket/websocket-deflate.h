/* websocket-deflate.h: zlib contexts of permessage-deflate (RFC 7692 §7.2), kept in pools.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "websocket-bytes.h"

#include <cloudsync/types.h>

G_BEGIN_DECLS

typedef struct _WsInflate WsInflate;
typedef struct _WsDeflater WsDeflater;

/* Of one thread; all zero is empty. */
typedef struct
{
  WsInflate *inflates;
  guint n_inflates;
  WsDeflater *deflaters[16]; /* by window bits */
  guint n_deflaters;
} WsZlib;

void ws_zlib_clear (WsZlib *self);

/* One without history, for windows of up to `bits`. */
WsInflate *ws_inflate_take (WsZlib *zlib, guint bits);
void ws_inflate_give (WsZlib *zlib, WsInflate *self);

typedef enum
{
  WS_INFLATE_OK,
  WS_INFLATE_CORRUPT,
  WS_INFLATE_TOO_LARGE
} WsInflateResult;

/* Appends what the bytes decompress to, while that makes at most `most` bytes in all. */
WsInflateResult ws_inflate_add (WsInflate *self, const guint8 *data, gsize length, WsBytes *out,
                                gsize most);
/* The message's end. */
WsInflateResult ws_inflate_end (WsInflate *self, WsBytes *out, gsize most);

/* One without history: a sender may begin anew at any time. */
WsDeflater *ws_deflater_take (WsZlib *zlib, guint bits, int level);
void ws_deflater_give (WsZlib *zlib, WsDeflater *self);

/* Appends one compressed message to `out`. FALSE: it would not be smaller than it is; `out` is as it was and the
 * history is forgotten, for the peer is to get the message as it is. */
gboolean ws_deflater_run (WsDeflater *self, const CsSlice *parts, guint n, WsBytes *out);

G_END_DECLS
