/* sqlite-schema.h: the tables of a store file, by version, and the way from one to the next.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SQLITE_SCHEMA_H
#define SQLITE_SCHEMA_H

#include "sqlite-conn.h"

/* One step forward: the SQL that turns version N - 1 into version N, N being its place in the list. */
typedef struct
{
  const char *const *steps;
  guint n;
} SqliteSchema;

extern const SqliteSchema sqlite_schema;

/* Brings a file to the newest version in one transaction. A file that is not a store, or is of a newer
 * version, is refused untouched. */
gboolean sqlite_schema_migrate (SqliteConn *conn, const SqliteSchema *schema, GError **error);

#endif
