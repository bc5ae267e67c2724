/* auth-throttle.h: failed logins, counted for a name from an address and for an address, in memory of a
 * fixed size.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

#include <pthread.h>

G_BEGIN_DECLS

typedef struct _AuthThrottleTable AuthThrottleTable;

/* Any thread. */
typedef struct
{
  pthread_mutex_t lock;
  AuthThrottleTable *names;
  AuthThrottleTable *addresses;
} AuthThrottle;

/* One login: keys as auth_hasher_…() makes them, and what is allowed. */
typedef struct
{
  guint64 name;    /* of the name and the address */
  guint64 address;
  guint max_name;    /* 0: no limit */
  guint max_address; /* 0: no limit */
  gint64 lock_time;  /* microseconds after the last failure */
} AuthAttempt;

void auth_throttle_init (AuthThrottle *throttle);
void auth_throttle_clear (AuthThrottle *throttle);

/* Counts the attempt as a failure beforehand, so that attempts that come together are no way around it.
 * FALSE: there were too many; nothing was counted. */
gboolean auth_throttle_begin (AuthThrottle *throttle, const AuthAttempt *attempt, gint64 now);

/* Takes the count back: the password was right (`right`: the name's earlier failures are forgotten too), or it
 * could not be checked. */
void auth_throttle_undo (AuthThrottle *throttle, const AuthAttempt *attempt, gboolean right);

/* What an address counts as: an IPv4 address, the /64 of an IPv6 one, else "". `text` has room for
 * AUTH_ADDRESS_TEXT. */
#define AUTH_ADDRESS_TEXT 64
void auth_address_key (const char *peer, char *text);

G_END_DECLS
