/* test-store.c: the contract blob=1 as files keep it, on workers and on threads of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const gsize sizes[] = { 0, 1, 65536, CS_BLOB_PIECE - 1, CS_BLOB_PIECE, CS_BLOB_PIECE + 1,
                               9 * CS_BLOB_PIECE + 12345 };

typedef void (*TestFunc) (Fixture *fixture);

/* ---- round trips ---- */

static void
test_round_trip (Fixture *fixture)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) bytes = content (i, sizes[i]);
      g_autofree char *md5 = g_compute_checksum_for_bytes (G_CHECKSUM_MD5, bytes);
      CsBlobInfo info = { .size = sizeof info };
      CsBlob *blob = NULL;

      g_assert_cmpint (put (fixture, bytes, 10007, &blob), ==, CS_OK);
      cs_blob_info (blob, &info);
      g_assert_cmpuint (info.length, ==, sizes[i]);
      for (guint j = 0; j < 16; j++)
        g_assert_cmpint (info.md5[j], ==,
                         g_ascii_xdigit_value (md5[2 * j]) << 4
                           | g_ascii_xdigit_value (md5[2 * j + 1]));
      g_assert_cmpint (read_same (blob, bytes, 0), ==, CS_OK);
      cs_blob_close (blob);
      g_assert_cmpint (fetch (fixture, &info.id, bytes), ==, CS_OK);
    }
  g_assert_cmpuint (objects (fixture), ==, G_N_ELEMENTS (sizes));
  g_assert_cmpuint (leftovers (fixture), ==, 0);
}

static void
test_parts (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, 5 * CS_BLOB_PIECE + 5);
  static const guint64 offsets[] = { 3 * CS_BLOB_PIECE + 1, 17, CS_BLOB_PIECE, 0,
                                     5 * CS_BLOB_PIECE + 4, 5 * CS_BLOB_PIECE };
  CsBlob *blob = NULL;
  CsSlice part;

  g_assert_cmpint (put (fixture, bytes, 1 << 20, &blob), ==, CS_OK);
  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++)
    {
      g_assert_cmpint (cs_blob_read (blob, offsets[i], &part), ==, CS_OK);
      g_assert_cmpint (memcmp (part.data, (const char *) g_bytes_get_data (bytes, NULL) + offsets[i],
                               part.len),
                       ==, 0);
      g_assert_cmpint (read_same (blob, bytes, offsets[i]), ==, CS_OK);
    }
  g_assert_cmpint (cs_blob_read (blob, 6 * CS_BLOB_PIECE, &part), ==, CS_OK);
  g_assert_cmpuint (part.len, ==, 0);
  cs_blob_close (blob);
}

static void
test_one_content_one_object (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, 300000);
  CsBlobId first = put_id (fixture, bytes);
  CsBlobId second = put_id (fixture, bytes);

  g_assert_true (cs_blob_id_equal (&first, &second));
  g_assert_cmpuint (objects (fixture), ==, 1);
}

static void
test_missing (Fixture *fixture)
{
  CsBlobId id = { "nothing" };
  CsBlob *blob;

  g_assert_cmpint (cs_blob_open (&fixture->files->base, &id, &blob), ==, CS_NOT_FOUND);
}

static void
test_aborted (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, 3 * CS_BLOB_PIECE + 1);
  CsBlobWriter *writer = NULL;

  g_assert_cmpint (cs_blob_begin (&fixture->files->base, -1, &writer), ==, CS_OK);
  g_assert_cmpint (cs_blob_write (writer, cs_slice (g_bytes_get_data (bytes, NULL),
                                                    g_bytes_get_size (bytes))),
                   ==, CS_OK);
  g_assert_cmpuint (leftovers (fixture), ==, 1);
  cs_blob_abort (writer);
  g_assert_cmpuint (leftovers (fixture), ==, 0);
  g_assert_cmpuint (objects (fixture), ==, 0);
}

/* ---- the list ---- */

typedef struct
{
  CsBlobId last;
  guint n, most;
} Listing;

