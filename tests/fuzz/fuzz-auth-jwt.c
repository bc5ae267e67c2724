/* fuzz-auth-jwt.c: any bytes as a token, as its head, and as its claims.
 * SPDX-License-Identifier: Apache-2.0 */
#include <auth-base64url.h>
#include <auth-jwt-key.h>
#include <auth-jwt.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static char *claims_of_words[] = { (char *) "_couchdb.roles", (char *) "scope", NULL };

static void
read_claims (CsSlice payload)
{
  const AuthTrust trust = { .roles_claims = claims_of_words, .scope_claims = claims_of_words,
                            .tenant_claim = "tenant", .admin = TRUE };
  AuthClaims claims;

  if (auth_claims_read (payload, &trust, 0, &claims) != NULL)
    return;
  g_assert_nonnull (claims.user);
  g_assert_cmpuint (strlen (claims.user), >, 0);
  g_assert_true (g_utf8_validate (claims.user, -1, NULL));
  for (gsize i = 0; claims.roles[i] != NULL; i++)
    g_assert_true (*claims.roles[i] != '_');
  auth_claims_clear (&claims);
}

/* What is signed is the token up to its last dot. */
static void
read_token (CsSlice token)
{
  AuthJwt jwt;

  if (auth_jwt_parse (token, &jwt) != NULL)
    return;
  g_assert_true (jwt.input.data == token.data && jwt.input.len < token.len);
  g_assert_true (token.data[jwt.input.len] == '.');
  read_claims (jwt.payload);
}

/* The bytes as JSON, which no fuzzer would find behind base64. */
static void
read_json (const guint8 *data, gsize size)
{
  g_autofree char *encoded = auth_base64url_encode (data, size);
  g_autofree char *token = g_strconcat (encoded, ".", encoded, ".AAAA", NULL);
  AuthJson object;

  read_token (cs_slice_str (token));
  if (auth_json_object (cs_slice (data, size), &object))
    g_assert_true (object.type == AUTH_JSON_OBJECT);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  read_token (cs_slice (data, size));
  read_json (data, size);
  return 0;
}
