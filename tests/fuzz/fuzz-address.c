/* fuzz-address.c: addresses to listen on; what is taken prints and parses again to the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  char printed[256];
  CsAddress address, again;

  if (!cs_address_parse (text, &address, NULL))
    return 0;
  g_assert_cmpuint (address.len, <=, sizeof address.sockaddr);
  if (address.kind != CS_ADDRESS_INET)
    return 0;
  cs_address_print ((struct sockaddr *) &address.sockaddr, address.len, printed, sizeof printed);
  g_assert_true (cs_address_parse (printed, &again, NULL));
  g_assert_cmpint (cs_address_is_loopback ((struct sockaddr *) &address.sockaddr), ==,
                   cs_address_is_loopback ((struct sockaddr *) &again.sockaddr));
  return 0;
}
