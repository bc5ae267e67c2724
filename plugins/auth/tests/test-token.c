/* test-token.c: Bearer tokens and API keys, from the header to an identity or a refusal.
 * SPDX-License-Identifier: Apache-2.0 */
#include "login-fixture.h"
#include "token-fixture.h"

#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define EXP "\"exp\":9999999999"
#define CLAIMS "{\"sub\":\"ann\"," EXP "}"

static char *audience[] = { (char *) "api", (char *) "other", NULL };
static char *roles_claims[] = { (char *) "_couchdb.roles", NULL };
static char *scope_claims[] = { (char *) "scope", (char *) "scp", NULL };

/* A key as the settings have it by default. */
static AuthJwtSettings
settings_of (AuthJwtAlgorithm algorithm)
{
  return (AuthJwtSettings){ .algorithm = algorithm, .roles_claims = roles_claims,
                            .scope_claims = scope_claims, .exp_required = TRUE,
                            .leeway = CS_SECONDS (30) };
}

static void
setup (const CsSection *keys, guint n)
{
  login_jwt_keys = keys;
  login_n_jwt_keys = n;
  login_setup ();
}

static void
teardown (void)
{
  login_teardown ();
  login_jwt_keys = NULL;
  login_n_jwt_keys = 0;
}

static CsStatus
show (const char *token, CsIdentity **identity)
{
  g_autofree char *header = g_strconcat ("Bearer ", token, NULL);

  return login_authorize (0, header, identity);
}

static CsStatus
try (const char *token)
{
  CsIdentity *identity;
  CsStatus status = show (token, &identity);

  cs_identity_unref (identity);
  return status;
}

/* ---- algorithms ---- */

static void
test_algorithms (void)
{
  for (guint i = 0; auth_jwt_algorithms[i] != NULL; i++)
    {
      AuthJwtAlgorithm algorithm = (AuthJwtAlgorithm) i;
      TokenPair *pair = algorithm > AUTH_JWT_HS512 ? token_pair_new (algorithm) : NULL;
      TokenPair *other = pair != NULL ? token_pair_new (algorithm) : NULL;
      AuthJwtSettings key = settings_of (algorithm);
      const CsSection sections[] = { { "k", &key } };
      g_autofree char *head
        = g_strdup_printf ("{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"k\"}", auth_jwt_algorithms[i]);
      g_autofree char *token = token_sign (algorithm, pair, SECRET, head, CLAIMS);
      g_autofree char *forged
        = token_sign (algorithm, other, "another " SECRET, head, CLAIMS);
      g_autofree char *cut = g_strndup (token, strlen (token) - 4);
      CsIdentity *identity;

      if (pair == NULL)
        key.secret = (char *) SECRET;
      else
        key.public_key = (char *) token_pair_public (pair);
      setup (sections, 1);
      g_assert_cmpint (show (token, &identity), ==, CS_OK);
      g_assert_cmpstr (identity->user, ==, "ann");
      g_assert_cmpstr (identity->method, ==, "jwt");
      g_assert_cmpstr (identity->tenant, ==, "");
      g_assert_false (identity->admin);
      g_assert_null (identity->scopes);
      g_assert_cmpint (identity->expires, ==, G_GINT64_CONSTANT (10000000029) * G_USEC_PER_SEC);
      cs_identity_unref (identity);
      g_assert_cmpint (try (forged), ==, CS_DENIED);
      g_assert_cmpint (try (cut), ==, CS_DENIED);
      token[strlen (token) / 2] ^= 1; /* in the claims */
      g_assert_cmpint (try (token), ==, CS_DENIED);
      teardown ();
      g_clear_pointer (&pair, token_pair_free);
      g_clear_pointer (&other, token_pair_free);
    }
}

/* RFC 7515 appendix A.1; its token expired in 2011. */
static void
test_rfc_vector (void)
{
  static const char token[]
    = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  AuthJwtKey *key = auth_jwt_key_new (
    AUTH_JWT_HS256,
    "base64:AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T+1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==",
    NULL, NULL);
  AuthTrust trust = { .exp_required = TRUE };
  AuthClaims claims;
  AuthJwt jwt;

  g_assert_nonnull (key);
  g_assert_null (auth_jwt_parse (cs_slice_str (token), &jwt));
  g_assert_cmpstr (jwt.algorithm, ==, "HS256");
  g_assert_true (
    auth_jwt_key_verify (key, jwt.input, cs_slice (jwt.signature, jwt.signature_len)));
  g_assert_cmpstr (auth_claims_read (jwt.payload, &trust, 2000000000 * (gint64) G_USEC_PER_SEC,
                                     &claims),
                   ==, "the token has expired");
  auth_jwt_key_free (key);
}

