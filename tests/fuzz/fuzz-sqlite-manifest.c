/* fuzz-sqlite-manifest.c: a backup's manifest as anybody may have changed it: what is taken is written back the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>
#include <string.h>

#include "sqlite-manifest.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqliteManifest) manifest
    = sqlite_manifest_parse ((const char *) data, size, &error);
  g_autoptr (SqliteManifest) again = NULL;
  g_autofree char *text = NULL, *text_again = NULL;

  g_assert_true ((manifest == NULL) == (error != NULL));
  if (manifest == NULL)
    return 0;
  g_assert_cmpuint (manifest->files->len, >, 0);
  text = sqlite_manifest_text (manifest);
  again = sqlite_manifest_parse (text, strlen (text), &error);
  g_assert_no_error (error);
  text_again = sqlite_manifest_text (again);
  g_assert_cmpstr (text, ==, text_again);
  return 0;
}
