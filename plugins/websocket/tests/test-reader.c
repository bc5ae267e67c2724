/* test-reader.c: frames that must be read and frames that must be refused, as a table by section of RFC 6455, each
 * whole, byte by byte, and split at every place.
 * SPDX-License-Identifier: Apache-2.0 */
#include <websocket-reader.h>

#include <cloudsync/services/websocket.h>
#include <stdlib.h>

/* `input` is items between blanks: first byte in hex, then `:text`, `!payload in hex` or `#count of x`; or
 * `=bytes in hex` as they are. `events` is what comes of it: Ttext, Bbinary (T#count when it is all x), P and O
 * for ping and pong, Ccode,reason and Fcode. */
typedef struct
{
  const char *section;
  const char *input;
  const char *events;
} Row;

#define MOST 70000

static const Row rows[] = {
  /* §5.2: opcodes, reserved bits, masks */
  { "5.2", "81:Hello", "THello" },
  { "5.2", "82:Hello", "BHello" },
  { "5.2", "81: 82:", "T B" },
  { "5.2", "81:a 82:b 81:c", "Ta Bb Tc" },
  { "5.2 reserved", "83:", "F1002" },
  { "5.2 reserved", "87:x", "F1002" },
  { "5.2 reserved", "8b:", "F1002" },
  { "5.2 reserved", "8f:x", "F1002" },
  { "5.2 reserved", "03:x", "F1002" },
  { "5.2 rsv1", "c1:x", "F1002" },
  { "5.2 rsv2", "a1:x", "F1002" },
  { "5.2 rsv3", "91:x", "F1002" },
  { "5.2 all", "f2:x", "F1002" },
  { "5.2 rsv on control", "c9:x", "F1002" },
  { "5.2 rsv on close", "98:", "F1002" },
  { "5.2 rsv after a message", "81:ok a1:x 81:no", "Tok F1002" },
  { "5.1 unmasked", "=810548656c6c6f", "F1002" },
  { "5.1 unmasked", "=8900", "F1002" },
  { "5.1 unmasked", "=827e00c8", "F1002" },
  /* §5.2: lengths */
  { "5.2 length", "82#125", "B#125" },
  { "5.2 length", "82#126", "B#126" },
  { "5.2 length", "82#127", "B#127" },
  { "5.2 length", "82#128", "B#128" },
  { "5.2 length", "82#65535", "B#65535" },
  { "5.2 length", "82#65536", "B#65536" },
  { "5.2 minimal", "=81fe0005000000006162636465", "F1002" },
  { "5.2 minimal", "=81fe007d00000000", "F1002" },
  { "5.2 minimal", "=81ff000000000000007e00000000", "F1002" },
  { "5.2 minimal", "=81ff000000000000ffff00000000", "F1002" },
  { "5.2 first bit", "=81ff800000000000000000000000", "F1002" },
  { "5.2 too big", "=81ff000000000001117100000000", "F1009" },
  { "5.2 too big", "=82ff7fffffffffffffff00000000", "F1009" },
  { "5.2 at the bound", "82#70000", "B#70000" },
  { "5.2 over by one", "82#70001", "F1009" },
  /* §5.4: fragments */
  { "5.4", "01:Hel 80:lo", "THello" },
  { "5.4", "02:a 00:b 00:c 80:d", "Babcd" },
  { "5.4 empty ones", "01: 00: 80:", "T" },
  { "5.4 empty ones", "01: 00:x 80:", "Tx" },
  { "5.4 empty ones", "01: 00: 80:x", "Tx" },
  { "5.4 empty ones", "01:x 80:", "Tx" },
  { "5.4 control between", "01:a 89:p 00:b 8a:o 80:c", "Pp Oo Tabc" },
  { "5.4 close between", "01:a 88!03e8", "C1000," },
  { "5.4 nothing to go on", "80:x", "F1002" },
  { "5.4 nothing to go on", "00:x", "F1002" },
  { "5.4 nothing to go on", "01:a 80:b 80:c", "Tab F1002" },
  { "5.4 a new one between", "01:a 81:b", "F1002" },
  { "5.4 a new one between", "02:a 01:b", "F1002" },
  { "5.4 too big together", "02#40000 80#40000", "F1009" },
  { "5.4 at the bound", "02#40000 80#30000", "B#70000" },
  /* §5.5: control frames */
  { "5.5 fragmented", "09:a 80:b", "F1002" },
  { "5.5 fragmented", "08:", "F1002" },
  { "5.5 fragmented", "0a:", "F1002" },
  { "5.5 too long", "89#126", "F1002" },
  { "5.5 too long", "8a#126", "F1002" },
  { "5.5 too long", "88#126", "F1002" },
  { "5.5 too long", "=89ff0000000000000001", "F1002" },
  { "5.5.2", "89: 89:x 89#125", "P Px P#125" },
  { "5.5.3", "8a: 8a:x", "O Ox" },
  /* §5.5.1, §7.4: close */
  { "5.5.1", "88:", "C1005," },
  { "5.5.1", "88!03e8", "C1000," },
  { "5.5.1", "88!03e9627965", "C1001,bye" },
  { "5.5.1 one byte", "88!03", "F1002" },
  { "5.5.1 reason", "88!03e8ff", "F1007" },
  { "5.5.1 reason", "88!03e8c3", "F1007" },
  { "7.4.1", "88!03ea", "C1002," },
  { "7.4.1", "88!03eb", "C1003," },
  { "7.4.1", "88!03ef", "C1007," },
  { "7.4.1", "88!03f2", "C1010," },
  { "7.4.1", "88!03f3", "C1011," },
  { "7.4.1", "88!03f6", "C1014," },
  { "7.4.2", "88!0bb8", "C3000," },
  { "7.4.2", "88!0f9f", "C3999," },
  { "7.4.2", "88!0fa0", "C4000," },
  { "7.4.2", "88!1387", "C4999," },
  { "7.4 must not be sent", "88!0000", "F1002" },
  { "7.4 must not be sent", "88!03e7", "F1002" },
  { "7.4 must not be sent", "88!03ec", "F1002" },
  { "7.4 must not be sent", "88!03ed", "F1002" },
  { "7.4 must not be sent", "88!03ee", "F1002" },
  { "7.4 must not be sent", "88!03f7", "F1002" },
  { "7.4 must not be sent", "88!044c", "F1002" },
  { "7.4 must not be sent", "88!0bb7", "F1002" },
  { "7.4 must not be sent", "88!1388", "F1002" },
  { "7.4 must not be sent", "88!ffff", "F1002" },
  /* §8.1: UTF-8 */
  { "8.1", "81!48c3a920e282ac20f09f9880", "TH\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
  { "8.1 within a character", "01!e2 00!82 80!ac", "T\xe2\x82\xac" },
  { "8.1 binary", "82!ff", "B\xff" },
  { "8.1 invalid", "81!ff", "F1007" },
  { "8.1 invalid", "81!eda080", "F1007" },
  { "8.1 invalid", "81!c080", "F1007" },
  { "8.1 invalid", "81!f4908080", "F1007" },
  { "8.1 cut", "81!e282", "F1007" },
  { "8.1 cut", "01!e2 80!", "F1007" },
  { "8.1 cut", "01!e2 80:a", "F1007" },
  { "8.1 the next begins anew", "81!c3a9 81:a", "T\xc3\xa9 Ta" },
  { "8.1 at the first bad byte", "01!ff", "F1007" },
};

/* ---- input ---- */

static const guint8 mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

static void
add_hex (GByteArray *bytes, const char *hex)
{
  for (; g_ascii_isxdigit (hex[0]) && g_ascii_isxdigit (hex[1]); hex += 2)
    {
      guint8 byte = (guint8) (g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));

      g_byte_array_append (bytes, &byte, 1);
    }
}

