/* auth-claims.c: the claims of a token whose signature was checked.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-base64url.h"
#include "auth-identity.h"
#include "auth-jwt.h"

#define SECONDS_MAX 253402300799.0 /* the year 9999 */
#define WORDS_MAX 128

/* ---- single claims ---- */

/* FALSE: there, but no NumericDate (RFC 7519 §2). Absent leaves *at as it is. */
static gboolean
read_time (AuthJson claims, const char *name, gint64 *at)
{
  AuthJson value = auth_json_member (claims, name);
  double seconds;

  if (value.type == AUTH_JSON_NONE)
    return TRUE;
  if (!auth_json_number (value, 0, SECONDS_MAX, &seconds))
    return FALSE;
  *at = (gint64) (seconds * G_USEC_PER_SEC);
  return TRUE;
}

static const char *
check_times (AuthJson claims, const AuthTrust *trust, gint64 now, gint64 *expires)
{
  gint64 not_before = 0;

  *expires = CS_NEVER;
  if (!read_time (claims, "exp", expires) || !read_time (claims, "nbf", &not_before))
    return "the token's exp or nbf is no time";
  if (*expires == CS_NEVER && trust->exp_required)
    return "the token has no exp";
  if (*expires != CS_NEVER)
    *expires += trust->leeway;
  if (*expires <= now)
    return "the token has expired";
  return not_before - trust->leeway > now ? "the token is not valid yet" : NULL;
}

static gboolean
is_text (AuthJson value, const char *text)
{
  char buffer[2 * AUTH_JWT_TEXT_MAX];

  return auth_json_string (value, buffer, sizeof buffer) && strcmp (buffer, text) == 0;
}

static gboolean
is_any (AuthJson value, char *const *texts)
{
  for (; *texts != NULL; texts++)
    if (is_text (value, *texts))
      return TRUE;
  return FALSE;
}

/* RFC 7519 §4.1.3: one that does not find itself among those that are named must refuse. */
static const char *
check_audience (AuthJson claims, const AuthTrust *trust)
{
  AuthJson value = auth_json_member (claims, "aud");
  const char *cursor = NULL;
  AuthJson element;

  if (value.type == AUTH_JSON_NONE)
    return trust->audience == NULL ? NULL : "the token names no audience";
  if (trust->audience == NULL)
    return "the token is for an audience, and none is set for its key";
  if (is_any (value, trust->audience))
    return NULL;
  while (auth_json_element (value, &cursor, &element))
    if (is_any (element, trust->audience))
      return NULL;
  return "the token is for another audience";
}

static const char *
check_issuer (AuthJson claims, const AuthTrust *trust)
{
  if (trust->issuer == NULL || is_text (auth_json_member (claims, "iss"), trust->issuer))
    return NULL;
  return "the token is of another issuer";
}

/* ---- lists of words ---- */

static void
add_words (GPtrArray *words, const char *text)
{
  g_auto (GStrv) split = g_strsplit_set (text, " ", WORDS_MAX);

  for (gsize i = 0; split[i] != NULL; i++)
    if (*split[i] != '\0' && words->len < WORDS_MAX)
      g_ptr_array_add (words, g_strdup (split[i]));
}

/* A list of strings, or words with spaces between (RFC 8693 §4.2). FALSE: something else. */
static gboolean
read_words (AuthJson value, GPtrArray *words)
{
  char text[2048];
  const char *cursor = NULL;
  AuthJson element;

  if (value.type == AUTH_JSON_STRING && auth_json_string (value, text, sizeof text))
    {
      add_words (words, text);
      return TRUE;
    }
  if (value.type != AUTH_JSON_ARRAY)
    return FALSE;
  while (auth_json_element (value, &cursor, &element))
    {
      if (!auth_json_string (element, text, sizeof text) || words->len == WORDS_MAX)
        return FALSE;
      g_ptr_array_add (words, g_strdup (text));
    }
  return TRUE;
}

