/* fixture.c: see fixture.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <ftw.h>
#include <stdio.h>

gboolean
fixture_start (Fixture *fixture, FilesDisk *disk, GError **error)
{
  fixture->files = cs_harness_instance ("files", &fixture->settings, sizeof (Files));
  files_init (fixture->files, fixture->files);
  fixture->files->settings = &fixture->settings;
  if (disk != NULL)
    fixture->files->disk = disk;
  if (files_start (fixture->files, fixture->dir, error))
    return TRUE;
  files_clear (fixture->files);
  fixture->files = NULL;
  return FALSE;
}

void
fixture_stop (Fixture *fixture)
{
  if (fixture->files == NULL)
    return;
  cs_harness_settle ();
  files_stop (fixture->files);
  files_clear (fixture->files);
  fixture->files = NULL;
}

void
fixture_set_up (Fixture *fixture, FilesDisk *disk)
{
  g_autoptr (GError) error = NULL;

  cs_harness_start (2);
  fixture->settings = (FilesSettings){ .jobs = 3 };
  fixture->dir = g_dir_make_tmp ("files-XXXXXX", &error);
  g_assert_no_error (error);
  fixture_start (fixture, disk, &error);
  g_assert_no_error (error);
}

static int
remove_one (const char *path, const struct stat *info, int kind, struct FTW *walk)
{
  return remove (path);
}

void
fixture_tear_down (Fixture *fixture)
{
  fixture_stop (fixture);
  cs_harness_stop ();
  nftw (fixture->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  g_clear_pointer (&fixture->dir, g_free);
}

GBytes *
content (guint seed, gsize len)
{
  guint8 *bytes = g_malloc (MAX (len, 1));
  guint64 x = seed * 0x9e3779b97f4a7c15ull + 1;

  for (gsize i = 0; i < len; i++)
    {
      x = x * 6364136223846793005ull + 1442695040888963407ull;
      bytes[i] = x >> 56;
    }
  return g_bytes_new_take (bytes, len);
}

CsStatus
put (Fixture *fixture, GBytes *bytes, gsize step, CsBlob **blob)
{
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);
  CsBlobWriter *writer = NULL;
  CsStatus status = cs_blob_begin (&fixture->files->base, len, &writer);

  for (gsize at = 0; status == CS_OK && at < len; at += step)
    status = cs_blob_write (writer, cs_slice (data + at, MIN (step, len - at)));
  if (status == CS_OK)
    return cs_blob_finish (writer, blob);
  cs_blob_abort (writer);
  return status;
}

CsBlobId
put_id (Fixture *fixture, GBytes *bytes)
{
  CsBlobInfo info = { .size = sizeof info };
  CsBlob *blob = NULL;

  g_assert_cmpint (put (fixture, bytes, 100000, &blob), ==, CS_OK);
  cs_blob_info (blob, &info);
  cs_blob_close (blob);
  g_assert_cmpuint (info.length, ==, g_bytes_get_size (bytes));
  return info.id;
}

CsStatus
read_same (CsBlob *blob, GBytes *bytes, guint64 offset)
{
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);
  CsSlice part;
  CsStatus status;

  while ((status = cs_blob_read (blob, offset, &part)) == CS_OK && part.len > 0)
    {
      g_assert_cmpuint (part.len, <=, len - offset);
      g_assert_cmpint (memcmp (part.data, data + offset, part.len), ==, 0);
      offset += part.len;
    }
  if (status == CS_OK)
    g_assert_cmpuint (offset, ==, len);
  return status;
}

CsStatus
fetch (Fixture *fixture, const CsBlobId *id, GBytes *bytes)
{
  CsBlob *blob = NULL;
  CsStatus status = cs_blob_open (&fixture->files->base, id, &blob);

  if (status != CS_OK)
    return status;
  status = read_same (blob, bytes, 0);
  cs_blob_close (blob);
  return status;
}

guint
leftovers (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->dir, "tmp", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gboolean
count_entry (const CsBlobEntry *entry, gpointer data)
{
  ++*(guint *) data;
  return TRUE;
}

guint
objects (Fixture *fixture)
{
  guint n = 0;

  g_assert_cmpint (cs_blob_list (&fixture->files->base, NULL, count_entry, &n), ==, CS_OK);
  return n;
}
