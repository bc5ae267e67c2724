/* auth.h: contract auth=1: credentials in, identity out. Pure: it keeps no accounts of its own but asks
 * the credentials sources that other plugins and the settings provide.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SERVICES_AUTH_H
#define CS_SERVICES_AUTH_H

#include <cloudsync/error.h>
#include <cloudsync/service.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

#define CS_AUTH CsAuth, "auth", 1

/* Who is asking. Immutable once handed out; reference counted, any thread. */
typedef struct
{
  gsize size;
  gint ref_count;
  const char *tenant;        /* "" is the default tenant, which is the node's own */
  const char *user;          /* NULL: anonymous */
  const char *const *roles;  /* NULL-terminated; "_admin" is the administrator's */
  const char *const *scopes; /* NULL-terminated; NULL: not limited by scopes */
  const char *method;        /* "none", "open", "basic", "cookie", "jwt", "key" */
  gboolean admin;            /* of its tenant; see cs_identity_is_node_admin () */
  gint64 expires; /* wall clock, microseconds; CS_NEVER */
  void (*free_func) (gpointer identity);
} CsIdentity;

static inline CsIdentity *
cs_identity_ref (CsIdentity *identity)
{
  g_atomic_int_inc (&identity->ref_count);
  return identity;
}

static inline void
cs_identity_unref (CsIdentity *identity)
{
  if (identity != NULL && g_atomic_int_dec_and_test (&identity->ref_count))
    identity->free_func (identity);
}

static inline gboolean
cs_identity_has_role (const CsIdentity *identity, const char *role)
{
  gsize i;

  for (i = 0; identity->roles != NULL && identity->roles[i] != NULL; i++)
    if (strcmp (identity->roles[i], role) == 0)
      return TRUE;
  return FALSE;
}

/* A NULL list of scopes has every scope. */
static inline gboolean
cs_identity_has_scope (const CsIdentity *identity, const char *scope)
{
  gsize i;

  if (identity->scopes == NULL)
    return TRUE;
  for (i = 0; identity->scopes[i] != NULL; i++)
    if (strcmp (identity->scopes[i], scope) == 0)
      return TRUE;
  return FALSE;
}

/* An administrator of the default tenant administers the node; one of another tenant that tenant's data. */
static inline gboolean
cs_identity_is_node_admin (const CsIdentity *identity)
{
  return identity->admin && *identity->tenant == '\0';
}

/* What a source knows of a user. */
typedef struct
{
  gsize size;
  char *hash;        /* as hash () makes it, or another scheme that login () knows; to be g_free()d */
  char *tenant;      /* g_free(); NULL: default */
  char **roles;      /* g_strfreev() */
  gboolean admin;
  char *generation;  /* g_free(); sessions end when it changes; NULL: the hash */
} CsCredential;

/* A place where users are kept. Sources are asked in order of registration until one knows the name. */
typedef struct
{
  gsize size;
  /* CS_OK and a filled `credential`, CS_NOT_FOUND, or a failure (which refuses the login). On a fiber;
   * may wait. */
  CsStatus (*lookup) (gpointer self, const char *tenant, const char *name,
                      CsCredential *credential);
} CsCredentialsSource;

/* What a request brings, and whence it comes. A header that is absent has data NULL. */
typedef struct
{
  gsize size;
  CsSlice authorization; /* Authorization (RFC 9110 §11.6.2): Basic, or Bearer with a token or a key */
  CsSlice api_key;       /* X-API-Key; looked at when there is no Authorization */
  CsSlice cookie;        /* Cookie; looked at when there is neither */
  const char *peer;      /* "address:port" of the connection; "" or "unix:…": this machine */
  gboolean local;        /* from this machine, without a proxy in between */
  gboolean secure;       /* over TLS: cookies are then for TLS only */
} CsAuthRequest;

/* What comes of it. */
typedef struct
{
  gsize size;
  CsIdentity *identity;  /* CS_OK: a reference; NULL: the request has no credentials */
  const char *reason;    /* else, for the client; static */
  const char *challenge; /* for WWW-Authenticate; static; NULL: none */
  gboolean locked;       /* with CS_DENIED: not looked at, after too many failures */
  char *cookie;          /* for Set-Cookie: a renewed session; to be g_free()d; NULL: none */
} CsAuthVerdict;

/* How a password is stored. */
typedef enum
{
  CS_HASH_SCRYPT, /* scrypt:N:r:p$salt$hex, for the settings */
  CS_HASH_PBKDF2  /* pbkdf2:sha256:ITERATIONS$salt$hex, as CouchDB can check it */
} CsHashScheme;

