/* http-accept.h: Accept and Accept-Encoding with their q values (RFC 9110 §12.5).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Any thread; never waits; allocates nothing. Qualities are thousandths, 0 to 1000. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How much the client wants `type` ("text/html"). A missing header (NULL) wants everything. The
 * most specific range that matches decides. */
guint http_accept_quality (const char *accept, gsize length, const char *type);

/* Index of the offered type (NULL-terminated list) that is wanted most, the earlier on a tie;
 * -1 when none is acceptable. */
int http_accept_choose (const char *accept, gsize length, const char *const *offered);

/* How much the client wants that coding; 0 for a missing header, except for "identity". */
guint http_accept_coding (const char *accept_encoding, gsize length, const char *coding);

G_END_DECLS
