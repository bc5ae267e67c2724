/* measure.h: clocks, another process's CPU and memory, and client sockets, for the load programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Microseconds of CLOCK_MONOTONIC. */
uint64_t now_us (void);

/* CPU microseconds that all threads of `pid` have used; 0 when pid is 0. Exits when it cannot be read. */
double cpu_us_of (pid_t pid);

/* A field of /proc/PID/smaps_rollup in bytes, such as "Anonymous:". */
uint64_t memory_of (pid_t pid, const char *field);

/* Lets the process open as many descriptors as its hard limit allows. */
void raise_descriptor_limit (void);

/* A connected non-blocking TCP socket to 127.0.0.1:port; exits on failure. */
int connect_to (uint16_t port);

/* Prints the message with errno's text and exits with 1. */
void die (const char *what) __attribute__ ((noreturn));