static GByteArray *
payload_of (const char *item)
{
  GByteArray *payload = g_byte_array_new ();

  if (item[0] == ':')
    g_byte_array_append (payload, (const guint8 *) item + 1, (guint) strlen (item + 1));
  else if (item[0] == '!')
    add_hex (payload, item + 1);
  else
    {
      g_byte_array_set_size (payload, (guint) atoi (item + 1));
      memset (payload->data, 'x', payload->len);
    }
  return payload;
}

static void
add_frame (GByteArray *bytes, guint8 first, const guint8 *payload, gsize length)
{
  guint8 header[WS_SENT_HEADER_MAX];
  gsize n = ws_frame_write (header, first, length);

  header[1] |= 0x80;
  g_byte_array_append (bytes, header, (guint) n);
  g_byte_array_append (bytes, mask, 4);
  for (gsize i = 0; i < length; i++)
    {
      guint8 byte = payload[i] ^ mask[i % 4];

      g_byte_array_append (bytes, &byte, 1);
    }
}

static GByteArray *
input_of (const char *text)
{
  GByteArray *bytes = g_byte_array_new ();
  g_auto (GStrv) items = g_strsplit (text, " ", -1);

  for (guint i = 0; items[i] != NULL; i++)
    {
      g_autoptr (GByteArray) payload = NULL;

      if (items[i][0] == '=')
        {
          add_hex (bytes, items[i] + 1);
          continue;
        }
      payload = payload_of (items[i] + 2);
      add_frame (bytes, (guint8) strtoul ((char[]){ items[i][0], items[i][1], 0 }, NULL, 16),
                 payload->data, payload->len);
    }
  return bytes;
}

