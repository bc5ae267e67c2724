/* tls.h: certificates and what a handshake agrees on; OpenSSL is seen in this room only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_TLS_H
#define CS_TLS_H

#include <cloudsync/stream.h>
#include <openssl/ssl.h>

G_BEGIN_DECLS

CsTls *cs_tls_load (const CsTlsOptions *options, GError **error);
CsTls *cs_tls_ref (CsTls *tls);
void cs_tls_release (CsTls *tls);

/* A new connection's state, as a server; NULL when memory is short. */
SSL *cs_tls_session (CsTls *tls, int fd);
void cs_tls_session_free (SSL *ssl);
gint64 cs_tls_handshake_timeout (CsTls *tls);

/* The agreed protocol as a string that lives as long as the process, or NULL. */
const char *cs_tls_alpn (SSL *ssl);

/* What OpenSSL's queue says, for a log line; leaves it empty. */
void cs_tls_last_error (char *text, gsize size);

G_END_DECLS

#endif
