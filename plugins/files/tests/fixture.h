/* fixture.h: the engine on a directory of its own, and objects of made-up content.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "files.h"

#include "harness.h"

typedef struct
{
  Files *files;
  FilesSettings settings;
  char *dir;
} Fixture;

/* Starts the harness and the engine; `disk` NULL: the machine's. */
void fixture_set_up (Fixture *fixture, FilesDisk *disk);
void fixture_tear_down (Fixture *fixture);
/* The engine again, on the same directory, as after a crash or a stop. FALSE: it does not start. */
gboolean fixture_start (Fixture *fixture, FilesDisk *disk, GError **error);
void fixture_stop (Fixture *fixture);

/* `len` bytes that differ with the seed. */
GBytes *content (guint seed, gsize len);
/* Puts content in steps of at most `step` bytes. */
CsStatus put (Fixture *fixture, GBytes *bytes, gsize step, CsBlob **blob);
/* Puts it, closes it, and gives its id; must not fail. */
CsBlobId put_id (Fixture *fixture, GBytes *bytes);
/* Reads the object from `offset` on, piece by piece, and compares. */
CsStatus read_same (CsBlob *blob, GBytes *bytes, guint64 offset);
/* Opens it, reads it all, closes it. */
CsStatus fetch (Fixture *fixture, const CsBlobId *id, GBytes *bytes);
/* Files in tmp. */
guint leftovers (Fixture *fixture);
/* Objects listed. */
guint objects (Fixture *fixture);

#endif
