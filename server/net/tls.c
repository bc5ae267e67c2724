/* tls.c: server contexts, one a certificate; SNI chooses among them, ALPN and tickets are common.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define TICKET_KEYS 80 /* name, HMAC and AES keys (SSL_CTX_set_tlsext_ticket_keys(3)) */
#define HANDSHAKE_TIMEOUT CS_SECONDS (10)

struct _CsTls
{
  gint references;
  SSL_CTX **contexts;
  gsize n_contexts;
  GPtrArray *alpn; /* interned strings */
  gint64 handshake_timeout;
};

void
cs_tls_last_error (char *text, gsize size)
{
  unsigned long code = ERR_peek_last_error ();

  if (code != 0)
    ERR_error_string_n (code, text, size);
  else
    g_strlcpy (text, "unknown error", size);
  ERR_clear_error ();
}

static gboolean
fail (GError **error, const char *what, const char *file)
{
  char text[256];

  cs_tls_last_error (text, sizeof text);
  g_set_error (error, CS_ERROR, CS_INVALID, "%s %s: %s", what, file, text);
  return FALSE;
}

/* One set for the process: a ticket stays good when certificates are reloaded, on each listener. */
static const guint8 *
ticket_keys (void)
{
  static guint8 keys[TICKET_KEYS];
  static gsize made;

  if (g_once_init_enter (&made))
    {
      if (RAND_priv_bytes (keys, sizeof keys) != 1)
        g_error ("no random bytes for TLS tickets");
      g_once_init_leave (&made, 1);
    }
  return keys;
}

/* RFC 6066 §3: the first certificate whose names match, else the default. */
static int
choose_certificate (SSL *ssl, int *alert, void *data)
{
  CsTls *tls = data;
  const char *name = SSL_get_servername (ssl, TLSEXT_NAMETYPE_host_name);

  if (name == NULL)
    return SSL_TLSEXT_ERR_NOACK;
  for (gsize i = 0; i < tls->n_contexts; i++)
    if (X509_check_host (SSL_CTX_get0_certificate (tls->contexts[i]), name, 0, 0, NULL) == 1)
      {
        SSL_set_SSL_CTX (ssl, tls->contexts[i]);
        return SSL_TLSEXT_ERR_OK;
      }
  return SSL_TLSEXT_ERR_NOACK;
}

static const char *
find_protocol (CsTls *tls, const guint8 *name, guint len)
{
  for (guint i = 0; i < tls->alpn->len; i++)
    {
      const char *ours = g_ptr_array_index (tls->alpn, i);

      if (strlen (ours) == len && memcmp (ours, name, len) == 0)
        return ours;
    }
  return NULL;
}

/* RFC 7301 §3.2: ours in our order; nothing in common is fatal. */
static int
choose_protocol (SSL *ssl, const unsigned char **out, unsigned char *out_len,
                 const unsigned char *in, unsigned int in_len, void *data)
{
  CsTls *tls = data;

  for (guint i = 0; i < tls->alpn->len; i++)
    {
      const char *ours = g_ptr_array_index (tls->alpn, i);
      gsize len = strlen (ours);

      for (unsigned int at = 0; at < in_len && at + in[at] < in_len; at += 1u + in[at])
        if (in[at] == len && memcmp (in + at + 1, ours, len) == 0)
          {
            *out = in + at + 1;
            *out_len = in[at];
            return SSL_TLSEXT_ERR_OK;
          }
    }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static gboolean
load_pair (SSL_CTX *context, const CsTlsPair *pair, GError **error)
{
  ERR_clear_error ();
  if (SSL_CTX_use_certificate_chain_file (context, pair->certificate) != 1)
    return fail (error, "cannot use certificate", pair->certificate);
  if (SSL_CTX_use_PrivateKey_file (context, pair->key, SSL_FILETYPE_PEM) != 1)
    return fail (error, "cannot use private key", pair->key);
  if (SSL_CTX_check_private_key (context) != 1)
    return fail (error, "private key does not belong to the certificate:", pair->key);
  return TRUE;
}

static SSL_CTX *
context_new (CsTls *tls, const CsTlsPair *pair, GError **error)
{
  SSL_CTX *context = SSL_CTX_new (TLS_server_method ());

  if (context == NULL || !load_pair (context, pair, error))
    {
      SSL_CTX_free (context);
      return NULL;
    }
  SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION);
  SSL_CTX_set_options (context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
                                  | SSL_OP_IGNORE_UNEXPECTED_EOF
                                  | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode (context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
                               | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode (context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context (context, (const guint8 *) "cloudsync", 9);
  SSL_CTX_set_tlsext_ticket_keys (context, (void *) ticket_keys (), TICKET_KEYS);
  SSL_CTX_set_tlsext_servername_callback (context, choose_certificate);
  SSL_CTX_set_tlsext_servername_arg (context, tls);
  if (tls->alpn->len > 0)
    SSL_CTX_set_alpn_select_cb (context, choose_protocol, tls);
  return context;
}

CsTls *
cs_tls_load (const CsTlsOptions *options, GError **error)
{
  CsTls *tls = g_new0 (CsTls, 1);

  tls->references = 1;
  tls->alpn = g_ptr_array_new ();
  tls->handshake_timeout
    = options->handshake_timeout > 0 ? options->handshake_timeout : HANDSHAKE_TIMEOUT;
  for (gsize i = 0; options->alpn != NULL && options->alpn[i] != NULL; i++)
    g_ptr_array_add (tls->alpn, (gpointer) g_intern_string (options->alpn[i]));
  tls->contexts = g_new0 (SSL_CTX *, options->n_pairs);
  for (gsize i = 0; i < options->n_pairs; i++)
    {
      SSL_CTX *context = context_new (tls, &options->pairs[i], error);

      if (context == NULL)
        {
          cs_tls_release (tls);
          return NULL;
        }
      tls->contexts[tls->n_contexts++] = context;
    }
  if (tls->n_contexts > 0)
    return tls;
  g_set_error (error, CS_ERROR, CS_INVALID, "TLS needs at least one certificate");
  cs_tls_release (tls);
  return NULL;
}

CsTls *
cs_tls_ref (CsTls *tls)
{
  g_atomic_int_inc (&tls->references);
  return tls;
}

void
cs_tls_release (CsTls *tls)
{
  if (tls == NULL || !g_atomic_int_dec_and_test (&tls->references))
    return;
  for (gsize i = 0; i < tls->n_contexts; i++)
    SSL_CTX_free (tls->contexts[i]);
  g_free (tls->contexts);
  g_ptr_array_unref (tls->alpn);
  g_free (tls);
}

/* Callbacks use what they were given, so the session keeps it. */
SSL *
cs_tls_session (CsTls *tls, int fd)
{
  SSL *ssl = SSL_new (tls->contexts[0]);

  if (ssl == NULL || SSL_set_fd (ssl, fd) != 1)
    {
      SSL_free (ssl);
      ERR_clear_error ();
      return NULL;
    }
  SSL_set_accept_state (ssl);
  SSL_set_app_data (ssl, cs_tls_ref (tls));
  return ssl;
}

void
cs_tls_session_free (SSL *ssl)
{
  CsTls *tls = SSL_get_app_data (ssl);

  SSL_free (ssl);
  cs_tls_release (tls);
}

gint64
cs_tls_handshake_timeout (CsTls *tls)
{
  return tls->handshake_timeout;
}

const char *
cs_tls_alpn (SSL *ssl)
{
  const guint8 *name;
  guint len;

  SSL_get0_alpn_selected (ssl, &name, &len);
  return len > 0 ? find_protocol (SSL_get_app_data (ssl), name, len) : NULL;
}