/* ---- events ---- */

static gboolean
is_all_x (CsSlice data)
{
  for (gsize i = 0; i < data.len; i++)
    if (data.data[i] != 'x')
      return FALSE;
  return data.len > 1;
}

static void
add_event (GString *events, const WsRead *event)
{
  static const char letters[] = { [WS_READ_PING] = 'P', [WS_READ_PONG] = 'O' };

  if (events->len > 0)
    g_string_append_c (events, ' ');
  if (event->type == WS_READ_FAILED)
    {
      g_assert_nonnull (event->why);
      g_string_append_printf (events, "F%u", event->code);
      return;
    }
  if (event->type == WS_READ_CLOSE)
    g_string_append_printf (events, "C%u,", event->code);
  else
    g_string_append_c (events, event->type == WS_READ_MESSAGE ? (event->opcode == CS_WS_TEXT ? 'T' : 'B')
                                                              : letters[event->type]);
  if (is_all_x (event->data))
    g_string_append_printf (events, "#%" G_GSIZE_FORMAT, event->data.len);
  else
    g_string_append_len (events, event->data.data, (gssize) event->data.len);
}

/* As a connection does it: what was left is given again with what follows. FALSE: it is over. */
static gboolean
feed (WsReader *reader, WsZlib *zlib, GByteArray *rest, const guint8 *data, gsize length, GString *events)
{
  gboolean over = FALSE;
  guint8 *at, *end;
  WsRead event;

  g_byte_array_append (rest, data, (guint) length);
  at = rest->data;
  end = at + rest->len;
  while (!over && ws_reader_next (reader, zlib, &at, end, &event) != WS_READ_MORE)
    {
      add_event (events, &event);
      over = event.type == WS_READ_FAILED || event.type == WS_READ_CLOSE;
    }
  g_assert_true (over || end - at <= WS_TAIL_MAX);
  g_byte_array_remove_range (rest, 0, (guint) (at - rest->data));
  return !over;
}

/* In pieces of `piece` bytes, after a first one of `split`. */
static char *
read_all (const GByteArray *input, gsize split, gsize piece, WsDeflate deflate)
{
  g_autoptr (GByteArray) rest = g_byte_array_new ();
  GString *events = g_string_new (NULL);
  WsZlib zlib = { 0 };
  WsReader reader;
  gsize at = 0;

  ws_reader_init (&reader, MOST, 1 << CS_WS_TEXT | 1 << CS_WS_BINARY, deflate);
  while (at < input->len)
    {
      gsize length = MIN (at == 0 && split > 0 ? split : piece, input->len - at);

      if (!feed (&reader, &zlib, rest, input->data + at, length, events))
        break;
      at += length;
    }
  ws_reader_clear (&reader, &zlib);
  ws_zlib_clear (&zlib);
  return g_string_free (events, FALSE);
}

static void
check (const GByteArray *input, const char *expected, WsDeflate deflate)
{
  gsize step = input->len > 2000 ? 997 : 1;
  g_autofree char *whole = read_all (input, 0, input->len, deflate);
  g_autofree char *bytes = read_all (input, 0, 1, deflate);

  g_assert_cmpstr (whole, ==, expected);
  g_assert_cmpstr (bytes, ==, expected);
  for (gsize split = 1; split < input->len; split += step)
    {
      g_autofree char *two = read_all (input, split, input->len, deflate);

      g_assert_cmpstr (two, ==, expected);
    }
}

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GByteArray) input = input_of (rows[i].input);

      g_test_message ("%s: %s", rows[i].section, rows[i].input);
      check (input, rows[i].events, (WsDeflate){ 0 });
    }
}

