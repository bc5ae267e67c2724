/* version.h: the SDK's version, and the macros that hide what is newer than a plugin's target.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_VERSION_H
#define CS_VERSION_H

/* The ABI these headers describe. A host accepts a plugin iff the major is equal and the plugin's
 * target minor is not newer than its own; while the major is 0, not older than CS_ABI_OLDEST. */
#define CS_ABI_MAJOR 0
#define CS_ABI_MINOR 1
#define CS_ABI_OLDEST 1

/* The oldest minor the plugin's source is written for. Members newer than it are hidden, so the
 * compiler proves the number that the descriptor states. */
#ifndef CS_SDK_TARGET_MINOR
#define CS_SDK_TARGET_MINOR CS_ABI_MINOR
#endif

#if CS_SDK_TARGET_MINOR > CS_ABI_MINOR
#error "CS_SDK_TARGET_MINOR is newer than these headers: install a newer cloudsync-dev or lower it"
#endif

/* To be tested with #if around an inline wrapper: is what came with minor N visible? */
#define CS_AVAILABLE(n) (CS_SDK_TARGET_MINOR >= (n))

#endif
