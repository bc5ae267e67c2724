/* test-tls.c: handshakes with a real client: names, protocols, resumption, new certificates, time
 * limits, ends.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test-net.h"

static char *dir;

static void
write_pem (const char *name, X509 *certificate, EVP_PKEY *key)
{
  g_autofree char *cert_path = g_strdup_printf ("%s/%s.crt", dir, name);
  g_autofree char *key_path = g_strdup_printf ("%s/%s.key", dir, name);
  FILE *file = fopen (cert_path, "w");

  PEM_write_X509 (file, certificate);
  fclose (file);
  file = fopen (key_path, "w");
  PEM_write_PrivateKey (file, key, NULL, NULL, 0, NULL, NULL);
  fclose (file);
}

/* A certificate that signs itself, for one DNS name, in NAME.crt and NAME.key. */
static void
make_pair (const char *name, const char *dns)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");
  X509 *certificate = X509_new ();
  X509_NAME *subject = X509_get_subject_name (certificate);
  g_autofree char *text = g_strdup_printf ("DNS:%s", dns);
  X509_EXTENSION *names = X509V3_EXT_conf_nid (NULL, NULL, NID_subject_alt_name, text);

  X509_set_version (certificate, 2);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
  X509_gmtime_adj (X509_getm_notBefore (certificate), -60);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 3600);
  X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_ASC, (const guint8 *) name, -1, -1, 0);
  X509_set_issuer_name (certificate, subject);
  X509_set_pubkey (certificate, key);
  X509_add_ext (certificate, names, -1);
  g_assert_cmpint (X509_sign (certificate, key, EVP_sha256 ()), >, 0);
  write_pem (name, certificate, key);
  X509_EXTENSION_free (names);
  X509_free (certificate);
  EVP_PKEY_free (key);
}

