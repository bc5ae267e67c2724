# raw.py: a node with the routes of sdk/examples/probe, and sockets that send it exact bytes.
# SPDX-License-Identifier: Apache-2.0
import json, os, signal, socket, subprocess, tempfile, time

top = os.path.abspath (os.path.join (os.path.dirname (__file__), '../..'))
build = os.environ.get ('CLOUDSYNC_BUILD', os.path.join (top, 'build'))


def free_port ():
  with socket.socket () as s:
    s.bind (('127.0.0.1', 0))
    return s.getsockname ()[1]


class Answer:
  """One parsed answer: status, headers (lower-case names), body."""

  def __init__ (self, status, headers, body):
    self.status, self.headers, self.body = status, headers, body

  def json (self):
    return json.loads (self.body)


class Client:
  def __init__ (self, port, timeout=10, tls=None, host='127.0.0.1'):
    self.sock = socket.create_connection ((host, port), timeout)
    if tls:
      self.sock = tls.wrap_socket (self.sock, server_hostname=tls.name)
    self.sock.setsockopt (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    self.buffer = b''

  def __enter__ (self):
    return self

  def __exit__ (self, *_):
    self.sock.close ()

  def send (self, data):
    self.sock.sendall (data if isinstance (data, bytes) else data.encode ())

  def more (self):
    data = self.sock.recv (65536)
    self.buffer += data
    return len (data) > 0

  def until (self, mark):
    while mark not in self.buffer:
      if not self.more ():
        raise EOFError (repr (self.buffer[:200]))
    head, self.buffer = self.buffer.split (mark, 1)
    return head

  def take (self, n):
    while len (self.buffer) < n:
      if not self.more ():
        raise EOFError (f'{len (self.buffer)} of {n} bytes')
    data, self.buffer = self.buffer[:n], self.buffer[n:]
    return data

  def chunks (self):
    body = b''
    while True:
      n = int (self.until (b'\r\n'), 16)
      body += self.take (n)
      assert self.take (2) == b'\r\n'
      if n == 0:
        return body

  def answer (self, head_only=False):
    lines = self.until (b'\r\n\r\n').decode ('latin-1').split ('\r\n')
    status = int (lines[0].split (' ')[1])
    headers = {}
    for line in lines[1:]:
      name, value = line.split (':', 1)
      headers[name.lower ()] = value.strip ()
    body = b''
    if head_only or status in (204, 304) or status < 200:
      pass
    elif 'content-length' in headers:
      body = self.take (int (headers['content-length']))
    elif headers.get ('transfer-encoding') == 'chunked':
      body = self.chunks ()
    else:
      while self.more ():
        pass
      body, self.buffer = self.buffer, b''
    return Answer (status, headers, body)

  def ask (self, method, target, headers='', body=b''):
    length = f'Content-Length: {len (body)}\r\n' if body else ''
    self.send (f'{method} {target} HTTP/1.1\r\nHost: localhost\r\n{length}{headers}\r\n'.encode () + body)
    return self.answer (method == 'HEAD')

  def closed (self, within=5):
    """Whether the server closes within that time; bytes that still come are dropped."""
    self.sock.settimeout (within)
    try:
      while self.sock.recv (65536):
        pass
      return True
    except ConnectionResetError:
      return True
    except socket.timeout:
      return False


class Node:
  def __init__ (self, *sets, plugins='http,probe', workers=1, listen=None):
    self.dir = tempfile.mkdtemp (prefix='cloudsync-')
    self.port = free_port ()
    self.log_path = os.path.join (self.dir, 'log')
    sets = [f'http.listen={listen or "127.0.0.1:" + str (self.port)}', f'node.data-dir={self.dir}/data',
            f'node.workers={workers}', *sets]
    self.config = os.path.join (self.dir, 'config.d')
    os.makedirs (self.config)
    os.makedirs (self.dir + '/data')
    self.args = [build + '/server/cloudsyncd', '--plugins', plugins]
    for each in sets:
      self.args += ['--set', each]

  def write_config (self, text):
    with open (self.config + '/50-test.conf', 'w') as f:
      f.write (text)
    if '--config' not in self.args:
      self.args += ['--config', self.config]

  def start (self):
    self.process = subprocess.Popen (self.args, stderr=open (self.log_path, 'w'), stdout=subprocess.DEVNULL)
    for _ in range (200):
      if self.process.poll () is not None:
        raise SystemExit ('the node ended:\n' + self.log ())
      try:
        socket.create_connection (('127.0.0.1', self.port), 1).close ()
        return self
      except OSError:
        time.sleep (0.05)
    raise SystemExit ('the node does not listen:\n' + self.log ())

  def __enter__ (self):
    return self.start ()

  def __exit__ (self, kind, *_):
    if self.process.poll () is None:
      self.process.kill () if kind else self.process.send_signal (signal.SIGTERM)
    code = self.process.wait (40)
    if kind or code != 0:
      print (self.log ())
    if not kind:
      assert code == 0, f'exit code {code}'
    subprocess.run (['rm', '-rf', self.dir])

  def log (self):
    return open (self.log_path).read ()[-8000:]

  def client (self, **args):
    return Client (self.port, **args)

  def state (self):
    with self.client () as c:
      return c.ask ('GET', '/probe/state').json ()

  def resident (self):
    """Memory of the process in KiB that is its own."""
    for line in open (f'/proc/{self.process.pid}/status'):
      if line.startswith ('RssAnon:'):
        return int (line.split ()[1])

  def descriptors (self):
    return len (os.listdir (f'/proc/{self.process.pid}/fd'))


def eventually (test, within=10, what='condition'):
  """Waits until test () is true."""
  end = time.monotonic () + within
  while time.monotonic () < end:
    if test ():
      return
    time.sleep (0.02)
  raise AssertionError (f'{what} did not come within {within} s')


def same (got, expected, what='value'):
  assert got == expected, f'{what}: got {got!r}, expected {expected!r}'


def hash_of (password):
  """The hash for a [user NAME] section, made by a node that runs for it."""
  with Node (plugins='http,auth') as node:
    path = node.dir + '/data/run/cloudsyncd.sock'
    eventually (lambda: os.path.exists (path), what='the control socket')
    done = subprocess.run ([build + '/server/cloudsyncctl', '--socket', path, '--json', 'hash', '-'],
                           input=password + '\n', capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return json.loads (done.stdout)['hash']
