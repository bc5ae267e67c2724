/* auth-remembered.c: a locked hash table, and direct-mapped tables before it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-remembered.h"

#define MAX_REMEMBERED 10000
#define N_SETS 1024
#define N_WAYS 4

typedef struct
{
  AuthDigest digest;
  CsIdentity *identity;
  char *name;
  gint64 expires;
} AuthMemory;

typedef struct
{
  AuthDigest digest;
  CsIdentity *identity; /* NULL: free */
  gint64 expires;
  guint64 generation;
} AuthRecentEntry;

struct _AuthRecent
{
  AuthRecentEntry sets[N_SETS][N_WAYS];
};

static void
memory_free (gpointer data)
{
  AuthMemory *memory = data;

  cs_identity_unref (memory->identity);
  g_free (memory->name);
  g_free (memory);
}

void
auth_remembered_init (AuthRemembered *remembered)
{
  pthread_mutex_init (&remembered->lock, NULL);
  remembered->table
    = g_hash_table_new_full (auth_digest_hash, auth_digest_equal, NULL, memory_free);
  remembered->generation = 1;
}

void
auth_remembered_clear (AuthRemembered *remembered)
{
  g_hash_table_unref (remembered->table);
  pthread_mutex_destroy (&remembered->lock);
}

guint64
auth_remembered_generation (AuthRemembered *remembered)
{
  return __atomic_load_n (&remembered->generation, __ATOMIC_ACQUIRE);
}

CsIdentity *
auth_remembered_find (AuthRemembered *remembered, const AuthDigest *digest, gint64 now,
                      gint64 *expires)
{
  CsIdentity *identity = NULL;
  AuthMemory *memory;

  pthread_mutex_lock (&remembered->lock);
  memory = g_hash_table_lookup (remembered->table, digest);
  if (memory != NULL && memory->expires > now)
    {
      identity = cs_identity_ref (memory->identity);
      *expires = memory->expires;
    }
  pthread_mutex_unlock (&remembered->lock);
  return identity;
}

static gboolean
has_expired (gpointer key, gpointer value, gpointer now)
{
  return ((AuthMemory *) value)->expires <= *(gint64 *) now;
}

static void
make_room (GHashTable *table, gint64 now)
{
  GHashTableIter iter;

  if (g_hash_table_size (table) < MAX_REMEMBERED)
    return;
  g_hash_table_foreach_remove (table, has_expired, &now);
  g_hash_table_iter_init (&iter, table);
  if (g_hash_table_size (table) >= MAX_REMEMBERED && g_hash_table_iter_next (&iter, NULL, NULL))
    g_hash_table_iter_remove (&iter); /* keyed by a digest: any one is a random one */
}

void
auth_remembered_add (AuthRemembered *remembered, const AuthDigest *digest, CsIdentity *identity,
                     const char *name, gint64 now, gint64 expires, guint64 generation)
{
  AuthMemory *memory;

  pthread_mutex_lock (&remembered->lock);
  if (remembered->generation == generation)
    {
      make_room (remembered->table, now);
      memory = g_new (AuthMemory, 1);
      memory->digest = *digest;
      memory->identity = cs_identity_ref (identity);
      memory->name = g_strdup (name);
      memory->expires = expires;
      g_hash_table_replace (remembered->table, &memory->digest, memory);
    }
  pthread_mutex_unlock (&remembered->lock);
}

typedef struct
{
  const char *tenant;
  const char *name;
} AuthWhom;

static gboolean
is_of_user (gpointer key, gpointer value, gpointer data)
{
  const AuthMemory *memory = value;
  const AuthWhom *whom = data;

  return g_str_equal (memory->name, whom->name)
         && (whom->tenant == NULL || *whom->tenant == '\0'
             || g_str_equal (memory->identity->tenant, whom->tenant));
}

void
auth_remembered_forget (AuthRemembered *remembered, const char *tenant, const char *name)
{
  AuthWhom whom = { tenant, name };

  pthread_mutex_lock (&remembered->lock);
  if (name == NULL)
    g_hash_table_remove_all (remembered->table);
  else
    g_hash_table_foreach_remove (remembered->table, is_of_user, &whom);
  __atomic_add_fetch (&remembered->generation, 1, __ATOMIC_RELEASE);
  pthread_mutex_unlock (&remembered->lock);
}

AuthRecent *
auth_recent_new (void)
{
  return g_new0 (AuthRecent, 1); /* pages that are never touched cost nothing */
}

void
auth_recent_free (AuthRecent *recent)
{
  AuthRecentEntry *entry = &recent->sets[0][0];
  guint i;

  for (i = 0; i < N_SETS * N_WAYS; i++)
    cs_identity_unref (entry[i].identity);
  g_free (recent);
}

static AuthRecentEntry *
set_of (AuthRecent *recent, const AuthDigest *digest)
{
  return recent->sets[auth_digest_hash (digest) % N_SETS];
}

CsIdentity *
auth_recent_find (AuthRecent *recent, const AuthDigest *digest, gint64 now, guint64 generation)
{
  AuthRecentEntry *set = set_of (recent, digest);
  guint i;

  for (i = 0; i < N_WAYS; i++)
    if (set[i].generation == generation && set[i].identity != NULL && set[i].expires > now
        && auth_digest_equal (&set[i].digest, digest))
      return cs_identity_ref (set[i].identity);
  return NULL;
}

void
auth_recent_add (AuthRecent *recent, const AuthDigest *digest, CsIdentity *identity,
                 gint64 expires, guint64 generation)
{
  AuthRecentEntry *set = set_of (recent, digest);
  AuthRecentEntry *oldest = set;
  guint i;

  for (i = 0; i < N_WAYS; i++)
    if (set[i].generation != generation || set[i].expires < oldest->expires)
      oldest = &set[i];
  cs_identity_unref (oldest->identity);
  oldest->digest = *digest;
  oldest->identity = cs_identity_ref (identity);
  oldest->expires = expires;
  oldest->generation = generation;
}