typedef struct _CsAuth CsAuth;

typedef struct
{
  gsize size;
  CsStatus (*authenticate) (CsAuth *auth, const CsAuthRequest *request, CsAuthVerdict *verdict);
  CsStatus (*login) (CsAuth *auth, const CsAuthRequest *request, const char *tenant,
                     const char *name, const char *password, CsAuthVerdict *verdict);
  CsIdentity *(*anonymous) (CsAuth *auth);
  char *(*session_cookie) (CsAuth *auth, const CsAuthRequest *request, CsIdentity *identity);
  CsStatus (*hash) (CsAuth *auth, CsHashScheme scheme, const char *password, char **hash);
  gboolean (*add_source) (CsAuth *auth, gpointer self, const CsCredentialsSource *source,
                          GError **error);
  void (*forget) (CsAuth *auth, const char *tenant, const char *name);
  gboolean (*is_open) (CsAuth *auth);
  CsStatus (*recheck) (CsAuth *auth, CsIdentity *identity, gboolean may_wait);
} CsAuthTable;

struct _CsAuth
{
  const CsAuthTable *table;
};

/* Checks the credentials that came with a request. On a fiber; may wait (hashing and public-key
 * signatures are checked in the pool), and does not when the same ones were verified lately. CS_OK;
 * CS_INVALID: malformed; CS_DENIED; CS_OVERLOADED: too many wait; else why a source could not be asked.
 * An Authorization of a scheme that is not known is as none (in open mode CS_DENIED), and so is a session that
 * expired or was not made here. A token or key is CS_DENIED also where none were set up. */
static inline CsStatus
cs_auth_authenticate (CsAuth *auth, const CsAuthRequest *request, CsAuthVerdict *verdict)
{
  return auth->table->authenticate (auth, request, verdict);
}

/* Checks a name and password; as above, but never CS_INVALID. Of `request` only whence it comes counts.
 * `tenant` "" finds users of every tenant. Takes as long for an unknown name as for a wrong password. */
static inline CsStatus
cs_auth_login (CsAuth *auth, const CsAuthRequest *request, const char *tenant, const char *name,
               const char *password, CsAuthVerdict *verdict)
{
  return auth->table->login (auth, request, tenant, name, password, verdict);
}

/* The identity of a request without credentials: nobody, or in open mode the administrator. A
 * reference. Any thread. */
static inline CsIdentity *
cs_auth_anonymous (CsAuth *auth)
{
  return auth->table->anonymous (auth);
}

/* A Set-Cookie value that begins a session of that identity, to be g_free()d; `identity` NULL: that ends
 * the client's. NULL: the identity did not come of a name and password. Worker. */
static inline char *
cs_auth_session_cookie (CsAuth *auth, const CsAuthRequest *request, CsIdentity *identity)
{
  return auth->table->session_cookie (auth, request, identity);
}

/* A salted hash to store, to be g_free()d. On a fiber; waits for the pool. CS_TOO_LARGE: the password is
 * longer than 1,024 bytes; CS_OVERLOADED. */
static inline CsStatus
cs_auth_hash (CsAuth *auth, CsHashScheme scheme, const char *password, char **hash)
{
  return auth->table->hash (auth, scheme, password, hash);
}

/* In start (): `source` is called with `self`. Constant data. */
static inline gboolean
cs_auth_add_source (CsAuth *auth, gpointer self, const CsCredentialsSource *source, GError **error)
{
  return auth->table->add_source (auth, self, source, error);
}

/* Forgets what was verified of one user (NULL: of all), on every worker: after a change of password,
 * roles or tenant. Sessions of a user whose generation changed end by that. Any thread. */
static inline void
cs_auth_forget (CsAuth *auth, const char *tenant, const char *name)
{
  auth->table->forget (auth, tenant, name);
}

/* Whether an identity that was given some time ago would be given again: for what lasts longer than a
 * request, such as a feed. CS_OK; CS_DENIED: its session, token or key has ended, or the user is gone or
 * another one by now; CS_AGAIN: without waiting it cannot be told. Costs nothing while nobody changed. Worker;
 * with `may_wait` on a fiber. */
static inline CsStatus
cs_auth_recheck (CsAuth *auth, CsIdentity *identity, gboolean may_wait)
{
  return auth->table->recheck (auth, identity, may_wait);
}

/* auth.open: every request is the administrator's; loopback only. Any thread. */
static inline gboolean
cs_auth_is_open (CsAuth *auth)
{
  return auth->table->is_open (auth);
}

G_END_DECLS

#endif
