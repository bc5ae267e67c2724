/* role.h: a role file: which plugins a node runs, and which engine a contract is bound to.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_ROLE_H
#define CS_ROLE_H

#include "config/config.h"
#include "config/report.h"

typedef struct
{
  char *name;
  char *file;       /* NULL: made up from --plugins */
  char *summary;
  char **plugins;
  CsConfig *config; /* the file's sections: [role], [bind], and defaults for others */
} CsRole;

/* Finds NAME.role in a `roles` folder of the directories, the last one that has it. NULL with lines in
 * the report that say which roles there are. */
CsRole *cs_role_load (const char *name, const char *const *dirs, CsReport *report);
void cs_role_free (CsRole *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CsRole, cs_role_free)

#endif
