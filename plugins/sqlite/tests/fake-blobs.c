/* fake-blobs.c: a provider of blob=1 in memory, for engine tests.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fake-blobs.h"

#define ROOM 4096

typedef struct
{
  CsBlobs base;
  GHashTable *objects; /* GBytes of the name -> GBytes */
  GHashTable *damaged; /* GBytes of the name, until it is put again */
  GBytes *any; /* what every other name has; NULL: they are not there */
} FakeBlobs;

typedef struct
{
  CsBlobWriter base;
  FakeBlobs *blobs;
  GByteArray *content;
  guint8 room[ROOM];
} FakeWriter;

typedef struct
{
  CsBlob base;
  CsBlobId id;
  GBytes *content;
  gboolean damaged;
} FakeBlob;

static void
add_digest (GChecksum *naming, const guint8 *data, gsize len)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize size = sizeof digest;

  g_checksum_update (checksum, data, (gssize) len);
  g_checksum_get_digest (checksum, digest, &size);
  g_checksum_update (naming, digest, (gssize) size);
}

static CsBlobId
name_of (const guint8 *data, gsize len)
{
  g_autoptr (GChecksum) naming = g_checksum_new (G_CHECKSUM_SHA256);
  guint64 number = GUINT64_TO_BE ((guint64) len);
  CsBlobId id;
  gsize size = sizeof id.bytes;

  g_checksum_update (naming, (const guint8 *) "cloudsync-blob-1", 16);
  for (gsize at = 0; at < len; at += CS_BLOB_PIECE)
    add_digest (naming, data + at, MIN (len - at, CS_BLOB_PIECE));
  g_checksum_update (naming, (const guint8 *) &number, sizeof number);
  g_checksum_get_digest (naming, id.bytes, &size);
  return id;
}

/* It is undamaged then. */
static void
keep (FakeBlobs *self, const CsBlobId *id, GBytes *content)
{
  GBytes *key = g_bytes_new (id->bytes, sizeof id->bytes);

  g_hash_table_remove (self->damaged, key);
  g_hash_table_replace (self->objects, key, content);
}

static CsStatus
fake_begin (CsBlobs *blobs, gint64 length, CsBlobWriter **writer)
{
  FakeWriter *self = g_new0 (FakeWriter, 1);

  self->base.table = blobs->table;
  self->blobs = (FakeBlobs *) blobs;
  self->content = g_byte_array_new ();
  *writer = &self->base;
  return CS_OK;
}

static CsStatus
fake_room (CsBlobWriter *writer, gpointer *buffer, gsize *len)
{
  *buffer = ((FakeWriter *) writer)->room;
  *len = ROOM;
  return CS_OK;
}

static void
fake_wrote (CsBlobWriter *writer, gsize len)
{
  FakeWriter *self = (FakeWriter *) writer;

  g_byte_array_append (self->content, self->room, (guint) len);
}

static CsBlob *
blob_new (FakeBlobs *blobs, const CsBlobId *id, GBytes *content)
{
  FakeBlob *blob = g_new0 (FakeBlob, 1);

  blob->base.table = blobs->base.table;
  blob->id = *id;
  blob->content = g_bytes_ref (content);
  return &blob->base;
}

static CsStatus
fake_finish (CsBlobWriter *writer, CsBlob **blob)
{
  FakeWriter *self = (FakeWriter *) writer;
  CsBlobId id = name_of (self->content->data, self->content->len);
  GBytes *content = g_byte_array_free_to_bytes (self->content);

  keep (self->blobs, &id, content);
  *blob = blob_new (self->blobs, &id, content);
  g_free (self);
  return CS_OK;
}

static void
fake_abort (CsBlobWriter *writer)
{
  g_byte_array_unref (((FakeWriter *) writer)->content);
  g_free (writer);
}

static GBytes *
look_up (CsBlobs *blobs, const CsBlobId *id)
{
  g_autoptr (GBytes) key = g_bytes_new (id->bytes, sizeof id->bytes);

  return g_hash_table_lookup (((FakeBlobs *) blobs)->objects, key);
}

