/* auth-authenticate.c: from what a request brings to an identity.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each worker remembers what it verified lately by a keyed digest of the credentials as they were sent; only
 * what it does not know is taken apart. */
#include "auth.h"
#include "auth-basic.h"
#include "auth-identity.h"
#include "auth-password.h"

#define CHALLENGE_BASIC "Basic realm=\"cloudsync\""
#define CHALLENGE_BEARER "Bearer realm=\"cloudsync\", error=\"invalid_token\""

/* The kinds of credentials; also what their digests begin with. */
typedef enum
{
  KIND_NONE = 0,
  KIND_BASIC = 'b',
  KIND_COOKIE = 'c',
  KIND_KEY = 'k',
  KIND_TOKEN = 't'
} Kind;

static CsStatus
refuse (CsAuthVerdict *verdict, CsStatus status, const char *reason, const char *challenge)
{
  verdict->reason = reason;
  verdict->challenge = challenge;
  return status;
}

/* ---- which credentials ---- */

static gboolean
is_scheme (CsSlice scheme, const char *name)
{
  return scheme.len == strlen (name) && g_ascii_strncasecmp (scheme.data, name, scheme.len) == 0;
}

static gboolean
is_api_key (CsSlice text)
{
  gsize n = strlen (AUTH_API_KEY_PREFIX);

  return text.len > n && memcmp (text.data, AUTH_API_KEY_PREFIX, n) == 0;
}

/* A scheme that is not known is left to whoever knows it. */
static CsStatus
pick_authorization (AuthState *self, CsSlice value, Kind *kind, CsSlice *text,
                    CsAuthVerdict *verdict)
{
  CsSlice scheme;
  gboolean whole = auth_split_scheme (value, &scheme, text);

  if (is_scheme (scheme, "Basic"))
    *kind = KIND_BASIC;
  else if (is_scheme (scheme, "Bearer"))
    *kind = is_api_key (*text) ? KIND_KEY : KIND_TOKEN;
  else if (scheme.len > 0 && !((const AuthSettings *) cs_settings (self))->open)
    return CS_OK;
  else if (scheme.len > 0)
    return refuse (verdict, CS_DENIED, "the scheme of the Authorization header is not known", NULL);
  if (whole)
    return CS_OK;
  return refuse (verdict, CS_INVALID, "the Authorization header is malformed", NULL);
}

static CsStatus
pick (AuthState *self, const CsAuthRequest *request, Kind *kind, CsSlice *text,
      CsAuthVerdict *verdict)
{
  *kind = KIND_NONE;
  if (request->authorization.data != NULL)
    return pick_authorization (self, request->authorization, kind, text, verdict);
  if (request->api_key.data != NULL)
    {
      *kind = KIND_KEY;
      *text = request->api_key;
    }
  else if (request->cookie.data != NULL && auth_cookie_find (request->cookie, text))
    *kind = KIND_COOKIE;
  return CS_OK;
}

/* ---- each kind ---- */

/* What was found, and until when it may be remembered (monotonic; 0: not). */
typedef struct
{
  AuthState *self;
  const CsAuthRequest *request;
  CsAuthVerdict *verdict;
  CsSlice text;
  AuthHasher *hasher;
  guint64 generation; /* as of before the look-up */
  gint64 expires;
} Check;

static void
remember_for (Check *check, gint64 most)
{
  const AuthSettings *settings = cs_settings (check->self);
  gint64 length = MIN (settings->remember, most);

  if (length > 0)
    check->expires = cs_now () + length;
}

static CsStatus
check_basic (Check *check)
{
  AuthLogin login = { .request = check->request, .tenant = "", .hasher = check->hasher };
  CsAuthVerdict *verdict = check->verdict;
  AuthBasic basic;
  CsStatus status = auth_basic_parse (check->text, &basic);

  if (status == CS_OK && strlen (basic.password) <= AUTH_PASSWORD_MAX)
    {
      login.name = basic.name;
      login.password = basic.password;
      status = auth_log_in (check->self, &login, &verdict->identity);
      check->expires = login.expires;
      verdict->locked = login.locked;
      refuse (verdict, status, login.locked ? AUTH_LOCKED : AUTH_INCORRECT,
              login.locked ? NULL : CHALLENGE_BASIC);
    }
  else
    {
      cs_stat_add (check->self->logins_malformed, 1);
      status = refuse (verdict, CS_INVALID, "the Authorization header is malformed", NULL);
    }
  auth_basic_clear (&basic);
  return status;
}

