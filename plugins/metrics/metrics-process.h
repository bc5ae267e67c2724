/* metrics-process.h: what the kernel and the node know of this process.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "metrics-text.h"

G_BEGIN_DECLS

/* Reads /proc, which takes long with many descriptors: not on a worker. */
void metrics_process_append (MetricsText *text);

/* Build, node and plugins. */
void metrics_node_append (MetricsText *text);

typedef struct
{
  gint64 resident; /* bytes; -1: not known */
  gint64 virtual_size;
} MetricsMemory;

void metrics_process_memory (MetricsMemory *memory);

/* Seconds of user and system time of all threads. */
double metrics_process_cpu (void);

G_END_DECLS