/* ---- what must not get in ---- */

static const struct
{
  const char *what;
  const char *head;
  const char *claims;
} refused[] = {
  { "alg none", "{\"alg\":\"none\"}", CLAIMS },
  { "alg None", "{\"alg\":\"None\",\"kid\":\"k\"}", CLAIMS },
  { "another alg", "{\"alg\":\"HS512\",\"kid\":\"k\"}", CLAIMS },
  { "alg in small letters", "{\"alg\":\"hs256\",\"kid\":\"k\"}", CLAIMS },
  { "no alg", "{\"kid\":\"k\"}", CLAIMS },
  { "alg is no string", "{\"alg\":256,\"kid\":\"k\"}", CLAIMS },
  { "alg twice", "{\"alg\":\"none\",\"alg\":\"HS256\",\"kid\":\"k\"}", CLAIMS },
  { "alg twice, escaped", "{\"\\u0061lg\":\"none\",\"alg\":\"HS256\",\"kid\":\"k\"}", CLAIMS },
  { "an unknown kid", "{\"alg\":\"HS256\",\"kid\":\"x\"}", CLAIMS },
  { "kid is no string", "{\"alg\":\"HS256\",\"kid\":[\"k\"]}", CLAIMS },
  { "kid goes on behind a NUL", "{\"alg\":\"HS256\",\"kid\":\"k\\u0000x\"}", CLAIMS },
  { "crit", "{\"alg\":\"HS256\",\"kid\":\"k\",\"crit\":[\"b64\"],\"b64\":false}", CLAIMS },
  { "another typ", "{\"alg\":\"HS256\",\"kid\":\"k\",\"typ\":\"secevent+jwt\"}", CLAIMS },
  { "nested", "{\"alg\":\"HS256\",\"kid\":\"k\",\"cty\":\"JWT\"}", CLAIMS },
  { "the head is a list", "[\"HS256\"]", CLAIMS },
  { "the head is cut", "{\"alg\":\"HS256\",\"kid\":\"k\"", CLAIMS },
  { "expired", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "{\"sub\":\"ann\",\"exp\":1000000000}" },
  { "no exp", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "{\"sub\":\"ann\"}" },
  { "exp is a string", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "{\"sub\":\"ann\",\"exp\":\"9999999999\"}" },
  { "exp is beyond time", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "{\"sub\":\"ann\",\"exp\":1e300}" },
  { "exp twice", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "{\"sub\":\"ann\",\"exp\":1," EXP "}" },
  { "not yet", "{\"alg\":\"HS256\",\"kid\":\"k\"}",
    "{\"sub\":\"ann\",\"nbf\":9999999990," EXP "}" },
  { "no sub", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "{" EXP "}" },
  { "an empty sub", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "{\"sub\":\"\"," EXP "}" },
  { "sub is a number", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "{\"sub\":7," EXP "}" },
  { "sub with a control character", "{\"alg\":\"HS256\",\"kid\":\"k\"}",
    "{\"sub\":\"ann\\n\"," EXP "}" },
  { "sub goes on behind a NUL", "{\"alg\":\"HS256\",\"kid\":\"k\"}",
    "{\"sub\":\"admin\\u0000x\"," EXP "}" },
  { "an audience that nobody asked for", "{\"alg\":\"HS256\",\"kid\":\"k\"}",
    "{\"sub\":\"ann\",\"aud\":\"api\"," EXP "}" },
  { "roles are no list", "{\"alg\":\"HS256\",\"kid\":\"k\"}",
    "{\"sub\":\"ann\",\"_couchdb.roles\":7," EXP "}" },
  { "scopes are no words", "{\"alg\":\"HS256\",\"kid\":\"k\"}",
    "{\"sub\":\"ann\",\"scope\":{}," EXP "}" },
  { "claims are a list", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "[]" },
  { "claims are no JSON", "{\"alg\":\"HS256\",\"kid\":\"k\"}", CLAIMS "x" },
  { "claims are no UTF-8", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "{\"sub\":\"\xff\"," EXP "}" },
};