/* An expired or forged session is as none, as CouchDB has it; a page then logs in again. */
static CsStatus
check_cookie (Check *check)
{
  AuthState *self = check->self;
  const AuthSettings *settings = cs_settings (self);
  g_auto (CsCredential) credential = { .size = sizeof (CsCredential) };
  AuthSession session;
  gint64 now = g_get_real_time ();
  CsIdentity *identity;
  CsStatus status;

  if (!auth_session_parse (check->text, &session))
    return refuse (check->verdict, CS_INVALID,
                   "Malformed AuthSession cookie. Please clear your cookies.", NULL);
  if (!auth_session_is_genuine (&self->session_keys, &session) || session.issued > now
      || now - session.issued >= settings->session_timeout)
    return CS_OK;
  status = auth_look_up (self, session.tenant, session.name, FALSE, &credential);
  if (status != CS_OK)
    return status == CS_NOT_FOUND ? CS_OK : status;
  identity = auth_identity_of (self, &credential, session.name, "cookie", check->generation);
  if (strcmp (identity->tenant, session.tenant) != 0
      || memcmp (((AuthIdentity *) identity)->generation, session.generation, AUTH_GENERATION_LEN)
           != 0)
    {
      cs_identity_unref (identity);
      return CS_OK;
    }
  identity->expires = session.issued + settings->session_timeout;
  check->verdict->identity = identity;
  if (now - session.issued > settings->session_timeout / 10)
    check->verdict->cookie = auth_session_cookie (&self->service, check->request, identity);
  else
    remember_for (check, session.issued + settings->session_timeout / 10 - now);
  return CS_OK;
}

static CsStatus
check_key (Check *check)
{
  const AuthAccounts *accounts = auth_accounts (check->self);
  const CsSection *section = auth_keys_find (auth_accounts_keys (accounts), check->text);
  const AuthApiSettings *key;

  cs_stat_add (section != NULL ? check->self->keys_ok : check->self->keys_denied, 1);
  if (section == NULL)
    return refuse (check->verdict, CS_DENIED, "the API key is not known", CHALLENGE_BEARER);
  key = section->settings;
  check->verdict->identity
    = auth_identity_new (key->tenant, key->user != NULL && *key->user != '\0' ? key->user
                                                                               : section->name,
                         key->roles, key->scopes, key->admin, "key");
  auth_identity_set_verified (check->verdict->identity, check->generation, accounts);
  remember_for (check, CS_NEVER);
  return CS_OK;
}

static CsStatus
check_token (Check *check)
{
  const char *why = NULL;
  CsIdentity *identity = NULL;
  const AuthAccounts *accounts = auth_accounts (check->self);
  CsStatus status = auth_token_verify (check->self, check->text, &identity, &why);

  cs_stat_add (status == CS_OK ? check->self->tokens_ok : check->self->tokens_denied, 1);
  if (status == CS_OK)
    {
      check->verdict->identity = identity;
      auth_identity_set_verified (identity, check->generation, accounts);
      remember_for (check, identity->expires == CS_NEVER ? CS_NEVER
                                                         : identity->expires - g_get_real_time ());
    }
  else if (status == CS_DENIED)
    cs_notice (check->self, "token refused", CS_F_STR ("reason", why),
               CS_F_STR ("peer", check->request->peer));
  return refuse (check->verdict, status, why, status == CS_DENIED ? CHALLENGE_BEARER : NULL);
}

static CsStatus
check_kind (Kind kind, Check *check)
{
  switch (kind)
    {
    case KIND_BASIC:
      return check_basic (check);
    case KIND_COOKIE:
      return check_cookie (check);
    case KIND_KEY:
      return check_key (check);
    default:
      return check_token (check);
    }
}

/* On a thread that is no worker nothing is remembered. */
static CsStatus
check_elsewhere (AuthState *self, Kind kind, Check *check)
{
  AuthHasher *own = auth_hasher_new (self->key);
  CsStatus status;

  check->hasher = own;
  status = check_kind (kind, check);
  auth_hasher_free (own);
  return status;
}

CsStatus
auth_authenticate (CsAuth *auth, const CsAuthRequest *request, CsAuthVerdict *verdict)
{
  AuthState *self = (AuthState *) auth;
  AuthWorker *worker = cs_local (self);
  Check check = { .self = self, .request = request, .verdict = verdict };
  AuthDigest digest;
  Kind kind;
  CsStatus status = pick (self, request, &kind, &check.text, verdict);

  if (status != CS_OK || kind == KIND_NONE)
    return status;
  check.generation = auth_remembered_generation (&self->remembered);
  if (worker == NULL)
    return check_elsewhere (self, kind, &check);
  check.hasher = worker->hasher;
  auth_hasher_token (worker->hasher, (char) kind, check.text, &digest);
  verdict->identity = auth_recent_find (worker->recent, &digest, cs_now (), check.generation);
  if (verdict->identity != NULL)
    {
      cs_stat_add (self->recalled, 1);
      return CS_OK;
    }
  status = check_kind (kind, &check);
  if (status == CS_OK && check.expires > 0)
    auth_recent_add (worker->recent, &digest, verdict->identity, check.expires, check.generation);
  return status;
}

char *
auth_session_cookie (CsAuth *auth, const CsAuthRequest *request, CsIdentity *identity)
{
  AuthState *self = (AuthState *) auth;
  const AuthSettings *settings = cs_settings (self);
  const AuthIdentity *own = (const AuthIdentity *) identity;
  g_autofree char *token = NULL;

  if (identity == NULL)
    return auth_cookie_make ("", 0, (AuthSameSite) settings->same_site, request->secure);
  if (!own->has_session)
    return NULL;
  token = auth_session_make (&self->session_keys, identity->tenant, identity->user,
                             own->generation, g_get_real_time ());
  if (token == NULL)
    return NULL;
  return auth_cookie_make (token, settings->session_timeout / G_USEC_PER_SEC,
                           (AuthSameSite) settings->same_site, request->secure);
}
