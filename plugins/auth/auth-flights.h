/* auth-flights.h: logins with the same credentials at the same time are hashed once.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "auth-digest.h"

#include <pthread.h>

G_BEGIN_DECLS

typedef struct
{
  pthread_mutex_t lock;
  GHashTable *table; /* digest -> AuthFlight */
} AuthFlights;

/* Which login: what is begun after something was forgotten does not join what was begun before. */
typedef struct
{
  AuthDigest digest;
  guint64 generation; /* auth_remembered_generation () */
} AuthFlightKey;

void auth_flights_init (AuthFlights *flights);
void auth_flights_clear (AuthFlights *flights);

/* TRUE: nobody is at it; the caller is, and calls auth_flights_land () with the outcome. FALSE: somebody
 * was, and this fiber waited: *status and *identity (a reference) are his outcome, CS_AGAIN when he was
 * cancelled, or why the wait ended. */
gboolean auth_flights_board (AuthFlights *flights, const AuthFlightKey *key, CsStatus *status,
                             CsIdentity **identity);
void auth_flights_land (AuthFlights *flights, const AuthFlightKey *key, CsStatus status,
                        CsIdentity *identity);

G_END_DECLS