static char **
steal_words (GPtrArray *words)
{
  g_ptr_array_add (words, NULL);
  return (char **) g_ptr_array_steal (words, NULL);
}

static const char *
read_scopes (AuthJson claims, const AuthTrust *trust, AuthClaims *result)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  gboolean any = FALSE;

  for (gsize i = 0; trust->scope_claims != NULL && trust->scope_claims[i] != NULL; i++)
    {
      AuthJson value = auth_json_member (claims, trust->scope_claims[i]);

      if (value.type == AUTH_JSON_NONE)
        continue;
      any = TRUE;
      if (!read_words (value, words))
        return "the token's scopes are malformed";
    }
  if (any)
    result->scopes = steal_words (words);
  return NULL;
}

/* A role that begins with `_` is the server's own to give. */
static const char *
read_roles (AuthJson claims, const AuthTrust *trust, AuthClaims *result)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  AuthJson value = { AUTH_JSON_NONE, { NULL, 0 } };

  for (gsize i = 0; trust->roles_claims != NULL && trust->roles_claims[i] != NULL
                    && value.type == AUTH_JSON_NONE;
       i++)
    value = auth_json_member (claims, trust->roles_claims[i]);
  if (value.type != AUTH_JSON_NONE && !read_words (value, words))
    return "the token's roles are malformed";
  for (guint i = words->len; i-- > 0;)
    {
      const char *role = g_ptr_array_index (words, i);

      if (*role != '_')
        continue;
      result->admin |= trust->admin && strcmp (role, "_admin") == 0;
      g_ptr_array_remove_index (words, i);
    }
  result->roles = steal_words (words);
  return NULL;
}

/* ---- whose it is ---- */

static const char *
read_user (AuthJson claims, AuthClaims *result)
{
  char name[AUTH_JWT_TEXT_MAX];

  if (!auth_json_string (auth_json_member (claims, "sub"), name, sizeof name)
      || !auth_user_is_valid (name))
    return "the token has no sub that could be a user";
  result->user = g_strdup (name);
  return NULL;
}

static const char *
read_tenant (AuthJson claims, const AuthTrust *trust, AuthClaims *result)
{
  char name[AUTH_JWT_TEXT_MAX];

  if (trust->tenant_claim == NULL)
    {
      result->tenant = g_strdup (trust->tenant != NULL ? trust->tenant : "");
      return NULL;
    }
  if (!auth_json_string (auth_json_member (claims, trust->tenant_claim), name, sizeof name)
      || !auth_tenant_is_valid (name))
    return "the token names no tenant";
  result->tenant = g_strdup (name);
  return NULL;
}

static const char *
read_all (AuthJson claims, const AuthTrust *trust, gint64 now, AuthClaims *result)
{
  const char *why = check_times (claims, trust, now, &result->expires);

  if (why == NULL)
    why = check_issuer (claims, trust);
  if (why == NULL)
    why = check_audience (claims, trust);
  if (why == NULL)
    why = read_user (claims, result);
  if (why == NULL)
    why = read_tenant (claims, trust, result);
  if (why == NULL)
    why = read_roles (claims, trust, result);
  return why != NULL ? why : read_scopes (claims, trust, result);
}

const char *
auth_claims_read (CsSlice payload, const AuthTrust *trust, gint64 now, AuthClaims *result)
{
  g_autofree guint8 *bytes = g_malloc (AUTH_BASE64URL_BYTES (payload.len));
  const char *why;
  AuthJson claims;
  gsize length;

  memset (result, 0, sizeof *result);
  if (!auth_base64url_decode (payload, bytes, &length)
      || !auth_json_object (cs_slice (bytes, length), &claims))
    return "the token's claims are malformed";
  why = read_all (claims, trust, now, result);
  if (why != NULL)
    auth_claims_clear (result);
  return why;
}

void
auth_claims_clear (AuthClaims *claims)
{
  g_free (claims->user);
  g_free (claims->tenant);
  g_strfreev (claims->roles);
  g_strfreev (claims->scopes);
  memset (claims, 0, sizeof *claims);
}
