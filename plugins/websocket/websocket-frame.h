/* websocket-frame.h: frame headers, masks and status codes (RFC 6455 §5, §7.4).
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define WS_HEADER_MAX 14 /* with a mask */
#define WS_SENT_HEADER_MAX 10
#define WS_CONTROL_MAX 125

typedef enum
{
  WS_OP_CONTINUATION = 0x0,
  WS_OP_TEXT = 0x1,
  WS_OP_BINARY = 0x2,
  WS_OP_CLOSE = 0x8,
  WS_OP_PING = 0x9,
  WS_OP_PONG = 0xa
} WsOpcode;

#define WS_FIN 0x80
#define WS_RSV1 0x40
#define WS_RSV 0x70
#define WS_IS_CONTROL(opcode) (((opcode) & 0x8) != 0)

typedef struct
{
  guint8 first; /* FIN, RSV1-3 and opcode, as on the wire */
  guint8 header; /* its length */
  guint32 mask;  /* as it lies in memory */
  guint64 length;
} WsFrame;

/* Reads a client's frame header; *why tells, in static words, what a refused one breaks (1002). */
typedef enum
{
  WS_HEADER_MORE,
  WS_HEADER_DONE,
  WS_HEADER_REFUSED
} WsHeaderResult;
WsHeaderResult ws_frame_parse (WsFrame *frame, const guint8 *data, gsize length, const char **why);

/* Writes a server's header, of at most WS_SENT_HEADER_MAX bytes; returns its length. */
gsize ws_frame_write (guint8 *at, guint8 first, guint64 length);
gsize ws_frame_header_length (guint64 length);

/* Applies the mask in place; returns the mask for what follows. */
guint32 ws_unmask (guint8 *data, gsize length, guint32 mask);

/* Whether a Close may carry it. */
gboolean ws_close_code_is_valid (guint code);

G_END_DECLS
