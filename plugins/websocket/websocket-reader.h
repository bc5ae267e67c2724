/* websocket-reader.h: from a client's bytes to messages and control frames; no I/O.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "websocket-bytes.h"
#include "websocket-deflate.h"
#include "websocket-extension.h"
#include "websocket-frame.h"
#include "websocket-utf8.h"

G_BEGIN_DECLS

/* What a reader leaves unread is at most the header and payload of a control frame. */
#define WS_TAIL_MAX (WS_HEADER_MAX + WS_CONTROL_MAX)

typedef struct
{
  guint64 most;      /* bytes of a message, uncompressed */
  guint64 left;      /* of the data frame that is being read */
  guint32 mask;      /* for its next byte */
  guint32 n_frames;  /* read so far; the caller sets it back */
  guint8 kinds;      /* mask of opcodes that are taken */
  guint8 message;    /* the opcode of the message in progress; 0: none */
  WsUtf8 utf8;
  guint8 compressed : 1; /* the message */
  guint8 in_frame : 1;
  guint8 final : 1;  /* the frame is the message's last */
  guint8 given : 1;  /* the last event was the message in `bytes` */
  WsDeflate deflate; /* as agreed */
  WsBytes bytes;     /* of the message in progress */
  WsInflate *inflate;
} WsReader;

typedef enum
{
  WS_READ_MORE, /* all was read but a tail of WS_TAIL_MAX bytes at most, to be given again with what follows */
  WS_READ_MESSAGE,
  WS_READ_PING,
  WS_READ_PONG,
  WS_READ_CLOSE,
  WS_READ_FAILED
} WsReadType;

typedef struct
{
  WsReadType type;
  guint8 opcode;    /* of a message */
  guint code;       /* CLOSE: as sent, 1005 without one; FAILED: why */
  CsSlice data;     /* message, payload, or reason of the close; valid until the next call */
  const char *why;  /* FAILED: in static words */
} WsRead;

void ws_reader_init (WsReader *self, guint64 most, guint kinds, WsDeflate deflate);
void ws_reader_clear (WsReader *self, WsZlib *zlib);

/* Gives back the memory of the message that was read last, before the next call does. */
void ws_reader_forget (WsReader *self);

/* Reads from *at on, unmasking in place, up to one event. */
WsReadType ws_reader_next (WsReader *self, WsZlib *zlib, guint8 **at, guint8 *end, WsRead *event);

G_END_DECLS
