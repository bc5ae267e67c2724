/* auth-keys.c: keys by what a request shows of them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-keys.h"
#include "auth-base64url.h"
#include "auth-identity.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

static guint
digest_hash (gconstpointer digest)
{
  guint hash;

  memcpy (&hash, digest, sizeof hash);
  return hash;
}

static gboolean
digest_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, SHA256_DIGEST_LENGTH) == 0;
}

static const char *
given (const char *text)
{
  return text != NULL && *text != '\0' ? text : NULL;
}

static char *const *
given_list (char **list)
{
  return list != NULL && list[0] != NULL ? list : NULL;
}

/* ---- keys of tokens ---- */

static gboolean
add_token_key (AuthKeys *keys, const CsSection *section, GError **error)
{
  const AuthJwtSettings *settings = section->settings;
  AuthTokenKey entry = { .name = section->name,
                         .kid = given (settings->kid) != NULL ? settings->kid : section->name,
                         .algorithm = auth_jwt_algorithms[settings->algorithm] };

  entry.key = auth_jwt_key_new ((AuthJwtAlgorithm) settings->algorithm, settings->secret,
                                settings->public_key, error);
  if (entry.key == NULL)
    {
      g_prefix_error (error, "[jwt-key %s]: ", section->name);
      return FALSE;
    }
  entry.trust = (AuthTrust){ .issuer = given (settings->issuer),
                             .audience = given_list (settings->audience),
                             .roles_claims = settings->roles_claims,
                             .scope_claims = settings->scope_claims,
                             .tenant_claim = given (settings->tenant_claim),
                             .tenant = given (settings->tenant),
                             .admin = settings->admin,
                             .exp_required = settings->exp_required,
                             .leeway = settings->leeway };
  g_array_append_val (keys->tokens, entry);
  return TRUE;
}

/* Several of one algorithm and kid are tried in turn, as while a key is being replaced. */
const AuthTokenKey *
auth_keys_match (const AuthKeys *keys, const AuthJwt *jwt, guint *at)
{
  for (; *at < keys->tokens->len; ++*at)
    {
      const AuthTokenKey *entry = &g_array_index (keys->tokens, AuthTokenKey, *at);

      if (strcmp (entry->algorithm, jwt->algorithm) != 0
          || (*jwt->kid != '\0' && strcmp (entry->kid, jwt->kid) != 0))
        continue;
      ++*at;
      return entry;
    }
  return NULL;
}

/* ---- API keys ---- */

gboolean
auth_api_hash_parse (const char *hash, guint8 digest[32])
{
  gsize i;

  if (!g_str_has_prefix (hash, AUTH_API_HASH_PREFIX))
    return FALSE;
  hash += strlen (AUTH_API_HASH_PREFIX);
  if (strlen (hash) != 2 * SHA256_DIGEST_LENGTH)
    return FALSE;
  for (i = 0; i < SHA256_DIGEST_LENGTH; i++)
    {
      gint high = g_ascii_xdigit_value (hash[2 * i]);
      gint low = g_ascii_xdigit_value (hash[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      digest[i] = (guint8) (high << 4 | low);
    }
  return TRUE;
}

static gboolean
add_api_key (AuthKeys *keys, const CsSection *section, GError **error)
{
  const AuthApiSettings *settings = section->settings;
  guint8 digest[SHA256_DIGEST_LENGTH];

  if (!auth_api_hash_parse (settings->hash, digest)
      || g_hash_table_contains (keys->api_keys, digest))
    {
      g_set_error (error, CS_ERROR, CS_EXISTS, "[api-key %s]: another section has the same hash",
                   section->name);
      return FALSE;
    }
  g_hash_table_insert (keys->api_keys, g_memdup2 (digest, sizeof digest), (gpointer) section);
  return TRUE;
}

const CsSection *
auth_keys_find (const AuthKeys *keys, CsSlice api_key)
{
  guint8 digest[SHA256_DIGEST_LENGTH];

  if (api_key.len != AUTH_API_KEY_LEN || g_hash_table_size (keys->api_keys) == 0)
    return NULL;
  SHA256 ((const guint8 *) api_key.data, api_key.len, digest);
  return g_hash_table_lookup (keys->api_keys, digest);
}

gboolean
auth_api_key_make (char **key, char **hash)
{
  guint8 bytes[32];
  g_autofree char *text = NULL;
  g_autofree char *digest = NULL;

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    return FALSE;
  text = auth_base64url_encode (bytes, sizeof bytes);
  *key = g_strconcat (AUTH_API_KEY_PREFIX, text, NULL);
  digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, *key, -1);
  *hash = g_strconcat (AUTH_API_HASH_PREFIX, digest, NULL);
  return TRUE;
}

/* ---- all of them ---- */

static void
token_key_clear (gpointer data)
{
  auth_jwt_key_free (((AuthTokenKey *) data)->key);
}

AuthKeys *
auth_keys_new (const CsSection *jwt_keys, guint n_jwt_keys, const CsSection *api_keys,
               guint n_api_keys, GError **error)
{
  AuthKeys *keys = g_new0 (AuthKeys, 1);
  gboolean good = TRUE;
  guint i;

  keys->tokens = g_array_new (FALSE, FALSE, sizeof (AuthTokenKey));
  g_array_set_clear_func (keys->tokens, token_key_clear);
  keys->api_keys = g_hash_table_new_full (digest_hash, digest_equal, g_free, NULL);
  for (i = 0; good && i < n_jwt_keys; i++)
    good = add_token_key (keys, &jwt_keys[i], error);
  for (i = 0; good && i < n_api_keys; i++)
    good = add_api_key (keys, &api_keys[i], error);
  if (good)
    return keys;
  auth_keys_free (keys);
  return NULL;
}

void
auth_keys_free (AuthKeys *keys)
{
  if (keys == NULL)
    return;
  g_array_unref (keys->tokens);
  g_hash_table_unref (keys->api_keys);
  g_free (keys);
}

/* ---- what may stand in a section ---- */

gboolean
auth_jwt_section_check (const AuthJwtSettings *settings, GError **error)
{
  AuthJwtKey *key;

  if (!auth_tenant_check (settings->tenant, error))
    return FALSE;
  if (given (settings->tenant) != NULL && given (settings->tenant_claim) != NULL)
    {
      g_set_error (error, CS_ERROR, CS_INVALID,
                   "tenant-claim: the tenant is set already; leave out one of the two");
      return FALSE;
    }
  key = auth_jwt_key_new ((AuthJwtAlgorithm) settings->algorithm, settings->secret,
                          settings->public_key, error);
  if (key == NULL)
    return FALSE;
  auth_jwt_key_free (key);
  return TRUE;
}

gboolean
auth_api_section_check (const AuthApiSettings *settings, GError **error)
{
  guint8 digest[32];

  if (settings->hash == NULL || !auth_api_hash_parse (settings->hash, digest))
    {
      g_set_error (error, CS_ERROR, CS_INVALID,
                   "hash: write what `cloudsyncctl key NAME` prints: sha256: and 64 hex digits; "
                   "never the key itself");
      return FALSE;
    }
  return auth_tenant_check (settings->tenant, error) && auth_roles_check (settings->roles, error);
}
