/* sim-disk.h: a disk whose power can be cut: what was not synced is dropped, kept or torn, and names that
 * were not are as they were.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "files-disk.h"

typedef struct _SimDisk SimDisk;

/* `spare` is a folder on the same file system, for what must be kept to be brought back. With `syncs` FALSE
 * nothing is ever made durable, whatever is said. */
SimDisk *sim_disk_new (guint32 seed, const char *spare, gboolean syncs);
void sim_disk_free (SimDisk *self);
FilesDisk *sim_disk_base (SimDisk *self);

/* The power goes after this many more writes, syncs, renames and removals: they and all after them fail. */
void sim_disk_cut_after (SimDisk *self, guint operations);
gboolean sim_disk_is_dead (SimDisk *self);
/* After everything is closed: leaves the files as the power cut would have. How much was taken back. */
guint sim_disk_settle (SimDisk *self);

#endif