static void
test_refused (void)
{
  AuthJwtSettings key = settings_of (AUTH_JWT_HS256);
  const CsSection sections[] = { { "k", &key } };
  g_autofree char *good
    = token_sign (AUTH_JWT_HS256, NULL, SECRET, "{\"alg\":\"HS256\",\"kid\":\"k\"}", CLAIMS);

  key.secret = (char *) SECRET;
  setup (sections, 1);
  g_assert_cmpint (try (good), ==, CS_OK);
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *token
        = token_sign (AUTH_JWT_HS256, NULL, SECRET, refused[i].head, refused[i].claims);
      g_autofree char *bare = token_unsigned (refused[i].head, refused[i].claims);

      g_test_message ("%s", refused[i].what);
      g_assert_cmpint (try (token), ==, CS_DENIED);
      g_assert_cmpint (try (bare), ==, CS_DENIED);
    }
  teardown ();
}

static void
test_malformed (void)
{
  AuthJwtSettings key = settings_of (AUTH_JWT_HS256);
  const CsSection sections[] = { { "k", &key } };
  g_autofree char *good
    = token_sign (AUTH_JWT_HS256, NULL, SECRET, "{\"alg\":\"HS256\"}", CLAIMS);
  g_autofree char *padded = g_strconcat (good, "=", NULL);
  g_autofree char *four = g_strconcat (good, ".", NULL);
  g_autofree char *long_head = g_strnfill (AUTH_JWT_MAX + 1, 'a');
  g_autofree char *deep = g_strnfill (3000, '[');
  g_autofree char *deep_claims = g_strconcat ("{\"a\":", deep, NULL);
  g_autofree char *deep_token
    = token_sign (AUTH_JWT_HS256, NULL, SECRET, "{\"alg\":\"HS256\"}", deep_claims);

  key.secret = (char *) SECRET;
  setup (sections, 1);
  g_assert_cmpint (try (good), ==, CS_OK); /* the only key of its algorithm */
  g_assert_cmpint (try (padded), ==, CS_DENIED);
  g_assert_cmpint (try (four), ==, CS_DENIED);
  g_assert_cmpint (try (long_head), ==, CS_DENIED);
  g_assert_cmpint (try (deep_token), ==, CS_DENIED);
  g_assert_cmpint (try (".."), ==, CS_DENIED);
  g_assert_cmpint (try ("x"), ==, CS_DENIED);
  good[strlen (good) - 1] = good[strlen (good) - 1] == 'A' ? 'B' : 'A'; /* another spelling, or bits */
  g_assert_cmpint (try (good), ==, CS_DENIED);
  teardown ();
}

/* The public key is no secret: a token whose HMAC is made with it is not taken for one of the pair. */
static void
test_key_confusion (void)
{
  TokenPair *pair = token_pair_new (AUTH_JWT_RS256);
  AuthJwtSettings rsa = settings_of (AUTH_JWT_RS256);
  AuthJwtSettings hmac = settings_of (AUTH_JWT_HS256);
  const CsSection sections[] = { { "k", &rsa }, { "h", &hmac } };
  g_autofree char *confused = token_sign (AUTH_JWT_HS256, NULL, token_pair_public (pair),
                                          "{\"alg\":\"HS256\",\"kid\":\"k\"}", CLAIMS);
  g_autofree char *other = token_sign (AUTH_JWT_HS256, NULL, token_pair_public (pair),
                                       "{\"alg\":\"HS256\"}", CLAIMS);
  g_autofree char *good = token_sign (AUTH_JWT_RS256, pair, NULL, "{\"alg\":\"RS256\"}", CLAIMS);

  rsa.public_key = (char *) token_pair_public (pair);
  hmac.secret = (char *) SECRET;
  setup (sections, 2);
  g_assert_cmpint (try (good), ==, CS_OK);
  g_assert_cmpint (try (confused), ==, CS_DENIED);
  g_assert_cmpint (try (other), ==, CS_DENIED);
  teardown ();
  token_pair_free (pair);
}

/* ---- claims ---- */

