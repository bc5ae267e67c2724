/* describe.h: a plugin's settings as a document, from its file.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_DESCRIBE_H
#define CS_DESCRIBE_H

#include <cloudsync/plugin.h>

#include "plugin/manifest.h"

/* JSON Schema or Markdown; `manifest` NULL: of the core's own sections. To be freed. */
char *cs_describe_settings (const CsManifest *manifest, const CsPlugin *plugin, gboolean schema);

#endif