static gboolean
note_entry (const CsBlobEntry *entry, gpointer data)
{
  Listing *listing = data;

  if (listing->n > 0)
    g_assert_cmpint (memcmp (entry->id.bytes, listing->last.bytes, CS_BLOB_ID_BYTES), >, 0);
  g_assert_cmpint (entry->stored, >, g_get_real_time () - CS_SECONDS (60));
  g_assert_cmpuint (entry->bytes, >=, 100);
  listing->last = entry->id;
  return ++listing->n < listing->most;
}

static void
test_list (Fixture *fixture)
{
  Listing all = { .most = G_MAXUINT };
  Listing begin = { .most = 120 };
  Listing rest = { .most = G_MAXUINT };

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (GBytes) bytes = content (i, 100);

      put_id (fixture, bytes);
    }
  g_assert_cmpint (cs_blob_list (&fixture->files->base, NULL, note_entry, &all), ==, CS_OK);
  g_assert_cmpint (cs_blob_list (&fixture->files->base, NULL, note_entry, &begin), ==, CS_OK);
  g_assert_cmpint (cs_blob_list (&fixture->files->base, &begin.last, note_entry, &rest), ==, CS_OK);
  g_assert_cmpuint (all.n, ==, 300);
  g_assert_cmpuint (begin.n, ==, 120);
  g_assert_cmpuint (rest.n, ==, 180);
}

/* ---- removal ---- */

static void
test_removed (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, 300000);
  CsBlobId id = put_id (fixture, bytes);
  CsBlobs *blobs = &fixture->files->base;
  CsBlob *blob;

  g_assert_cmpint (cs_blob_remove (blobs, &id), ==, CS_CONFLICT);
  g_assert_cmpint (cs_blob_open (blobs, &id, &blob), ==, CS_OK);
  g_assert_cmpint (cs_blob_condemn (blobs, &id), ==, CS_CONFLICT);
  cs_blob_close (blob);
  g_assert_cmpint (cs_blob_condemn (blobs, &id), ==, CS_OK);
  put_id (fixture, bytes);
  g_assert_cmpint (cs_blob_remove (blobs, &id), ==, CS_CONFLICT);
  g_assert_cmpint (fetch (fixture, &id, bytes), ==, CS_OK);
  g_assert_cmpint (cs_blob_condemn (blobs, &id), ==, CS_OK);
  g_assert_cmpint (cs_blob_remove (blobs, &id), ==, CS_OK);
  g_assert_cmpint (fetch (fixture, &id, bytes), ==, CS_NOT_FOUND);
  put_id (fixture, bytes);
  g_assert_cmpint (fetch (fixture, &id, bytes), ==, CS_OK);
  g_assert_cmpuint (leftovers (fixture), ==, 0);
}

/* ---- damage ---- */

static void
flip (Fixture *fixture, const CsBlobId *id, guint64 at)
{
  g_autofree char *path = files_path (fixture->files, id);
  int fd = open (path, O_RDWR);
  guint8 byte;

  g_assert_cmpint (pread (fd, &byte, 1, at), ==, 1);
  byte ^= 4;
  g_assert_cmpint (pwrite (fd, &byte, 1, at), ==, 1);
  close (fd);
}

static void
expect_damage (Fixture *fixture, const CsBlobId *id, GBytes *bytes)
{
  gint64 before = cs_harness_stat ("files_damaged_total");
  g_autofree char *log = NULL;

  g_assert_cmpint (fetch (fixture, id, bytes), ==, CS_CORRUPT);
  g_assert_cmpint (cs_harness_stat ("files_damaged_total"), ==, before + 1);
  /* Known by now: refused at once, and not told again. */
  g_assert_cmpint (fetch (fixture, id, bytes), ==, CS_CORRUPT);
  g_assert_cmpint (cs_harness_stat ("files_damaged_total"), ==, before + 1);
  log = cs_harness_log ();
  g_assert_nonnull (strstr (log, "damaged"));
}

static void
test_damaged (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, 3 * CS_BLOB_PIECE + 100);
  gsize len = g_bytes_get_size (bytes);
  guint64 places[] = { 0, CS_BLOB_PIECE, len - 1, len, len + 40, files_size (len) - 96,
                       files_size (len) - 70, files_size (len) - 1 };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      CsBlobId id = put_id (fixture, bytes);

      g_assert_cmpint (fetch (fixture, &id, bytes), ==, CS_OK);
      flip (fixture, &id, places[i]);
      expect_damage (fixture, &id, bytes);
      put_id (fixture, bytes); /* the same content mends it */
      g_assert_cmpint (fetch (fixture, &id, bytes), ==, CS_OK);
    }
}

