/* auth-remembered.h: credentials that were verified lately: one table for the node, and before it a
 * small one for each worker that needs no lock.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Forgetting takes the user's entries out of the node's table and raises the generation, which makes
 * every worker's table as good as empty at once. */
#pragma once

#include "auth-digest.h"

#include <pthread.h>

G_BEGIN_DECLS

typedef struct
{
  pthread_mutex_t lock;
  GHashTable *table;
  guint64 generation;
} AuthRemembered;

/* One worker's; for its thread. */
typedef struct _AuthRecent AuthRecent;

void auth_remembered_init (AuthRemembered *remembered);
void auth_remembered_clear (AuthRemembered *remembered);

/* To be read before an account is looked up, so that what is learnt of it is not kept past a
 * auth_remembered_forget () in between. Any thread; no lock. */
guint64 auth_remembered_generation (AuthRemembered *remembered);

/* A reference, or NULL. *expires tells until when (monotonic). */
CsIdentity *auth_remembered_find (AuthRemembered *remembered, const AuthDigest *digest, gint64 now,
                                  gint64 *expires);

/* Does nothing when something was forgotten since `generation` was read. */
void auth_remembered_add (AuthRemembered *remembered, const AuthDigest *digest,
                          CsIdentity *identity, const char *name, gint64 now, gint64 expires,
                          guint64 generation);

/* `name` NULL: everybody. */
void auth_remembered_forget (AuthRemembered *remembered, const char *tenant, const char *name);

AuthRecent *auth_recent_new (void);
void auth_recent_free (AuthRecent *recent);
CsIdentity *auth_recent_find (AuthRecent *recent, const AuthDigest *digest, gint64 now,
                              guint64 generation);
void auth_recent_add (AuthRecent *recent, const AuthDigest *digest, CsIdentity *identity,
                      gint64 expires, guint64 generation);

G_END_DECLS
