/* fake-blobs.h: a provider of blob=1 in memory, for engine tests. Names are as CsBlobId says.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_BLOBS_H
#define FAKE_BLOBS_H

#include <cloudsync/sdk.h>

CsBlobs *fake_blobs_new (void);
/* One that has an object of any name. */
CsBlobs *fake_blobs_new_any (void);
void fake_blobs_free (CsBlobs *blobs);

/* Puts an object; its name. */
CsBlobId fake_blobs_put (CsBlobs *blobs, const char *text);
/* Takes one away behind everybody's back. */
void fake_blobs_lose (CsBlobs *blobs, const CsBlobId *id);
/* It opens, and its last part cannot be read until it is put again. */
void fake_blobs_damage (CsBlobs *blobs, const CsBlobId *id);
gboolean fake_blobs_is_damaged (CsBlobs *blobs, const CsBlobId *id);
gboolean fake_blobs_has (CsBlobs *blobs, const CsBlobId *id);

#endif
