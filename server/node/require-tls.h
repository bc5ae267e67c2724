/* require-tls.h: nothing leaves the machine in plaintext.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_REQUIRE_TLS_H
#define CS_REQUIRE_TLS_H

#include "plugin/settings-set.h"

/* A line of the report for each address of a plugin's settings (NULL: nothing) that is neither encrypted nor of this
 * machine, and for a plugin that has addresses and does not tell. */
void cs_require_tls_check (const char *plugin, const CsSettingsSet *settings, const CsConfig *config,
                           CsReport *report);

#endif