static CsTls *
load (const char *const *names, gsize n, gint64 timeout)
{
  static const char *const alpn[] = { "h2", "http/1.1", NULL };
  CsTlsPair pairs[4];
  CsTlsOptions options = { .size = sizeof options, .pairs = pairs, .n_pairs = n, .alpn = alpn,
                           .handshake_timeout = timeout };
  g_autoptr (GError) error = NULL;
  CsTls *tls;

  for (gsize i = 0; i < n; i++)
    {
      pairs[i].certificate = g_strdup_printf ("%s/%s.crt", dir, names[i]);
      pairs[i].key = g_strdup_printf ("%s/%s.key", dir, names[i]);
    }
  tls = cs_tls_new (&options, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    {
      g_free ((char *) pairs[i].certificate);
      g_free ((char *) pairs[i].key);
    }
  return tls;
}

static void
with_runtime (gconstpointer test)
{
  test_start (2);
  ((void (*) (void)) test) ();
  test_stop ();
  g_assert_cmpint (cs_net_n_streams (), ==, 0);
}

/* Answers each request by what was agreed, and echoes it. */
static void
answer_ready (CsStream *stream, gpointer data)
{
  static __thread char bytes[65536];
  gssize n;

  while ((n = cs_stream_read (stream, bytes, sizeof bytes)) > 0)
    cs_stream_write (stream, bytes, (gsize) n);
  if (n != -CS_AGAIN)
    cs_stream_close (stream);
}

static void
answer_accept (CsStream *stream, gpointer data)
{
  CsStreamInfo info = { .size = sizeof info };
  g_autofree char *text = NULL;

  cs_stream_info (stream, &info);
  text = g_strdup_printf ("%s %s %s;", info.alpn != NULL ? info.alpn : "-",
                          info.server_name != NULL ? info.server_name : "-", info.tls_version);
  cs_stream_write (stream, text, strlen (text));
  cs_stream_watch (stream, answer_ready, NULL);
}

typedef struct
{
  int fd;
  SSL_CTX *context;
  SSL *ssl;
} Client;

static SSL_SESSION *last_session;

static int
keep_session (SSL *ssl, SSL_SESSION *session)
{
  SSL_SESSION_free (last_session);
  last_session = session;
  return 1;
}

/* `alpn` in wire form, or NULL. */
static gboolean
client_open (Client *client, CsListener *listener, const char *name, const char *alpn,
             SSL_SESSION *session)
{
  client->fd = test_connect (listener);
  client->context = SSL_CTX_new (TLS_client_method ());
  SSL_CTX_set_session_cache_mode (client->context,
                                  SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  SSL_CTX_sess_set_new_cb (client->context, keep_session);
  client->ssl = SSL_new (client->context);
  SSL_set_fd (client->ssl, client->fd);
  if (name != NULL)
    SSL_set_tlsext_host_name (client->ssl, name);
  if (alpn != NULL)
    SSL_set_alpn_protos (client->ssl, (const guint8 *) alpn, (guint) strlen (alpn));
  if (session != NULL)
    SSL_set_session (client->ssl, session);
  return SSL_connect (client->ssl) == 1;
}

static void
client_close (Client *client)
{
  SSL_shutdown (client->ssl);
  SSL_free (client->ssl);
  SSL_CTX_free (client->context);
  close (client->fd);
  ERR_clear_error ();
}

static void
client_expect (Client *client, const char *expected)
{
  char bytes[200] = "";
  int n = SSL_read (client->ssl, bytes, sizeof bytes - 1);

  g_assert_cmpint (n, >, 0);
  g_assert_cmpstr (bytes, ==, expected);
}

static char *
client_peer (Client *client)
{
  X509 *certificate = SSL_get1_peer_certificate (client->ssl);
  char name[64] = "";

  X509_NAME_get_text_by_NID (X509_get_subject_name (certificate), NID_commonName, name,
                             sizeof name);
  X509_free (certificate);
  return g_strdup (name);
}

static void
expect_certificate (CsListener *listener, const char *sni, const char *expected)
{
  Client client;
  g_autofree char *name = NULL;

  g_assert_true (client_open (&client, listener, sni, NULL, NULL));
  name = client_peer (&client);
  g_assert_cmpstr (name, ==, expected);
  client_close (&client);
}

static void
test_names (void)
{
  static const char *const names[] = { "first", "second" };
  CsTls *tls = load (names, 2, 0);
  CsListener *listener = test_listen ("127.0.0.1:0", tls, answer_accept, NULL);
  Client client;

  cs_tls_unref (tls);
  expect_certificate (listener, NULL, "first");
  expect_certificate (listener, "first.test", "first");
  expect_certificate (listener, "second.test", "second");
  expect_certificate (listener, "third.test", "first");
  g_assert_true (client_open (&client, listener, "second.test", "\x08http/1.1\x02h2", NULL));
  client_expect (&client, "h2 second.test TLSv1.3;");
  client_close (&client);
  g_assert_true (client_open (&client, listener, NULL, "\x08http/1.1", NULL));
  client_expect (&client, "http/1.1 - TLSv1.3;");
  client_close (&client);
  g_assert_false (client_open (&client, listener, NULL, "\x05" "other", NULL));
  client_close (&client);
  test_wait_streams (0);
}

static void
test_data (void)
{
  static const char *const names[] = { "first" };
  CsTls *tls = load (names, 1, 0);
  CsListener *listener = test_listen ("127.0.0.1:0", tls, answer_accept, NULL);
  Client client;
  g_autofree char *out = g_malloc (100000), *in = g_malloc (100000);

  for (gsize i = 0; i < 100000; i++)
    out[i] = (char) g_test_rand_int ();
  g_assert_true (client_open (&client, listener, NULL, NULL, NULL));
  client_expect (&client, "- - TLSv1.3;");
  for (guint round = 0; round < 20; round++)
    {
      int len = g_test_rand_int_range (1, 60000), done = 0;

      g_assert_cmpint (SSL_write (client.ssl, out, len), ==, len);
      while (done < len)
        {
          int n = SSL_read (client.ssl, in + done, len - done);

          g_assert_cmpint (n, >, 0);
          done += n;
        }
      g_assert_cmpmem (in, len, out, len);
    }
  client_close (&client);
  test_wait_streams (0);
  cs_tls_unref (tls);
}

static void
resume (CsListener *listener, gboolean expected)
{
  Client client;

  g_assert_true (client_open (&client, listener, NULL, NULL, last_session));
  client_expect (&client, "- - TLSv1.3;");
  g_assert_cmpint (SSL_session_reused (client.ssl), ==, expected);
  client_close (&client);
}

/* A ticket is good on every worker, and after the certificates were loaded anew. */
static void
test_resume_and_reload (void)
{
  static const char *const first[] = { "first" }, *const second[] = { "second" };
  CsTls *tls = load (first, 1, 0), *other = load (second, 1, 0), *again = load (first, 1, 0);
  CsListener *listener = test_listen ("127.0.0.1:0", tls, answer_accept, NULL);
  Client old;

  SSL_SESSION_free (g_steal_pointer (&last_session));
  resume (listener, FALSE);
  for (guint i = 0; i < 8; i++)
    resume (listener, TRUE);
  g_assert_cmpint (test_stat ("tls_resumed_total"), ==, 8);
  g_assert_true (client_open (&old, listener, NULL, NULL, NULL));
  client_expect (&old, "- - TLSv1.3;");
  cs_listener_set_tls (listener, other);
  cs_tls_unref (tls);
  expect_certificate (listener, "first.test", "second");
  cs_listener_set_tls (listener, again);
  resume (listener, TRUE);
  /* The open connection went on through both. */
  g_assert_cmpint (SSL_write (old.ssl, "still", 5), ==, 5);
  client_expect (&old, "still");
  client_close (&old);
  cs_tls_unref (other);
  cs_tls_unref (again);
  SSL_SESSION_free (g_steal_pointer (&last_session));
}

/* Who never says hello, or says nonsense, is gone in time and was never accepted. */
static void
test_no_handshake (void)
{
  static const char *const names[] = { "first" };
  CsTls *tls = load (names, 1, CS_MS (300));
  CsListener *listener = test_listen ("127.0.0.1:0", tls, answer_accept, NULL);
  int silent = test_connect (listener), loud = test_connect (listener);
  gint64 before = g_get_monotonic_time ();
  char bytes[100];

  test_send (loud, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  while (recv (loud, bytes, sizeof bytes, 0) > 0)
    ;
  g_assert_cmpint (recv (silent, bytes, sizeof bytes, 0), ==, 0);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, CS_MS (250));
  g_assert_cmpint (g_get_monotonic_time () - before, <, CS_SECONDS (5));
  test_wait_streams (0);
  g_assert_cmpint (test_stat ("tls_handshake_failures_total"), ==, 1);
  close (silent);
  close (loud);
  cs_tls_unref (tls);
}

/* Our end is said properly: the client's read ends without an error. */
static void
goodbye_accept (CsStream *stream, gpointer data)
{
  cs_stream_write (stream, "bye", 3);
  cs_stream_close (stream);
}

static void
test_goodbye (void)
{
  static const char *const names[] = { "first" };
  CsTls *tls = load (names, 1, 0);
  CsListener *listener = test_listen ("127.0.0.1:0", tls, goodbye_accept, NULL);
  Client client;
  char byte;
  int n;

  g_assert_true (client_open (&client, listener, NULL, NULL, NULL));
  client_expect (&client, "bye");
  n = SSL_read (client.ssl, &byte, 1);
  g_assert_cmpint (SSL_get_error (client.ssl, n), ==, SSL_ERROR_ZERO_RETURN);
  client_close (&client);
  test_wait_streams (0);
  cs_tls_unref (tls);
}

/* What a turn queues, copies and references, leaves as one record in one write. */
static void
joined_accept (CsStream *stream, gpointer data)
{
  g_autofree char *big = g_strnfill (9000, 'c');
  g_autoptr (GBytes) bytes = g_bytes_new (big, 9000);

  cs_stream_write (stream, "a", 1);
  cs_stream_write (stream, big, 3000);
  cs_stream_write_bytes (stream, bytes);
  cs_stream_watch (stream, answer_ready, NULL);
}

static void
do_nothing (gpointer data)
{
}

static void
test_joined (void)
{
  static const char *const names[] = { "first" };
  CsTls *tls = load (names, 1, 0);
  CsListener *listener = test_listen ("127.0.0.1:0", tls, joined_accept, NULL);
  Client client;
  char bytes[20000];

  g_assert_true (client_open (&client, listener, NULL, NULL, NULL));
  g_assert_cmpint (SSL_read (client.ssl, bytes, sizeof bytes), ==, 12001);
  for (guint i = 0; i < 4; i++)
    test_on_worker (i % 2, do_nothing, NULL);
  g_assert_cmpint (test_stat ("stream_writes_total"), ==, 1);
  client_close (&client);
  test_wait_streams (0);
  cs_tls_unref (tls);
}

/* The peer reads late: records that the kernel did not take are tried again, and nothing is
 * lost. */
static void
bulk (gpointer data)
{
  CsStream *stream = data;
  g_autofree char *pattern = g_malloc (51000);
  g_autoptr (GBytes) block = NULL;

  for (gsize i = 0; i < 51000; i++)
    pattern[i] = (char) (i % 251);
  block = g_bytes_new (pattern + 1000, 50000);
  for (guint i = 0; i < 160; i++)
    {
      cs_stream_write (stream, pattern, 1000);
      cs_stream_write_bytes (stream, block);
      g_assert_cmpint (cs_stream_flush (stream, 60000, CS_NEVER), ==, CS_OK);
    }
  cs_stream_close (stream);
}

static void
bulk_accept (CsStream *stream, gpointer data)
{
  cs_fiber_start (NULL, bulk, stream, CS_NEVER);
}

static void
test_bulk (void)
{
  static const char *const names[] = { "first" };
  CsTls *tls = load (names, 1, 0);
  CsListener *listener = test_listen ("127.0.0.1:0", tls, bulk_accept, NULL);
  Client client;
  gsize total = 0;
  char bytes[20000];
  int n;

  g_assert_true (client_open (&client, listener, NULL, NULL, NULL));
  g_usleep (50000);
  while ((n = SSL_read (client.ssl, bytes, sizeof bytes)) > 0)
    for (int i = 0; i < n; i++, total++)
      if ((guint8) bytes[i] != total % 51000 % 251)
        g_error ("byte %" G_GSIZE_FORMAT " is wrong", total);
  g_assert_cmpuint (total, ==, 160 * 51000);
  client_close (&client);
  test_wait_streams (0);
  cs_tls_unref (tls);
}

static void
test_bad_files (void)
{
  g_autofree char *cert = g_strdup_printf ("%s/first.crt", dir);
  g_autofree char *key = g_strdup_printf ("%s/first.key", dir);
  g_autofree char *other = g_strdup_printf ("%s/second.key", dir);
  const char *const named[] = { "/nowhere.crt", "/nowhere.key", other };
  CsTlsPair pairs[] = { { "/nowhere.crt", key }, { cert, "/nowhere.key" }, { cert, other } };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      CsTlsOptions options = { .size = sizeof options, .pairs = &pairs[i], .n_pairs = 1 };
      g_autoptr (GError) error = NULL;

      g_assert_null (cs_tls_new (&options, &error));
      g_assert_error (error, CS_ERROR, CS_INVALID);
      g_assert_nonnull (strstr (error->message, named[i]));
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  dir = g_dir_make_tmp ("cs-tls-XXXXXX", NULL);
  make_pair ("first", "first.test");
  make_pair ("second", "second.test");
  g_test_add_data_func ("/net/tls/names", test_names, with_runtime);
  g_test_add_data_func ("/net/tls/data", test_data, with_runtime);
  g_test_add_data_func ("/net/tls/resume-and-reload", test_resume_and_reload, with_runtime);
  g_test_add_data_func ("/net/tls/no-handshake", test_no_handshake, with_runtime);
  g_test_add_data_func ("/net/tls/goodbye", test_goodbye, with_runtime);
  g_test_add_data_func ("/net/tls/joined", test_joined, with_runtime);
  g_test_add_data_func ("/net/tls/bulk", test_bulk, with_runtime);
  g_test_add_func ("/net/tls/bad-files", test_bad_files);
  status = g_test_run ();
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%s.%s", dir, i < 2 ? "first" : "second",
                                               i % 2 == 0 ? "crt" : "key");

      g_unlink (path);
    }
  g_rmdir (dir);
  return status;
}
