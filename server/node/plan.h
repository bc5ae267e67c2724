/* plan.h: from options, files and environment to what a node will run; nothing is started.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_PLAN_H
#define CS_PLAN_H

#include "config/role.h"
#include "node/node-settings.h"
#include "plugin/plugins.h"

/* As given on the command line; borrowed for the life of the process. */
typedef struct
{
  char *role;       /* --role */
  char *plugins;    /* --plugins a,b,c */
  char *config_dir; /* --config */
  char **set;       /* --set …, NULL-terminated */
} CsOptions;

typedef struct
{
  CsConfig *config;
  CsRole *role;       /* NULL with --plugins and no --role */
  char *role_name;    /* "all", or "custom" */
  char **names;       /* of the plugins, as listed */
  char *where;        /* the place of that list */
  CsNodeSettings node;
  CsLogSettings log;
  char **plugin_dirs;
  guint n;
  CsLoadedPlugin *loaded;
  CsGraph *graph;
} CsPlan;

/* Reads everything, loads the plugins' files and fills their settings. NULL with lines in the report. */
CsPlan *cs_plan_new (const CsOptions *options, CsReport *report);
void cs_plan_free (CsPlan *self);

/* The same for a reload: the plugins that run (`plugins`) keep their code; *sets gets one new settings set
 * for each, in start order, to be given to cs_plugins_reload (). */
CsPlan *cs_plan_reload (const CsOptions *options, const CsPlan *old, const CsPlugins *plugins,
                        CsSettingsSet ***sets, CsReport *report);

/* role -> plugins -> contracts -> engines, for --check. To be freed. */
char *cs_plan_text (const CsPlan *self);

/* The directories of configuration, weakest first. */
char **cs_plan_config_dirs (const CsOptions *options);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CsPlan, cs_plan_free)

#endif
