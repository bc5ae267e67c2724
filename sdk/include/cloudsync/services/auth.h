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
  const char *tenant;        /* "" is the default tenant */
  const char *user;          /* NULL: anonymous */
  const char *const *roles;  /* NULL-terminated; "_admin" is the administrator's */
  const char *const *scopes; /* NULL-terminated; NULL: not limited by scopes */
  const char *method;        /* "none", "open", "basic", "cookie", "jwt", "key" */
  gboolean admin;
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

/* What a source knows of a user. */
typedef struct
{
  gsize size;
  char *hash;        /* as hash () makes it, or another scheme that verify () knows; to be g_free()d */
  char *tenant;      /* g_free(); NULL: default */
  char **roles;      /* g_strfreev() */
  gboolean admin;
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

typedef struct _CsAuth CsAuth;

typedef struct
{
  gsize size;
  CsStatus (*verify) (CsAuth *auth, const char *tenant, const char *name, const char *password,
                      CsIdentity **identity);
  CsStatus (*authorize) (CsAuth *auth, CsSlice authorization, CsIdentity **identity);
  CsIdentity *(*anonymous) (CsAuth *auth);
  CsStatus (*hash) (CsAuth *auth, const char *password, char **hash);
  gboolean (*add_source) (CsAuth *auth, gpointer self, const CsCredentialsSource *source,
                          GError **error);
  void (*forget) (CsAuth *auth, const char *tenant, const char *name);
  gboolean (*is_open) (CsAuth *auth);
} CsAuthTable;

struct _CsAuth
{
  const CsAuthTable *table;
};

/* Checks a name and password. On a fiber; may wait (scrypt runs in the pool, two at once), and does
 * not when the same pair was verified lately. CS_OK with a reference; CS_DENIED; CS_OVERLOADED when too
 * many wait; else why a source could not be asked. `tenant` "" finds the accounts of the settings whatever
 * tenant they are of. Takes as long for an unknown name as for a wrong password. */
static inline CsStatus
cs_auth_verify (CsAuth *auth, const char *tenant, const char *name, const char *password,
                CsIdentity **identity)
{
  return auth->table->verify (auth, tenant, name, password, identity);
}

/* The same for an Authorization header's value (RFC 9110 §11.6.2); CS_UNSUPPORTED for a scheme it does
 * not know, CS_INVALID when malformed. */
static inline CsStatus
cs_auth_authorize (CsAuth *auth, CsSlice authorization, CsIdentity **identity)
{
  return auth->table->authorize (auth, authorization, identity);
}

/* The identity of a request without credentials: nobody, or in open mode the administrator. A
 * reference. Any thread. */
static inline CsIdentity *
cs_auth_anonymous (CsAuth *auth)
{
  return auth->table->anonymous (auth);
}

/* A salted hash to store, to be g_free()d. On a fiber; waits for the pool. */
static inline CsStatus
cs_auth_hash (CsAuth *auth, const char *password, char **hash)
{
  return auth->table->hash (auth, password, hash);
}

/* In start (): `source` is called with `self`. Constant data. */
static inline gboolean
cs_auth_add_source (CsAuth *auth, gpointer self, const CsCredentialsSource *source, GError **error)
{
  return auth->table->add_source (auth, self, source, error);
}

/* Forgets what was verified of one user (NULL: of all), on every worker: after a change of password or
 * a logout. Any thread. */
static inline void
cs_auth_forget (CsAuth *auth, const char *tenant, const char *name)
{
  auth->table->forget (auth, tenant, name);
}

/* auth.open: every request is the administrator's; loopback only. Any thread. */
static inline gboolean
cs_auth_is_open (CsAuth *auth)
{
  return auth->table->is_open (auth);
}

G_END_DECLS

#endif