static gboolean
is_damaged (FakeBlobs *self, const CsBlobId *id)
{
  g_autoptr (GBytes) key = g_bytes_new (id->bytes, sizeof id->bytes);

  return g_hash_table_contains (self->damaged, key);
}

static CsStatus
fake_open (CsBlobs *blobs, const CsBlobId *id, CsBlob **blob)
{
  GBytes *content = look_up (blobs, id);

  if (content == NULL)
    content = ((FakeBlobs *) blobs)->any;
  if (content == NULL)
    return CS_NOT_FOUND;
  *blob = blob_new ((FakeBlobs *) blobs, id, content);
  ((FakeBlob *) *blob)->damaged = is_damaged ((FakeBlobs *) blobs, id);
  return CS_OK;
}

static void
fake_info (CsBlob *blob, CsBlobInfo *info)
{
  info->id = ((FakeBlob *) blob)->id;
  info->length = g_bytes_get_size (((FakeBlob *) blob)->content);
}

static CsStatus
fake_read (CsBlob *blob, guint64 offset, CsSlice *bytes)
{
  gsize len;
  const char *data = g_bytes_get_data (((FakeBlob *) blob)->content, &len);

  *bytes = cs_slice ("", 0);
  if (((FakeBlob *) blob)->damaged && offset + ROOM >= len)
    return CS_CORRUPT;
  *bytes = cs_slice (data + offset, MIN (len - offset, ROOM));
  return CS_OK;
}

static void
fake_close (CsBlob *blob)
{
  g_bytes_unref (((FakeBlob *) blob)->content);
  g_free (blob);
}

static const CsBlobTable table = {
  .size = sizeof (CsBlobTable),
  .begin = fake_begin,
  .room = fake_room,
  .wrote = fake_wrote,
  .finish = fake_finish,
  .abort = fake_abort,
  .open = fake_open,
  .info = fake_info,
  .read = fake_read,
  .close = fake_close,
};

CsBlobs *
fake_blobs_new (void)
{
  FakeBlobs *self = g_new0 (FakeBlobs, 1);

  self->base.table = &table;
  self->objects = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                         (GDestroyNotify) g_bytes_unref,
                                         (GDestroyNotify) g_bytes_unref);
  self->damaged = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                         (GDestroyNotify) g_bytes_unref, NULL);
  return &self->base;
}

CsBlobs *
fake_blobs_new_any (void)
{
  CsBlobs *blobs = fake_blobs_new ();

  ((FakeBlobs *) blobs)->any = g_bytes_new_static ("any", 3);
  return blobs;
}

void
fake_blobs_free (CsBlobs *blobs)
{
  g_clear_pointer (&((FakeBlobs *) blobs)->any, g_bytes_unref);
  g_hash_table_unref (((FakeBlobs *) blobs)->objects);
  g_hash_table_unref (((FakeBlobs *) blobs)->damaged);
  g_free (blobs);
}

CsBlobId
fake_blobs_put (CsBlobs *blobs, const char *text)
{
  CsBlobId id = name_of ((const guint8 *) text, strlen (text));

  keep ((FakeBlobs *) blobs, &id, g_bytes_new (text, strlen (text)));
  return id;
}

void
fake_blobs_lose (CsBlobs *blobs, const CsBlobId *id)
{
  g_autoptr (GBytes) key = g_bytes_new (id->bytes, sizeof id->bytes);

  g_hash_table_remove (((FakeBlobs *) blobs)->objects, key);
}

void
fake_blobs_damage (CsBlobs *blobs, const CsBlobId *id)
{
  g_hash_table_add (((FakeBlobs *) blobs)->damaged, g_bytes_new (id->bytes, sizeof id->bytes));
}

gboolean
fake_blobs_is_damaged (CsBlobs *blobs, const CsBlobId *id)
{
  return is_damaged ((FakeBlobs *) blobs, id);
}

gboolean
fake_blobs_has (CsBlobs *blobs, const CsBlobId *id)
{
  return look_up (blobs, id) != NULL;
}
