/* host.h: the one table through which a plugin reaches the core, or a test harness that plays it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_HOST_H
#define CS_HOST_H

#include <cloudsync/types.h>

G_BEGIN_DECLS

struct _CsInstanceTable;
struct _CsLoopTable;
struct _CsStreamTable;
struct _CsLogTable;
struct _CsStatsTable;
struct _CsNodeTable;

/* Each topic has a table of its own, defined in the header that has its wrappers. Every table
 * begins with its size and only grows at the end. */
typedef struct
{
  gsize size;
  guint16 abi_major;
  guint16 abi_minor;
  const struct _CsInstanceTable *instance; /* service.h */
  const struct _CsLoopTable *loop;         /* loop.h */
  const struct _CsStreamTable *stream;     /* stream.h */
  const struct _CsLogTable *log;           /* log.h */
  const struct _CsStatsTable *stats;       /* stats.h */
  const struct _CsNodeTable *node;         /* node.h */
} CsHost;

/* Defined once in each plugin by CS_PLUGIN_DEFINE; set by the host before the first call. */
extern __attribute__ ((visibility ("hidden"))) const CsHost *cs_host_;

G_END_DECLS

#endif
