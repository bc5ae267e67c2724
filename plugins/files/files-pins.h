/* files-pins.h: which objects are in use, condemned, or known to be damaged.
 *
 * Any thread. Nothing here touches the disk; nothing waits but files_pins_take_for_put ().
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_PINS_H
#define FILES_PINS_H

#include <cloudsync/services/blob.h>
#include <pthread.h>

typedef struct
{
  pthread_mutex_t lock;
  pthread_cond_t removed;
  GHashTable *entries; /* of objects that there is something to say of */
} FilesPins;

void files_pins_init (FilesPins *pins);
void files_pins_clear (FilesPins *pins);

/* For reading. CS_NOT_FOUND: it is being removed. CS_CORRUPT: it is known to be damaged. */
CsStatus files_pins_take (FilesPins *pins, const CsBlobId *id);
/* For a file that is about to take the object's place. Waits while the old one is being removed: not on
 * a worker. */
void files_pins_take_for_put (FilesPins *pins, const CsBlobId *id);
void files_pins_give (FilesPins *pins, const CsBlobId *id);

/* TRUE: it was not so before. */
gboolean files_pins_set_damaged (FilesPins *pins, const CsBlobId *id, gboolean damaged);

CsStatus files_pins_condemn (FilesPins *pins, const CsBlobId *id);
void files_pins_pardon (FilesPins *pins, const CsBlobId *id);
/* CS_OK: it is condemned still, nobody can take it until files_pins_end_remove (). */
CsStatus files_pins_begin_remove (FilesPins *pins, const CsBlobId *id);
void files_pins_end_remove (FilesPins *pins, const CsBlobId *id);

#endif
