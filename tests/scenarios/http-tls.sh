# TLS: certificates by SNI, ALPN, and a reload that takes new files while connections stay.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *
import ssl, subprocess

def certificate (dir, name):
  subprocess.run (['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                   '-keyout', f'{dir}/{name}.key', '-out', f'{dir}/{name}.pem', '-days', '2', '-subj', f'/CN={name}',
                   '-addext', f'subjectAltName=DNS:{name}'], check=True, capture_output=True)

def subject (client):
  der = client.sock.getpeercert (True)
  text = subprocess.run (['openssl', 'x509', '-inform', 'DER', '-noout', '-subject'], input=der, capture_output=True)
  return text.stdout.decode ().split ('=')[-1].strip ()

def tls (name):
  context = ssl.SSLContext (ssl.PROTOCOL_TLS_CLIENT)
  context.check_hostname, context.verify_mode, context.name = False, ssl.CERT_NONE, name
  context.set_alpn_protocols (['h2', 'http/1.1'])
  return context

node = Node ()
for name in ('one.test', 'two.test'):
  certificate (node.dir, name)
node.write_config (f'''[http]
certificate = {node.dir}/one.test.pem, {node.dir}/two.test.pem
key = {node.dir}/one.test.key, {node.dir}/two.test.key
''')
with node:
  with node.client (tls=tls ('two.test')) as c:
    same (subject (c), 'two.test')
    same (c.sock.selected_alpn_protocol (), 'http/1.1')
    same (c.ask ('GET', '/probe/item/x').body, b'x\n')
    big = c.ask ('GET', '/probe/big?bytes=3000000')
    same (len (big.body), 3000000)
    with node.client (tls=tls ('one.test')) as d, node.client (tls=tls ('other.test')) as e:
      same ((subject (d), subject (e)), ('one.test', 'one.test'))
    certificate (node.dir, 'three.test')
    os.replace (f'{node.dir}/three.test.key', f'{node.dir}/one.test.key')
    os.replace (f'{node.dir}/three.test.pem', f'{node.dir}/one.test.pem')
    node.process.send_signal (signal.SIGHUP)
    def renewed ():
      with node.client (tls=tls ('other.test')) as d:
        return subject (d) == 'three.test'
    eventually (renewed, 5)
    same (c.ask ('GET', '/probe/item/x').body, b'x\n', 'the old connection')
    open (f'{node.dir}/one.test.pem', 'w').write ('no certificate')
    node.process.send_signal (signal.SIGHUP)
    time.sleep (0.5)
    assert renewed (), 'a bad file must change nothing'
PY
