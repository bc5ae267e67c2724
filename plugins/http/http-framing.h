/* http-framing.h: what the head's fields say about where a message ends.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http-parser.h"

/* Takes note of one field. FALSE: refused, status and reason are set. */
gboolean http_framing_field (HttpHead *head, HttpField *field, const guint8 *data);

/* Judges the whole head once its last line is read. FALSE: refused. */
gboolean http_framing_finish (HttpHead *head, const guint8 *data);

/* Whether `text` is a host with an optional port (RFC 9110 §4.2, §7.2), not empty. */
gboolean http_host_valid (const guint8 *text, gsize length);

/* Sets status and reason; always FALSE. */
gboolean http_head_refuse (HttpHead *head, guint status, const char *reason);