/* Every byte of a header that is refused is refused as soon as it is known, without what follows. */
static void
test_refused_early (void)
{
  static const char *const starts[] = { "=8380", "=8901", "=a180", "=0980", "=89fe", "=8080", "=8105" };

  for (guint i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      g_autoptr (GByteArray) input = input_of (starts[i]);
      g_autofree char *events = read_all (input, 0, 2, (WsDeflate){ 0 });

      g_assert_cmpstr (events, ==, "F1002");
    }
}

/* Only the kinds that the owner wants. */
static void
test_kinds (void)
{
  g_autoptr (GByteArray) input = input_of ("81:a 82:b");
  GString *events = g_string_new (NULL);
  g_autoptr (GByteArray) rest = g_byte_array_new ();
  WsZlib zlib = { 0 };
  WsReader reader;

  ws_reader_init (&reader, MOST, 1 << CS_WS_TEXT, (WsDeflate){ 0 });
  g_assert_false (feed (&reader, &zlib, rest, input->data, input->len, events));
  g_assert_cmpstr (events->str, ==, "Ta F1003");
  g_string_free (events, TRUE);
  ws_reader_clear (&reader, &zlib);
}

/* A message that lies whole in the input is a slice of it; 1,000,000 tiny frames allocate what one does. */
static void
test_not_copied (void)
{
  g_autoptr (GByteArray) input = input_of ("82:Hello");
  guint8 *at = input->data;
  WsZlib zlib = { 0 };
  WsReader reader;
  WsRead event;

  ws_reader_init (&reader, MOST, 1 << CS_WS_BINARY, (WsDeflate){ 0 });
  g_assert_cmpint (ws_reader_next (&reader, &zlib, &at, at + input->len, &event), ==, WS_READ_MESSAGE);
  g_assert_true (event.data.data == (char *) input->data + 6);
  g_assert_null (reader.bytes.data);
  ws_reader_clear (&reader, &zlib);
}

/* A header that promises much takes no memory before the bytes come. */
static void
test_promises (void)
{
  g_autoptr (GByteArray) input = input_of ("=82ff000000000000ffff00000000");
  WsZlib zlib = { 0 };
  WsReader reader;
  WsRead event;
  guint8 *at;

  input->data[7] = 1; /* 128 KiB */
  ws_reader_init (&reader, G_MAXINT64, 1 << CS_WS_BINARY, (WsDeflate){ 0 });
  g_byte_array_append (input, (const guint8 *) "0123456789", 10);
  at = input->data;
  g_assert_cmpint (ws_reader_next (&reader, &zlib, &at, at + input->len, &event), ==, WS_READ_MORE);
  g_assert_cmpuint (reader.bytes.length, ==, 10);
  g_assert_cmpuint (reader.bytes.capacity, <=, 512);
  ws_reader_clear (&reader, &zlib);
}

/* Unmasking by words is unmasking by bytes, at every length and place. */
static void
test_unmask (void)
{
  guint8 data[100], plain[100];
  guint32 word;

  memcpy (&word, mask, 4);
  for (gsize start = 0; start < 9; start++)
    for (gsize length = 0; length < 60; length++)
      for (gsize split = 0; split <= length; split += 3)
        {
          for (gsize i = 0; i < sizeof data; i++)
            data[i] = plain[i] = (guint8) (i * 7);
          for (gsize i = 0; i < length; i++)
            plain[start + i] ^= mask[i % 4];
          ws_unmask (data + start + split, length - split, ws_unmask (data + start, split, word));
          g_assert_cmpmem (data, sizeof data, plain, sizeof plain);
        }
}

/* ---- RFC 7692 ---- */

static const WsDeflate takeover = { 15, 15, 1, 1 };
static const WsDeflate no_takeover = { 15, 15, 0, 0 };

