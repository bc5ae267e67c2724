/* test-net.h: a client's end of a connection for tests: plain blocking sockets.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_NET_H
#define TEST_NET_H

#include "net/listener.h"
#include "net/net-stream.h"
#include "test-host.h"

/* A runtime of n workers that listens on `address` ("127.0.0.1:0") and accepts. */
CsListener *test_listen (const char *address, CsTls *tls, CsAcceptFunc accept, gpointer data);

/* A blocking socket that is connected to the listener, with a time limit on reads. */
int test_connect (CsListener *listener);
void test_send (int fd, const char *text);

/* Reads to the end, or the time limit; to be freed. */
char *test_receive_all (int fd);
void test_receive (int fd, const char *expected);

/* Waits until the node has that many streams, or fails the test. */
void test_wait_streams (gint64 n);

/* The sum of a figure of the core, by name. */
gint64 test_stat (const char *name);

#endif
