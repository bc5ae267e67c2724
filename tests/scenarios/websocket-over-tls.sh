# wss: the same over TLS, small frames and large ones, with compression; a drain says 1001 before TLS ends.
PYTHONPATH=$here/../lib python3 - <<'PY'
from websocket import *
import ssl

node = ws_node ('websocket.compression-min=100')
subprocess.run (['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout',
                 f'{node.dir}/key.pem', '-out', f'{node.dir}/cert.pem', '-days', '2', '-subj', '/CN=localhost'],
                check=True, capture_output=True)
node.write_config (f'[http]\ncertificate = {node.dir}/cert.pem\nkey = {node.dir}/key.pem\n')
tls = ssl.SSLContext (ssl.PROTOCOL_TLS_CLIENT)
tls.check_hostname, tls.verify_mode, tls.name = False, ssl.CERT_NONE, 'localhost'
with node:
  plain, packed = WebSocket (node.port, tls=tls), WebSocket (node.port, tls=tls,
                                                             headers='Sec-WebSocket-Extensions: permessage-deflate\r\n')
  for n in 0, 1, 125, 126, 16000, 17000, 65536, 1000000:
    data = os.urandom (n)
    for parts in [frame (BINARY, data)], [bytes ([b]) for b in frame (BINARY, data[:300])]:
      for part in parts:
        plain.send (part)
      same (plain.message (), (BINARY, data if len (parts) == 1 else data[:300]), f'{n} bytes')
    text = b'words and words ' * (n // 16)
    packed.put (TEXT, Deflate ().pack (text), rsv=4)
    opcode, payload, rsv, fin = packed.get ()
    same (Deflate ().unpack (payload) if rsv else payload, text)
  plain.send (b''.join (frame (TEXT, b'%d' % i) for i in range (5000)))
  same ([plain.message ()[1] for _ in range (5000)], [b'%d' % i for i in range (5000)])
  node.process.send_signal (signal.SIGTERM)
  for ws in plain, packed:
    opcode, payload = ws.message ()
    same ((opcode, payload[:2]), (CLOSE, struct.pack ('>H', 1001)))
    ws.put (CLOSE, payload)
    same (ws.rest (), b'')
PY