static void
test_cut_short (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, 2 * CS_BLOB_PIECE);
  static const gint64 lengths[] = { 0, 95, CS_BLOB_PIECE };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      CsBlobId id = put_id (fixture, bytes);
      g_autofree char *path = files_path (fixture->files, &id);

      g_assert_cmpint (truncate (path, lengths[i]), ==, 0);
      expect_damage (fixture, &id, bytes);
      put_id (fixture, bytes);
    }
}

/* The pieces before the damage are good, the damaged one is not given. */
static void
test_damaged_while_open (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, 3 * CS_BLOB_PIECE);
  CsBlobId id = put_id (fixture, bytes);
  CsBlob *blob = NULL;
  CsSlice part;

  g_assert_cmpint (cs_blob_open (&fixture->files->base, &id, &blob), ==, CS_OK);
  flip (fixture, &id, 2 * CS_BLOB_PIECE + 5);
  g_assert_cmpint (cs_blob_read (blob, 0, &part), ==, CS_OK);
  g_assert_cmpint (cs_blob_read (blob, CS_BLOB_PIECE, &part), ==, CS_OK);
  g_assert_cmpint (cs_blob_read (blob, 2 * CS_BLOB_PIECE, &part), ==, CS_CORRUPT);
  g_assert_cmpuint (part.len, ==, 0);
  cs_blob_close (blob);
}

/* Who still reads the damaged file does not mark the one that took its place. */
static void
test_mended_while_open (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, 3 * CS_BLOB_PIECE);
  CsBlobId id = put_id (fixture, bytes);
  gint64 before = cs_harness_stat ("files_damaged_total");
  CsBlob *blob = NULL;
  CsSlice part;

  g_assert_cmpint (cs_blob_open (&fixture->files->base, &id, &blob), ==, CS_OK);
  flip (fixture, &id, 2 * CS_BLOB_PIECE + 5);
  put_id (fixture, bytes);
  g_assert_cmpint (cs_blob_read (blob, 2 * CS_BLOB_PIECE, &part), ==, CS_CORRUPT);
  cs_blob_close (blob);
  g_assert_cmpint (fetch (fixture, &id, bytes), ==, CS_OK);
  g_assert_cmpint (cs_harness_stat ("files_damaged_total"), ==, before);
}

/* ---- closing ---- */

static FilesDisk watched;
static gint closed_on; /* atomic: the worker that closed last; -1: none */

static gint n_closed;

static int
watched_close (FilesDisk *disk, int fd)
{
  g_atomic_int_set (&closed_on, cs_worker ());
  g_atomic_int_inc (&n_closed);
  return close (fd);
}

/* Closings that were put off come to their end; how many there were. */
static gint
await_closings (gint more_than)
{
  for (guint i = 0; i < 500 && g_atomic_int_get (&n_closed) <= more_than; i++)
    g_usleep (10000);
  return g_atomic_int_get (&n_closed);
}

/* A worker does not wait for the kernel to free a large file. */
static void
test_large_is_closed_elsewhere (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, 16 * 1024 * 1024);
  CsBlobId id;
  CsBlob *blob = NULL;
  gint before;

  watched = *files_disk_real ();
  watched.close = watched_close;
  g_atomic_int_set (&n_closed, 0);
  fixture->files->disk = &watched;
  id = put_id (fixture, bytes);
  before = await_closings (0);
  g_assert_cmpint (cs_blob_open (&fixture->files->base, &id, &blob), ==, CS_OK);
  g_atomic_int_set (&closed_on, 1000);
  cs_blob_close (blob);
  g_assert_cmpint (await_closings (before), ==, before + 1);
  g_assert_cmpint (g_atomic_int_get (&closed_on), ==, -1);
}