static void
test_claims (void)
{
  AuthJwtSettings key = settings_of (AUTH_JWT_HS256);
  const CsSection sections[] = { { "k", &key } };
  g_autofree char *token
    = token_sign (AUTH_JWT_HS256, NULL, SECRET, "{\"alg\":\"HS256\"}",
                  "{\"sub\":\"ann|7\",\"iss\":\"https:\\/\\/id\",\"aud\":[\"x\",\"api\"],\"org\":\"acme\","
                  "\"_couchdb.roles\":[\"reader\",\"_admin\",\"_other\"],\"scope\":\"sync:read db:notes\","
                  "\"scp\":[\"sync:write\"]," EXP "}");
  g_autofree char *elsewhere
    = token_sign (AUTH_JWT_HS256, NULL, SECRET, "{\"alg\":\"HS256\"}",
                  "{\"sub\":\"ann\",\"iss\":\"https://id\",\"aud\":\"x\",\"org\":\"acme\"," EXP "}");
  g_autofree char *stranger
    = token_sign (AUTH_JWT_HS256, NULL, SECRET, "{\"alg\":\"HS256\"}",
                  "{\"sub\":\"ann\",\"iss\":\"https://di\",\"aud\":\"api\",\"org\":\"acme\"," EXP "}");
  g_autofree char *homeless
    = token_sign (AUTH_JWT_HS256, NULL, SECRET, "{\"alg\":\"HS256\"}",
                  "{\"sub\":\"ann\",\"iss\":\"https://id\",\"aud\":\"api\"," EXP "}");
  CsIdentity *identity;

  key.secret = (char *) SECRET;
  key.issuer = (char *) "https://id";
  key.audience = audience;
  key.tenant_claim = (char *) "org";
  setup (sections, 1);
  g_assert_cmpint (show (token, &identity), ==, CS_OK);
  g_assert_cmpstr (identity->user, ==, "ann|7");
  g_assert_cmpstr (identity->tenant, ==, "acme");
  g_assert_true (cs_identity_has_role (identity, "reader"));
  g_assert_false (cs_identity_has_role (identity, "_admin"));
  g_assert_false (cs_identity_has_role (identity, "_other"));
  g_assert_false (identity->admin);
  g_assert_true (cs_identity_has_scope (identity, "sync:read"));
  g_assert_true (cs_identity_has_scope (identity, "sync:write"));
  g_assert_true (cs_identity_has_scope (identity, "db:notes"));
  g_assert_false (cs_identity_has_scope (identity, "sync:admin"));
  cs_identity_unref (identity);
  g_assert_cmpint (try (elsewhere), ==, CS_DENIED);
  g_assert_cmpint (try (stranger), ==, CS_DENIED);
  g_assert_cmpint (try (homeless), ==, CS_DENIED);
  teardown ();

  key.admin = TRUE;
  setup (sections, 1);
  g_assert_cmpint (show (token, &identity), ==, CS_OK);
  g_assert_true (identity->admin);
  g_assert_false (cs_identity_is_node_admin (identity)); /* of acme */
  cs_identity_unref (identity);
  teardown ();
}

/* What was verified is not verified again, but no longer than the token lives. */
static void
test_remembered (void)
{
  AuthJwtSettings key = settings_of (AUTH_JWT_HS256);
  const CsSection sections[] = { { "k", &key } };
  g_autofree char *claims = g_strdup_printf ("{\"sub\":\"ann\",\"exp\":%.2f}",
                                             g_get_real_time () / 1e6 + 4.0);
  g_autofree char *token
    = token_sign (AUTH_JWT_HS256, NULL, SECRET, "{\"alg\":\"HS256\"}", claims);

  key.secret = (char *) SECRET;
  key.leeway = 0;
  setup (sections, 1);
  g_assert_cmpint (try (token), ==, CS_OK);
  g_assert_cmpint (try (token), ==, CS_OK);
  g_assert_cmpint (cs_harness_stat ("auth_recalled_total"), ==, 1);
  cs_auth_forget (&login_auth->service, NULL, "ann");
  g_assert_cmpint (try (token), ==, CS_OK);
  g_assert_cmpint (cs_harness_stat ("auth_tokens_total"), ==, 2);
  g_usleep (4200 * 1000);
  g_assert_cmpint (try (token), ==, CS_DENIED);
  teardown ();
}

/* ---- keys of the settings ---- */

