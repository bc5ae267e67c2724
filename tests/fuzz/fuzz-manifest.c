/* fuzz-manifest.c: the ELF section and the manifest's lines, on any bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/manifest.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (CsManifest) manifest = cs_manifest_parse (data, size, "p.so", NULL);

  if (manifest != NULL && manifest->name == NULL)
    g_error ("a manifest without a name was accepted");
  return 0;
}