static void
test_check_command (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, CS_BLOB_PIECE + 1);
  g_autoptr (GBytes) other = content (2, 10);
  g_autoptr (GString) output = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  char text[CS_BLOB_ID_TEXT];
  CsBlobId id = put_id (fixture, bytes);

  put_id (fixture, other);
  g_assert_true (files_check_command (fixture->files, NULL, output, &error));
  g_assert_cmpstr (output->str, ==, "{\"objects\":2,\"bytes\":262155,\"damaged\":0}");
  flip (fixture, &id, 3);
  g_assert_false (files_check_command (fixture->files, NULL, output, &error));
  cs_blob_id_text (&id, text);
  g_assert_nonnull (strstr (error->message, text));
  g_assert_nonnull (strstr (error->message, "1 of 2"));
}

/* ---- the disk fails ---- */

typedef struct
{
  FilesDisk base;
  int write_error, sync_error, rename_error;
  gint64 room; /* -1: as it is */
} FailingDisk;

static gssize
failing_write (FilesDisk *disk, int fd, gconstpointer data, gsize len, gint64 at)
{
  errno = ((FailingDisk *) disk)->write_error;
  return errno != 0 && at >= CS_BLOB_PIECE ? -1 : pwrite (fd, data, len, at);
}

static int
failing_sync (FilesDisk *disk, int fd)
{
  errno = ((FailingDisk *) disk)->sync_error;
  return errno != 0 ? -1 : fdatasync (fd);
}

static int
failing_rename (FilesDisk *disk, const char *from, const char *to)
{
  errno = ((FailingDisk *) disk)->rename_error;
  return errno != 0 ? -1 : rename (from, to);
}

static gint64
failing_room (FilesDisk *disk, const char *dir)
{
  return ((FailingDisk *) disk)->room;
}

static void
test_failing_disk (Fixture *fixture)
{
  static const struct
  {
    FailingDisk disk;
    CsStatus status;
  } cases[] = {
    { { .write_error = ENOSPC, .room = -1 }, CS_NO_SPACE },
    { { .write_error = EIO, .room = -1 }, CS_IO },
    { { .sync_error = EIO, .room = -1 }, CS_IO },
    { { .sync_error = ENOSPC, .room = -1 }, CS_NO_SPACE },
    { { .rename_error = EIO, .room = -1 }, CS_IO },
    { { .room = 1000 }, CS_NO_SPACE },
  };
  g_autoptr (GBytes) bytes = content (1, 20 * CS_BLOB_PIECE);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      FailingDisk disk = cases[i].disk;
      CsBlob *blob = NULL;

      disk.base = *files_disk_real ();
      disk.base.write = failing_write;
      disk.base.sync = failing_sync;
      disk.base.rename = failing_rename;
      disk.base.room = failing_room;
      fixture->files->disk = &disk.base;
      g_assert_cmpint (put (fixture, bytes, 70000, &blob), ==, cases[i].status);
      fixture->files->disk = files_disk_real ();
      g_assert_cmpuint (leftovers (fixture), ==, 0);
      g_assert_cmpuint (objects (fixture), ==, 0);
      g_assert_cmpuint (g_hash_table_size (fixture->files->pins.entries), ==, 0);
    }
}

/* ---- the start ---- */

static void
test_start_clears_what_a_crash_left (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = content (1, 1000);
  CsBlobId id = put_id (fixture, bytes);
  g_autofree char *left = g_build_filename (fixture->dir, "tmp", "4711-0", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (left, "half", 4, NULL));
  fixture_stop (fixture);
  g_assert_true (fixture_start (fixture, NULL, &error));
  g_assert_cmpuint (leftovers (fixture), ==, 0);
  g_assert_cmpint (fetch (fixture, &id, bytes), ==, CS_OK);
}

static void
test_one_node_at_a_time (Fixture *fixture)
{
  Fixture second = { .settings = fixture->settings, .dir = fixture->dir };
  g_autoptr (GError) error = NULL;

  g_assert_false (fixture_start (&second, NULL, &error));
  g_assert_error (error, CS_ERROR, CS_EXISTS);
  g_assert_nonnull (strstr (error->message, "files.directory"));
}

/* ---- many at once ---- */

typedef struct
{
  Fixture *fixture;
  guint seed;
  gint *stop;
  guint64 puts, removed;
} Party;

