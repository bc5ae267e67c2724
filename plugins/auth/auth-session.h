/* auth-session.h: the token of a cookie session: who, since when, and of which password; signed.
 * SPDX-License-Identifier: Apache-2.0
 *
 * base64url of: version, issued (8 bytes, microseconds UTC), generation, tenant NUL name, HMAC-SHA-256.
 * Nothing is kept on the server: a session ends by time, or when the user's generation is another. */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

#define AUTH_GENERATION_LEN 16
#define AUTH_SESSION_KEY 32
#define AUTH_SESSION_TEXT_MAX 2048

/* Made of the secret, each for its own purpose. */
typedef struct
{
  guint8 mac[AUTH_SESSION_KEY];
  guint8 generation[AUTH_SESSION_KEY];
} AuthSessionKeys;

typedef struct
{
  guint8 bytes[AUTH_SESSION_TEXT_MAX];
  gsize length;
  const char *tenant;
  const char *name;
  gint64 issued; /* wall clock, microseconds */
  const guint8 *generation;
} AuthSession;

void auth_session_keys (AuthSessionKeys *keys, const char *secret);

/* A digest of what changes when the user's password does. */
void auth_generation (const AuthSessionKeys *keys, const char *text,
                      guint8 generation[AUTH_GENERATION_LEN]);

/* To be g_free()d; NULL when the names are too long for a cookie. */
char *auth_session_make (const AuthSessionKeys *keys, const char *tenant, const char *name,
                         const guint8 generation[AUTH_GENERATION_LEN], gint64 issued);

/* FALSE: not what auth_session_make () writes. Tells nothing about who wrote it. */
gboolean auth_session_parse (CsSlice text, AuthSession *session);

/* Whether it was signed with these keys. Takes the same time whatever differs. */
gboolean auth_session_is_genuine (const AuthSessionKeys *keys, const AuthSession *session);

G_END_DECLS
