/* response.h: an incremental reader of HTTP/1.1 responses that keeps the status and throws the body away.
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum
{
  RESPONSE_HEAD,
  RESPONSE_BODY,
  RESPONSE_CHUNK_SIZE,
  RESPONSE_CHUNK_DATA,
  RESPONSE_CHUNK_END,
  RESPONSE_TRAILER,
  RESPONSE_DONE,
  RESPONSE_BROKEN
} ResponseState;

typedef struct
{
  ResponseState state;
  int status;
  uint64_t left;      /* bytes of the body or chunk still to come */
  uint64_t body;      /* bytes of body seen */
  uint32_t line_len;
  bool chunked;
  bool has_length;
  bool no_body;       /* the request was HEAD */
  char line[256];     /* the beginning of the current head line */
} Response;

/* Makes ready for the next response. */
void response_reset (Response *self, bool no_body);

/* Takes bytes; returns how many belong to this response. state tells whether it is complete. */
size_t response_feed (Response *self, const char *data, size_t len);
