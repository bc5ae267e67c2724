/* sdk.h: the one include of a plugin.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SDK_H
#define CS_SDK_H

#include <cloudsync/error.h>
#include <cloudsync/host.h>
#include <cloudsync/log.h>
#include <cloudsync/loop.h>
#include <cloudsync/node.h>
#include <cloudsync/plugin.h>
#include <cloudsync/service.h>
#include <cloudsync/settings.h>
#include <cloudsync/stats.h>
#include <cloudsync/stream.h>
#include <cloudsync/types.h>
#include <cloudsync/version.h>

#include <cloudsync/services/auth.h>
#include <cloudsync/services/blob.h>
#include <cloudsync/services/broker.h>
#include <cloudsync/services/documents.h>
#include <cloudsync/services/http.h>
#include <cloudsync/services/store.h>
#include <cloudsync/services/websocket.h>

#endif