static const struct
{
  const char *section;
  const char *input;
  const char *events;
  gboolean takeover;
} packed_rows[] = {
  { "7.2.3.1", "c1!f248cdc9c90700", "THello" },
  { "7.2.3.1 fragments", "41!f248cd 80!c9c90700", "THello" },
  { "7.2.3.1 control between", "41!f248cd 89:p 80!c9c90700", "Pp THello" },
  { "7.2.3.2 history", "c1!f248cdc9c90700 c1!f200110000", "THello THello", TRUE },
  { "7.2.3.2 no history", "c1!f248cdc9c90700 c1!f200110000", "THello F1007" },
  { "7.2.3.3 stored", "c1!000500faff48656c6c6f00", "THello" },
  { "7.2.3.4 final block", "c1!f348cdc9c9070000", "THello" },
  { "7.2.3.5 two blocks", "41!f248050000 80!00ffffcac9c90700", "THello" },
  { "7.2.3.5 two messages", "c1!f2480500 81:a", "THe Ta" },
  { "7.2.3.5 two blocks", "c1!f24805000000ffffcac9c90700", "THello" },
  { "7.2.3.6 empty", "c1!00", "T" },
  { "6 plain ones too", "81:a c1!f248cdc9c90700 82:b", "Ta THello Bb" },
  { "6 rsv1 on a continuation", "41!f248cd c0!c9c90700", "F1002" },
  { "6 rsv1 on a control frame", "c9!00", "F1002" },
  { "6 rsv2", "e1!00", "F1002" },
  { "corrupt", "c1!ffffff", "F1007" },
  { "cut", "c1!f248cd", "F1007" },
  { "not UTF-8", "c1!faff1f00", "F1007" },
  { "not UTF-8, binary", "c2!faff1f00", "B\xff\xff" },
};

static void
test_packed (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (packed_rows); i++)
    {
      g_autoptr (GByteArray) input = input_of (packed_rows[i].input);

      g_test_message ("%s: %s", packed_rows[i].section, packed_rows[i].input);
      check (input, packed_rows[i].events, packed_rows[i].takeover ? takeover : no_takeover);
    }
}

/* 100 MB of zeros in 100 KB: refused at the bound, without the memory. */
static void
test_bomb (void)
{
  g_autofree guint8 *zeros = g_malloc0 (1 << 20);
  g_autoptr (GByteArray) input = g_byte_array_new ();
  CsSlice part = cs_slice (zeros, 1 << 20);
  WsZlib zlib = { 0 };
  WsDeflater *deflater = ws_deflater_take (&zlib, 15, 9);
  WsBytes packed = { 0 };
  g_autofree char *events = NULL;

  for (guint i = 0; i < 100; i++)
    {
      g_assert_true (ws_deflater_run (deflater, &part, 1, &packed));
      ws_bytes_add (&packed, "\0\0\xff\xff", 4, G_MAXSIZE);
    }
  add_frame (input, 0xc2, packed.data, packed.length);
  events = read_all (input, 0, 4096, no_takeover);
  g_assert_cmpstr (events, ==, "F1009");
  ws_deflater_give (&zlib, deflater);
  ws_bytes_clear (&packed);
  ws_zlib_clear (&zlib);
}

/* An inflater is held for a message only, or for life where the history goes on. */
static void
test_contexts_go_back (void)
{
  g_autoptr (GByteArray) input = input_of ("c1!f248cdc9c90700");
  g_autoptr (GByteArray) rest = g_byte_array_new ();
  GString *events = g_string_new (NULL);
  WsZlib zlib = { 0 };
  WsReader reader;

  ws_reader_init (&reader, MOST, 1 << CS_WS_TEXT, no_takeover);
  feed (&reader, &zlib, rest, input->data, 8, events);
  g_assert_nonnull (reader.inflate);
  feed (&reader, &zlib, rest, input->data + 8, input->len - 8, events);
  g_assert_null (reader.inflate);
  g_assert_cmpuint (zlib.n_inflates, ==, 1);
  reader.deflate = takeover;
  feed (&reader, &zlib, rest, input->data, input->len, events);
  g_assert_nonnull (reader.inflate);
  ws_reader_clear (&reader, &zlib);
  g_assert_cmpuint (zlib.n_inflates, ==, 1);
  ws_zlib_clear (&zlib);
  g_string_free (events, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket/reader/rows", test_rows);
  g_test_add_func ("/websocket/reader/refused-early", test_refused_early);
  g_test_add_func ("/websocket/reader/kinds", test_kinds);
  g_test_add_func ("/websocket/reader/not-copied", test_not_copied);
  g_test_add_func ("/websocket/reader/promises", test_promises);
  g_test_add_func ("/websocket/reader/unmask", test_unmask);
  g_test_add_func ("/websocket/reader/packed", test_packed);
  g_test_add_func ("/websocket/reader/bomb", test_bomb);
  g_test_add_func ("/websocket/reader/contexts-go-back", test_contexts_go_back);
  return g_test_run ();
}
