/* request.h: makes the requests of a load from templates: {id}, {db} and repeated documents.
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct
{
  const char *method;
  const char *path;       /* {id} and {db} are replaced */
  const char *body;       /* one document, {id} is replaced; NULL: no body */
  unsigned bulk;          /* 0: the body itself; n: {"docs":[body × n]} */
  bool replicated;        /* a bulk request says new_edits:false */
  bool random_ids;        /* 32 random hex digits; else a counter of fixed width */
  unsigned databases;     /* {db} counts from 0 to one less, around */
  uint64_t next;          /* the counter */
  uint64_t random;        /* xorshift's state, never 0 */
  char extra[1024];       /* further header lines, each ended by CR LF */
} RequestPlan;

typedef struct
{
  char *data;
  size_t len;
  size_t size;
} Bytes;

void bytes_add (Bytes *self, const char *data, size_t len);

/* Replaces what is in `out` by the next request of the plan. */
void request_make (RequestPlan *self, Bytes *out);