/* Each puts and reads what the others put too, with the object open between. */
static gpointer
put_and_read (gpointer data)
{
  Party *party = data;

  for (guint i = 0; i < 60; i++)
    {
      g_autoptr (GBytes) bytes = content ((i + party->seed) % 5, 100000 + (i + party->seed) % 5);
      CsBlob *blob = NULL;

      g_assert_cmpint (put (party->fixture, bytes, 30000, &blob), ==, CS_OK);
      g_assert_cmpint (read_same (blob, bytes, 0), ==, CS_OK);
      cs_blob_close (blob);
      party->puts++;
    }
  return NULL;
}

static gboolean
remove_entry (const CsBlobEntry *entry, gpointer data)
{
  Party *party = data;
  CsBlobs *blobs = &party->fixture->files->base;

  if (cs_blob_condemn (blobs, &entry->id) == CS_OK)
    party->removed += cs_blob_remove (blobs, &entry->id) == CS_OK;
  return TRUE;
}

static gpointer
remove_all (gpointer data)
{
  Party *party = data;

  while (!g_atomic_int_get (party->stop))
    g_assert_cmpint (cs_blob_list (&party->fixture->files->base, NULL, remove_entry, party), ==,
                     CS_OK);
  return NULL;
}

static void
test_removal_beside_puts (Fixture *fixture)
{
  gint stop = FALSE;
  Party parties[4];
  GThread *threads[4];

  for (guint i = 0; i < 4; i++)
    {
      parties[i] = (Party){ .fixture = fixture, .seed = i, .stop = &stop };
      threads[i] = g_thread_new ("party", i < 3 ? put_and_read : remove_all, &parties[i]);
    }
  for (guint i = 0; i < 3; i++)
    g_thread_join (threads[i]);
  g_atomic_int_set (&stop, TRUE);
  g_thread_join (threads[3]);
  g_assert_cmpuint (parties[3].removed, >, 0);
  g_assert_cmpuint (leftovers (fixture), ==, 0);
}

/* ---- each test on a thread of its own and on a worker ---- */

typedef struct
{
  TestFunc func;
  gboolean on_worker;
} Case;

typedef struct
{
  Fixture *fixture;
  TestFunc func;
} Call;

static void
call (gpointer data)
{
  Call *self = data;

  self->func (self->fixture);
}

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  Fixture fixture = { NULL };
  Call on_worker = { &fixture, self->func };

  fixture_set_up (&fixture, NULL);
  if (self->on_worker)
    cs_harness_run (0, call, &on_worker);
  else
    self->func (&fixture);
  fixture_tear_down (&fixture);
}

static void
add (const char *name, TestFunc func, gboolean also_on_worker)
{
  for (gint on_worker = 0; on_worker <= also_on_worker; on_worker++)
    {
      g_autofree char *path = g_strdup_printf ("/files/store/%s%s", name,
                                               on_worker ? "/worker" : "/thread");
      Case *self = g_new (Case, 1);

      *self = (Case){ func, on_worker };
      g_test_add_data_func_full (path, self, run_case, g_free);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("round-trip", test_round_trip, TRUE);
  add ("parts", test_parts, TRUE);
  add ("one-content-one-object", test_one_content_one_object, TRUE);
  add ("missing", test_missing, TRUE);
  add ("aborted", test_aborted, TRUE);
  add ("list", test_list, TRUE);
  add ("removed", test_removed, TRUE);
  add ("damaged", test_damaged, TRUE);
  add ("cut-short", test_cut_short, TRUE);
  add ("damaged-while-open", test_damaged_while_open, FALSE);
  add ("mended-while-open", test_mended_while_open, TRUE);
  add ("large-is-closed-elsewhere", test_large_is_closed_elsewhere, TRUE);
  add ("check-command", test_check_command, FALSE);
  add ("failing-disk", test_failing_disk, TRUE);
  add ("start-clears-what-a-crash-left", test_start_clears_what_a_crash_left, FALSE);
  add ("one-node-at-a-time", test_one_node_at_a_time, FALSE);
  add ("removal-beside-puts", test_removal_beside_puts, FALSE);
  return g_test_run ();
}
