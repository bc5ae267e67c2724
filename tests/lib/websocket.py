# websocket.py: a WebSocket client that sends exactly the frames it is told to, over raw.py.
# SPDX-License-Identifier: Apache-2.0
import os, struct, zlib
from raw import *

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY = 'dGhlIHNhbXBsZSBub25jZQ=='


def handshake (path='/ws', headers='', version='13', key=KEY):
  return (f'GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
          f'Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {version}\r\n{headers}\r\n')


def frame (opcode, payload=b'', fin=True, rsv=0, masked=True, length=None, mask=None):
  """`length` is how many bytes the length takes: 1, 3 or 9; the shortest by itself."""
  n = len (payload)
  length = length or (1 if n < 126 else 3 if n < 65536 else 9)
  bit = 0x80 if masked else 0
  head = bytes ([(0x80 if fin else 0) | rsv << 4 | opcode])
  head += (bytes ([bit | n]) if length == 1 else bytes ([bit | 126]) + struct.pack ('>H', n) if length == 3
           else bytes ([bit | 127]) + struct.pack ('>Q', n))
  if not masked:
    return head + payload
  mask = mask or os.urandom (4)
  wide = mask * (n // 4 + 1)
  hidden = int.from_bytes (payload, 'little') ^ int.from_bytes (wide[:n], 'little')
  return head + mask + hidden.to_bytes (n, 'little')


class WebSocket (Client):
  def __init__ (self, port, path='/ws', headers='', **args):
    super ().__init__ (port, **args)
    self.send (handshake (path, headers))
    self.head = self.answer ()
    same (self.head.status, 101)

  def put (self, *args, **kwargs):
    self.send (frame (*args, **kwargs))

  def get (self):
    """The next frame: (opcode, payload, rsv, fin)."""
    first, second = self.take (2)
    assert second & 0x80 == 0, 'a server must not mask'
    n = second & 0x7f
    if n == 126:
      n, = struct.unpack ('>H', self.take (2))
      assert n >= 126
    elif n == 127:
      n, = struct.unpack ('>Q', self.take (8))
      assert n >= 65536
    return first & 0x0f, self.take (n), first >> 4 & 7, first >> 7

  def message (self):
    opcode, payload, rsv, fin = self.get ()
    assert (rsv, fin) == (0, 1), (rsv, fin)
    return opcode, payload

  def close_code (self):
    """The code of the Close that comes next; then the server must end the connection."""
    opcode, payload, rsv, fin = self.get ()
    same ((opcode, rsv, fin), (CLOSE, 0, 1), 'frame')
    assert len (payload) != 1
    code = struct.unpack ('>H', payload[:2])[0] if payload else None
    payload[2:].decode ()
    same (self.rest (), b'', 'after the Close')
    return code

  def rest (self):
    """Everything up to the end of the connection."""
    try:
      while self.more ():
        pass
    except ConnectionResetError:
      pass
    data, self.buffer = self.buffer, b''
    return data

  def end (self, code=1000):
    self.put (CLOSE, struct.pack ('>H', code))
    same (self.close_code (), code)
    self.sock.close ()


class Deflate:
  """permessage-deflate as a client does it."""

  def __init__ (self, client_bits=15, server_bits=15, client_takeover=True, server_takeover=True, level=6):
    self.bits, self.takeover, self.level = (client_bits, server_bits), (client_takeover, server_takeover), level
    self.packer = self.unpacker = None

  def pack (self, data):
    if self.packer is None or not self.takeover[0]:
      self.packer = zlib.compressobj (self.level, zlib.DEFLATED, -max (self.bits[0], 9))
    return (self.packer.compress (data) + self.packer.flush (zlib.Z_SYNC_FLUSH))[:-4]

  def unpack (self, data):
    if self.unpacker is None or not self.takeover[1]:
      self.unpacker = zlib.decompressobj (-self.bits[1])
    return self.unpacker.decompress (data + b'\0\0\xff\xff')


def figures (node, prefix='cloudsync_websocket_'):
  """The node's series, by name with labels; the plugin metrics must run."""
  with node.client () as c:
    lines = c.ask ('GET', '/metrics').body.decode ().splitlines ()
  return {k[len (prefix):]: float (v) for k, v in (l.rsplit (' ', 1) for l in lines if l.startswith (prefix))}


def ws_node (*sets, plugins='http,websocket,echo,metrics', **args):
  return Node (*sets, plugins=plugins, **args)
