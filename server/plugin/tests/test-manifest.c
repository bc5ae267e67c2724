/* test-manifest.c: the manifest is read from the file's bytes, and no byte of it is trusted.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/manifest.h"

#include "make-elf.h"

static CsManifest *
parse (const char *text, char **message)
{
  g_autoptr (GByteArray) file = make_elf (text);
  g_autoptr (GError) error = NULL;
  CsManifest *manifest = cs_manifest_parse (file->data, file->len, "p.so", &error);

  *message = error != NULL ? g_strdup (error->message) : NULL;
  return manifest;
}

static void
test_whole (void)
{
  g_autofree char *message = NULL;
  g_autoptr (CsManifest) manifest
    = parse ("name=sync\nversion=1.2.3\nsummary=Says x=y\nabi=0.1\nrequires=http>=1  store=2\n"
             "wants=auth>=1\nprovides=documents=1\nlater=unknown\n", &message);
  const CsNeed *need;

  g_assert_nonnull (manifest);
  g_assert_cmpstr (manifest->name, ==, "sync");
  g_assert_cmpstr (manifest->version, ==, "1.2.3");
  g_assert_cmpstr (manifest->summary, ==, "Says x=y");
  g_assert_cmpuint (manifest->abi_major, ==, 0);
  g_assert_cmpuint (manifest->abi_minor, ==, 1);
  g_assert_cmpuint (manifest->requires->len, ==, 2);
  need = cs_manifest_find (manifest->requires, "store");
  g_assert_true (need->exact);
  g_assert_cmpuint (need->version, ==, 2);
  g_assert_false (cs_need_met (need, &(CsNeed){ .version = 3 }));
  need = cs_manifest_find (manifest->requires, "http");
  g_assert_true (cs_need_met (need, &(CsNeed){ .version = 3 }));
  g_assert_null (cs_manifest_find (manifest->wants, "http"));
}

static void
expect (const char *text, const char *wanted)
{
  g_autofree char *message = NULL;

  g_assert_null (parse (text, &message));
  g_assert_cmpstr (message, ==, wanted);
}

static void
test_mistakes (void)
{
  expect ("", "p.so: manifest: name (lower-case letters, digits, -), version and abi are required");
  expect ("name=a\nversion=1\n",
          "p.so: manifest: name (lower-case letters, digits, -), version and abi are required");
  expect ("name=../a\nversion=1\nabi=0.1\n",
          "p.so: manifest: name (lower-case letters, digits, -), version and abi are required");
  expect ("name\n", "p.so: manifest: 'name' is not key=value");
  expect ("abi=1\n", "p.so: manifest: abi: '1' is not MAJOR.MINOR");
  expect ("abi=0.70000\n", "p.so: manifest: abi: '0.70000' is not MAJOR.MINOR");
  expect ("requires=store\n",
          "p.so: manifest: requires: 'store' is no contract; allowed is name>=N or name=N");
  expect ("requires=>=1\n",
          "p.so: manifest: requires: '>=1' is no contract; allowed is name>=N or name=N");
  expect ("provides=store=0\n",
          "p.so: manifest: provides: 'store=0' is no contract; allowed is name>=N or name=N");
  expect ("provides=store=1 store=2\n", "p.so: manifest: provides: 'store=2' is named twice");
  expect ("name=\xff\n", "p.so: manifest: the text is not UTF-8");
}

/* Every prefix, and every byte changed: an error or a manifest, never a read outside (ASan tells). */
static void
test_damaged (void)
{
  g_autoptr (GByteArray) file = make_elf ("name=a\nversion=1\nabi=0.1\nrequires=http>=1\n");
  guint i, bit;

  for (i = 0; i < file->len; i++)
    {
      g_autofree guint8 *copy = g_memdup2 (file->data, i);
      g_autoptr (CsManifest) manifest = cs_manifest_parse (copy, i, "p.so", NULL);

      g_assert_null (manifest);
    }
  for (i = 0; i < file->len; i++)
    for (bit = 0; bit < 8; bit++)
      {
        g_autofree guint8 *copy = g_memdup2 (file->data, file->len);
        g_autoptr (CsManifest) manifest = NULL;

        copy[i] ^= (guint8) (1u << bit);
        manifest = cs_manifest_parse (copy, file->len, "p.so", NULL);
      }
}

static void
test_no_plugin (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cs_manifest_read ("/proc/self/exe", &error));
  g_assert_nonnull (g_strstr_len (error->message, -1, "it has no section .cloudsync.plugin"));
  g_clear_error (&error);
  g_assert_null (cs_manifest_read ("/etc/passwd", &error));
  g_assert_cmpstr (error->message, ==, "/etc/passwd: no shared object for this machine");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/manifest/whole", test_whole);
  g_test_add_func ("/manifest/mistakes", test_mistakes);
  g_test_add_func ("/manifest/damaged", test_damaged);
  g_test_add_func ("/manifest/no-plugin", test_no_plugin);
  return g_test_run ();
}
