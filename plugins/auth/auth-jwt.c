/* auth-jwt.c: the head of a token.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-jwt.h"
#include "auth-base64url.h"

/* RFC 7519 §5.1, RFC 9068 §2.1: a token of another type was meant for something else. */
static gboolean
type_is_known (const AuthJson head)
{
  static const char *const known[] = { "JWT", "at+jwt", "application/at+jwt", "application/jwt" };
  AuthJson value = auth_json_member (head, "typ");
  char type[64];
  gsize i;

  if (value.type == AUTH_JSON_NONE)
    return TRUE;
  if (!auth_json_string (value, type, sizeof type))
    return FALSE;
  for (i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (type, known[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
has (AuthJson object, const char *name)
{
  return auth_json_member (object, name).type != AUTH_JSON_NONE;
}

static const char *
read_head (CsSlice encoded, AuthJwt *jwt)
{
  guint8 bytes[AUTH_BASE64URL_BYTES (AUTH_JWT_HEAD_MAX)];
  AuthJson head;
  gsize length;

  if (encoded.len > AUTH_JWT_HEAD_MAX)
    return "the token's head is too long";
  if (!auth_base64url_decode (encoded, bytes, &length)
      || !auth_json_object (cs_slice (bytes, length), &head))
    return "the token's head is malformed";
  if (!auth_json_string (auth_json_member (head, "alg"), jwt->algorithm, sizeof jwt->algorithm))
    return "the token names no algorithm";
  if (has (head, "crit"))
    return "the token asks for an extension that is not understood";
  if (!type_is_known (head) || has (head, "cty"))
    return "the token is of another type";
  jwt->kid[0] = '\0';
  if (has (head, "kid")
      && !auth_json_string (auth_json_member (head, "kid"), jwt->kid, sizeof jwt->kid))
    return "the token's kid is malformed";
  return NULL;
}

/* The part up to the next dot. FALSE: there is none. */
static gboolean
take_part (CsSlice *rest, CsSlice *part)
{
  const char *dot = rest->len > 0 ? memchr (rest->data, '.', rest->len) : NULL;

  if (dot == NULL)
    return FALSE;
  *part = cs_slice (rest->data, (gsize) (dot - rest->data));
  *rest = cs_slice (dot + 1, rest->len - part->len - 1);
  return TRUE;
}

const char *
auth_jwt_parse (CsSlice token, AuthJwt *jwt)
{
  CsSlice rest = token;
  CsSlice head;

  if (token.len > AUTH_JWT_MAX)
    return "the token is too long";
  if (!take_part (&rest, &head) || !take_part (&rest, &jwt->payload))
    return "the token is malformed";
  jwt->input = cs_slice (token.data, head.len + 1 + jwt->payload.len);
  if (AUTH_BASE64URL_BYTES (rest.len) > sizeof jwt->signature
      || !auth_base64url_decode (rest, jwt->signature, &jwt->signature_len))
    return "the token's signature is malformed";
  return read_head (head, jwt);
}