static void
expect_refused (AuthJwtSettings settings, const char *why)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (auth_settings_check (AUTH_JWT_KIND, &settings, &error));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, why));
  g_assert_null (strstr (error->message, "0123456789"));
}

static void
test_weak_keys (void)
{
  TokenPair *p256 = token_pair_new (AUTH_JWT_ES256);
  AuthJwtSettings hmac = settings_of (AUTH_JWT_HS256);
  AuthJwtSettings ec = settings_of (AUTH_JWT_ES384);
  AuthJwtSettings rsa = settings_of (AUTH_JWT_RS256);

  expect_refused (hmac, "needs `secret`");
  hmac.secret = (char *) "0123456789";
  expect_refused (hmac, "at least 32 bytes");
  hmac.public_key = (char *) token_pair_public (p256);
  expect_refused (hmac, "takes a secret");
  expect_refused (ec, "-----BEGIN PUBLIC KEY-----");
  ec.public_key = (char *) token_pair_public (p256);
  expect_refused (ec, "another curve");
  rsa.public_key = (char *) token_pair_public (p256);
  expect_refused (rsa, "another kind of key");
  rsa.secret = (char *) SECRET;
  expect_refused (rsa, "takes a public key");
  token_pair_free (p256);
}

/* ---- API keys ---- */

static CsStatus
show_key (const char *key, CsIdentity **identity)
{
  CsAuthRequest request = { .size = sizeof request, .api_key = cs_slice_str (key),
                            .peer = "192.0.2.1:1" };
  CsAuthVerdict verdict;
  CsStatus status = login_request (1, &request, &verdict);

  *identity = verdict.identity;
  return status;
}

static void
test_api_key (void)
{
  g_autofree char *key = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *other = NULL;
  g_autofree char *other_hash = NULL;
  g_autofree char *header = NULL;
  char *scopes[] = { (char *) "sync:read", NULL };
  AuthApiSettings settings = { .scopes = scopes, .tenant = (char *) "acme" };
  const CsSection sections[] = { { "robot", &settings } };
  CsIdentity *identity;

  g_assert_true (auth_api_key_make (&key, &hash));
  g_assert_true (auth_api_key_make (&other, &other_hash));
  g_assert_cmpstr (key, !=, other);
  g_assert_cmpuint (strlen (key), ==, AUTH_API_KEY_LEN);
  settings.hash = hash;
  g_assert_true (auth_settings_check (AUTH_API_KIND, &settings, NULL));
  login_api_keys = sections;
  login_n_api_keys = 1;
  login_setup ();
  g_assert_cmpint (show_key (key, &identity), ==, CS_OK);
  g_assert_cmpstr (identity->user, ==, "robot");
  g_assert_cmpstr (identity->method, ==, "key");
  g_assert_cmpstr (identity->tenant, ==, "acme");
  g_assert_true (cs_identity_has_scope (identity, "sync:read"));
  g_assert_false (cs_identity_has_scope (identity, "sync:write"));
  cs_identity_unref (identity);
  header = g_strconcat ("bearer ", key, NULL);
  g_assert_cmpint (login_authorize (0, header, &identity), ==, CS_OK);
  cs_identity_unref (identity);
  g_assert_cmpint (show_key (other, &identity), ==, CS_DENIED);
  g_assert_cmpint (show_key (hash, &identity), ==, CS_DENIED);
  g_assert_cmpint (show_key ("csk_", &identity), ==, CS_DENIED);
  login_teardown ();
  login_api_keys = NULL;
  login_n_api_keys = 0;
  settings.hash = key; /* the key itself does not belong into a file */
  g_assert_false (auth_settings_check (AUTH_API_KIND, &settings, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/token/algorithms", test_algorithms);
  g_test_add_func ("/auth/token/rfc-vector", test_rfc_vector);
  g_test_add_func ("/auth/token/refused", test_refused);
  g_test_add_func ("/auth/token/malformed", test_malformed);
  g_test_add_func ("/auth/token/key-confusion", test_key_confusion);
  g_test_add_func ("/auth/token/claims", test_claims);
  g_test_add_func ("/auth/token/remembered", test_remembered);
  g_test_add_func ("/auth/token/weak-keys", test_weak_keys);
  g_test_add_func ("/auth/token/api-key", test_api_key);
  return g_test_run ();
}
