/* metrics-allow.h: who may read what else answers the own machine only.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

/* Address ranges (RFC 4632 §3.1, RFC 4291 §2.3). Immutable; any thread. */
typedef struct _MetricsAllow MetricsAllow;

/* `ranges` as in metrics.allow: "10.0.0.0/8", "::1", NULL-terminated; NULL: none. NULL and the error when
 * one is malformed or has bits beyond its mask. */
MetricsAllow *metrics_allow_new (const char *const *ranges, GError **error);
void metrics_allow_free (MetricsAllow *allow);

/* `peer` is "192.0.2.1:4711" or "[2001:db8::1]:4711"; an IPv4 address mapped into IPv6 counts as the IPv4
 * address (RFC 4291 §2.5.5.2). */
gboolean metrics_allow_has (const MetricsAllow *allow, const char *peer);

G_END_DECLS
