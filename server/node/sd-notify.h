/* sd-notify.h: tells systemd how the node is (sd_notify(3)); does nothing elsewhere.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SD_NOTIFY_H
#define CS_SD_NOTIFY_H

#include <glib.h>

/* "READY=1", "STOPPING=1", … lines. Any thread. */
void cs_sd_notify (const char *state);

/* How often WATCHDOG=1 is to be said, half of what systemd allows; 0: never. Microseconds. */
gint64 cs_sd_watchdog_interval (void);

#endif
