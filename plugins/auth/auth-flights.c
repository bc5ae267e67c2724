/* auth-flights.c: who is being checked now, and who else wants to know.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth-flights.h"

typedef struct
{
  AuthFlightKey key; /* first */
  GQueue passengers; /* of AuthPassenger, on their fibers' stacks */
} AuthFlight;

typedef struct
{
  CsWait wait;
  GList link;
  gboolean landed;
  CsStatus status;
  CsIdentity *identity;
} AuthPassenger;

static gboolean
same_key (gconstpointer a, gconstpointer b)
{
  const AuthFlightKey *one = a;
  const AuthFlightKey *other = b;

  return one->generation == other->generation && auth_digest_equal (&one->digest, &other->digest);
}

void
auth_flights_init (AuthFlights *flights)
{
  pthread_mutex_init (&flights->lock, NULL);
  flights->table = g_hash_table_new_full (auth_digest_hash, same_key, NULL, g_free);
}

void
auth_flights_clear (AuthFlights *flights)
{
  g_hash_table_unref (flights->table);
  pthread_mutex_destroy (&flights->lock);
}

static void
get_off (AuthFlights *flights, AuthFlight *flight, AuthPassenger *passenger)
{
  gboolean landed;

  pthread_mutex_lock (&flights->lock);
  landed = passenger->landed;
  if (!landed)
    g_queue_unlink (&flight->passengers, &passenger->link);
  pthread_mutex_unlock (&flights->lock);
  if (landed)
    {
      cs_wait_through (&passenger->wait);
      cs_identity_unref (passenger->identity);
    }
}

gboolean
auth_flights_board (AuthFlights *flights, const AuthFlightKey *key, CsStatus *status,
                    CsIdentity **identity)
{
  AuthPassenger passenger = { .link.data = &passenger };
  AuthFlight *flight;

  pthread_mutex_lock (&flights->lock);
  flight = g_hash_table_lookup (flights->table, key);
  if (flight == NULL)
    {
      AuthFlight *own = g_new0 (AuthFlight, 1);

      own->key = *key;
      g_hash_table_insert (flights->table, &own->key, own);
      pthread_mutex_unlock (&flights->lock);
      return TRUE;
    }
  cs_wait_init (&passenger.wait);
  g_queue_push_tail_link (&flight->passengers, &passenger.link);
  pthread_mutex_unlock (&flights->lock);
  *status = cs_wait (&passenger.wait, CS_NEVER);
  if (*status != CS_OK)
    get_off (flights, flight, &passenger);
  else
    {
      *status = passenger.status;
      *identity = passenger.identity;
    }
  return FALSE;
}

void
auth_flights_land (AuthFlights *flights, const AuthFlightKey *key, CsStatus status,
                   CsIdentity *identity)
{
  GQueue passengers;
  GList *link;

  pthread_mutex_lock (&flights->lock);
  passengers = ((AuthFlight *) g_hash_table_lookup (flights->table, key))->passengers;
  g_hash_table_remove (flights->table, key);
  for (link = passengers.head; link != NULL; link = link->next)
    {
      AuthPassenger *passenger = link->data;

      passenger->landed = TRUE;
      passenger->status = status == CS_CANCELLED || status == CS_TIMED_OUT ? CS_AGAIN : status;
      passenger->identity = identity != NULL ? cs_identity_ref (identity) : NULL;
    }
  pthread_mutex_unlock (&flights->lock);
  while ((link = g_queue_pop_head_link (&passengers)) != NULL)
    cs_wake_from (&((AuthPassenger *) link->data)->wait);
}
