/* sim-disk.h: a disk whose power can be cut: what was not synced is dropped, kept or torn.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "sqlite-disk.h"

typedef struct _SimDisk SimDisk;

SimDisk *sim_disk_new (guint32 seed);
void sim_disk_free (SimDisk *self);
SqliteDisk *sim_disk_base (SimDisk *self);

/* The power goes after this many more writes, truncations and syncs: they and all after them fail. */
void sim_disk_cut_after (SimDisk *self, guint operations);
gboolean sim_disk_is_dead (SimDisk *self);
guint sim_disk_operations (SimDisk *self);
/* Writes fail with this errno from now on; 0: they work again. */
void sim_disk_fail_writes (SimDisk *self, int error);
void sim_disk_fail_syncs (SimDisk *self, int error);
/* No page is ever in memory. */
void sim_disk_forget_pages (SimDisk *self, gboolean forget);
guint sim_disk_blocking_reads (SimDisk *self);

/* After everything is closed: leaves the files as the power cut would have. How many unsynced writes were
 * dropped or torn. */
guint sim_disk_settle (SimDisk *self);

#endif
