/* auth-throttle.c: two set-associative tables of counters.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-throttle.h"

#include <arpa/inet.h>

#define N_SETS 1024
#define N_WAYS 8

typedef struct
{
  guint64 key;
  gint64 until; /* monotonic; past: free */
  guint count;
} AuthFailures;

struct _AuthThrottleTable
{
  AuthFailures sets[N_SETS][N_WAYS];
};

void
auth_throttle_init (AuthThrottle *throttle)
{
  pthread_mutex_init (&throttle->lock, NULL);
  throttle->names = g_new0 (AuthThrottleTable, 1); /* pages that are never touched cost nothing */
  throttle->addresses = g_new0 (AuthThrottleTable, 1);
}

void
auth_throttle_clear (AuthThrottle *throttle)
{
  g_free (throttle->names);
  g_free (throttle->addresses);
  pthread_mutex_destroy (&throttle->lock);
}

static AuthFailures *
find (AuthThrottleTable *table, guint64 key)
{
  AuthFailures *set = table->sets[key % N_SETS];
  guint i;

  for (i = 0; i < N_WAYS; i++)
    if (set[i].key == key)
      return &set[i];
  return NULL;
}

static gboolean
is_full (AuthThrottleTable *table, guint64 key, guint max, gint64 now)
{
  const AuthFailures *failures = max > 0 ? find (table, key) : NULL;

  return failures != NULL && failures->until > now && failures->count >= max;
}

/* The one that ends first makes room. */
static AuthFailures *
take (AuthThrottleTable *table, guint64 key)
{
  AuthFailures *set = table->sets[key % N_SETS];
  AuthFailures *found = find (table, key);
  guint i;

  if (found != NULL)
    return found;
  found = set;
  for (i = 1; i < N_WAYS; i++)
    if (set[i].until < found->until)
      found = &set[i];
  *found = (AuthFailures){ .key = key };
  return found;
}

static void
count (AuthThrottleTable *table, guint64 key, guint max, gint64 now, gint64 lock_time)
{
  AuthFailures *failures;

  if (max == 0)
    return;
  failures = take (table, key);
  if (failures->until <= now)
    failures->count = 0;
  failures->count++;
  failures->until = now + lock_time;
}

gboolean
auth_throttle_begin (AuthThrottle *throttle, const AuthAttempt *attempt, gint64 now)
{
  gboolean full;

  pthread_mutex_lock (&throttle->lock);
  full = is_full (throttle->names, attempt->name, attempt->max_name, now)
         || is_full (throttle->addresses, attempt->address, attempt->max_address, now);
  if (!full)
    {
      count (throttle->names, attempt->name, attempt->max_name, now, attempt->lock_time);
      count (throttle->addresses, attempt->address, attempt->max_address, now,
             attempt->lock_time);
    }
  pthread_mutex_unlock (&throttle->lock);
  return !full;
}

static void
take_back (AuthThrottleTable *table, guint64 key, gboolean all)
{
  AuthFailures *failures = find (table, key);

  if (failures == NULL || failures->count == 0)
    return;
  failures->count = all ? 0 : failures->count - 1;
  if (failures->count == 0)
    failures->until = 0;
}

void
auth_throttle_undo (AuthThrottle *throttle, const AuthAttempt *attempt, gboolean right)
{
  pthread_mutex_lock (&throttle->lock);
  take_back (throttle->names, attempt->name, right);
  take_back (throttle->addresses, attempt->address, FALSE);
  pthread_mutex_unlock (&throttle->lock);
}

/* ---- addresses ---- */

static gboolean
is_mapped (const struct in6_addr *address)
{
  return IN6_IS_ADDR_V4MAPPED (address);
}

static void
key_of_v6 (const char *peer, char *text)
{
  const char *close = strchr (peer, ']');
  char address[AUTH_ADDRESS_TEXT];
  struct in6_addr bytes;
  gsize length = close != NULL ? (gsize) (close - peer - 1) : 0;

  if (length == 0 || length >= sizeof address)
    return;
  memcpy (address, peer + 1, length);
  address[length] = '\0';
  address[strcspn (address, "%")] = '\0'; /* a zone */
  if (inet_pton (AF_INET6, address, &bytes) != 1)
    return;
  if (is_mapped (&bytes))
    inet_ntop (AF_INET, &bytes.s6_addr[12], text, AUTH_ADDRESS_TEXT);
  else
    {
      memset (&bytes.s6_addr[8], 0, 8);
      inet_ntop (AF_INET6, &bytes, text, AUTH_ADDRESS_TEXT);
    }
}

void
auth_address_key (const char *peer, char *text)
{
  const char *colon = peer != NULL ? strrchr (peer, ':') : NULL;

  *text = '\0';
  if (peer == NULL || g_str_has_prefix (peer, "unix"))
    return;
  if (*peer == '[')
    key_of_v6 (peer, text);
  else if (colon != NULL && (gsize) (colon - peer) < AUTH_ADDRESS_TEXT)
    g_strlcpy (text, peer, (gsize) (colon - peer) + 1);
}
