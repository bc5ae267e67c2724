/* auth-gate.h: lets at most two hash at once, and a bounded number wait for that.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

#include <pthread.h>

G_BEGIN_DECLS

#define AUTH_GATE_SLOTS 2

typedef struct
{
  pthread_mutex_t lock;
  guint busy;
  GQueue waiting; /* of AuthGateWaiter, on their fibers' stacks */
} AuthGate;

void auth_gate_init (AuthGate *gate);
void auth_gate_clear (AuthGate *gate);

/* On a fiber; waits up to `max_wait`. CS_OK: the caller has a slot and calls auth_gate_leave ().
 * CS_OVERLOADED: too many wait, or it took too long; CS_CANCELLED. */
CsStatus auth_gate_enter (AuthGate *gate, guint max_waiting, gint64 max_wait);
void auth_gate_leave (AuthGate *gate);

G_END_DECLS
