/* welcome-plugin.c: the descriptor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "welcome.h"

CS_PLUGIN_DEFINE ("welcome", "1.0.0", "A page for browsers at /",
                  CS_REQUIRES ("http>=1") CS_WANTS ("auth>=1"), CS_STATE (WelcomeState),
                  .start = welcome_start, .destroy = welcome_destroy);
