#!/usr/bin/env python3
# kill-server.py: kill -9 of a whole node at random moments under HTTP writes; what it answered is there afterwards.
# SPDX-License-Identifier: Apache-2.0
#   kill-server.py [ROUNDS]      on $CLOUDSYNC_BUILD; the last line is "N passed, N failed"
import http.client, json, os, random, shutil, signal, socket, subprocess, sys, tempfile, threading, time

top = os.path.abspath (os.path.join (os.path.dirname (__file__), '../..'))
server = os.path.join (os.environ.get ('CLOUDSYNC_BUILD', os.path.join (top, 'build')), 'server/cloudsyncd')
WRITERS = 6
IDS = 40  # of each writer


class Node:
  def __init__ (self, data, port):
    began = time.monotonic ()
    self.port = port
    self.process = subprocess.Popen (
      [server, '--role', 'all', '--set', f'http.listen=127.0.0.1:{port}', '--set', f'node.data-dir={data}',
       '--set', 'auth.open=true', '--set', 'node.workers=2', '--set', 'sqlite.checkpoint=512K'],
      stderr=open (os.path.join (data, 'log'), 'ab'))
    while True:
      try:
        if self.ask ('GET', '/readyz')[0] == 200:
          break
      except OSError:
        pass
      if self.process.poll () is not None:
        sys.exit ('the node ended: ' + open (os.path.join (data, 'log')).read ()[-2000:])
      time.sleep (0.005)
    self.start = time.monotonic () - began

  def ask (self, method, path, body=None, connection=None):
    c = connection or http.client.HTTPConnection ('127.0.0.1', self.port, timeout=20)
    c.request (method, path, body=None if body is None else json.dumps (body),
               headers={'Content-Type': 'application/json', 'Accept': 'application/json'})
    answer = c.getresponse ()
    data = answer.read ()
    if not connection:
      c.close ()
    return answer.status, data

  def kill (self):
    self.process.send_signal (signal.SIGKILL)
    self.process.wait ()


class Writer (threading.Thread):
  """Its own documents: creates, edits and deletes them, alone or in batches, and notes what was answered."""

  def __init__ (self, n, known):
    super ().__init__ ()
    self.n, self.known, self.acked, self.error = n, known, 0, None

  def run (self):
    rng = random.Random ()
    try:
      connection = http.client.HTTPConnection ('127.0.0.1', self.node.port, timeout=20)
      while True:
        names = rng.sample ([f'w{self.n}-{i}' for i in range (IDS)], rng.choice ([1, 1, 1, 8]))
        self.write (rng, names, connection)
    except (OSError, http.client.HTTPException):
      pass  # killed: the last try stays open
    except Exception as e:
      self.error = repr (e)

  def write (self, rng, names, connection):
    docs = []
    for name in names:
      have = self.known.get (name)
      doc = {'_id': name, 'v': rng.getrandbits (48), 'text': 'x' * rng.choice ([10, 200, 6000])}
      if have and not have['gone']:
        doc['_rev'] = have['rev']
        if rng.random () < 0.1:
          doc['_deleted'] = True
      docs.append (doc)
    self.tried = docs
    if len (docs) == 1:
      status, data = self.node.ask ('PUT', '/db/' + names[0], docs[0], connection)
      rows = [json.loads (data)]
    else:
      status, data = self.node.ask ('POST', '/db/_bulk_docs', {'docs': docs}, connection)
      rows = json.loads (data)
    if status not in (200, 201) or any ('rev' not in row for row in rows):
      raise Exception (f'{status} {data[:200]}')
    for doc, row in zip (docs, rows):
      self.known[doc['_id']] = {'rev': row['rev'], 'v': doc['v'], 'len': len (doc['text']),
                                'gone': doc.get ('_deleted', False)}
    self.tried = []
    self.acked += 1


class Reader (threading.Thread):
  """Sequence numbers that anybody was shown must never be given again."""

  def run (self):
    self.seen, since = 0, '0'
    try:
      while True:
        _, data = self.node.ask ('GET', f'/db/_changes?limit=200&since={since}')
        since = json.loads (data)['last_seq']
        self.seen = max (self.seen, int (since.split ('-')[0]))
    except (OSError, http.client.HTTPException):
      pass


def fits (doc, expected, deleted):
  return doc['v'] == expected['v'] and len (doc['text']) == expected['len'] and deleted == expected['gone']


def verify (node, writer, problems):
  tried = {d['_id']: d for d in writer.tried}
  stored_tries = 0
  for name in [f'w{writer.n}-{i}' for i in range (IDS)]:
    _, data = node.ask ('GET', f'/db/{name}?open_revs=all')
    rows = [row['ok'] for row in json.loads (data) if 'ok' in row] if data.startswith (b'[') else []
    expected = writer.known.get (name)
    if not rows:
      if expected:
        problems.append (f'{name}: lost')
      continue
    if len (rows) > 1:
      problems.append (f'{name}: {len (rows)} leaves')
    doc, deleted = rows[0], rows[0].get ('_deleted', False)
    if expected and doc['_rev'] == expected['rev']:
      if not fits (doc, expected, deleted):
        problems.append (f'{name}: torn')
      continue
    t = tried.get (name)
    if not t or doc['v'] != t['v'] or doc['text'] != t['text']:
      problems.append (f'{name}: neither what was answered nor what was tried last')
      continue
    stored_tries += 1
    writer.known[name] = {'rev': doc['_rev'], 'v': doc['v'], 'len': len (doc['text']), 'gone': deleted}
  if stored_tries not in (0, len (tried)):
    problems.append (f'writer {writer.n}: half a batch')


def main ():
  rounds = int (sys.argv[1]) if len (sys.argv) > 1 else 5
  data = tempfile.mkdtemp (prefix='kill-server-')
  with socket.socket () as s:
    s.bind (('127.0.0.1', 0))
    port = s.getsockname ()[1]
  known = [{} for _ in range (WRITERS)]
  failed = acked = 0
  slowest = seen = 0
  node = Node (data, port)
  node.ask ('PUT', '/db')
  for i in range (rounds):
    writers = [Writer (n, known[n]) for n in range (WRITERS)]
    reader = Reader ()
    for thread in writers + [reader]:
      thread.node = node
      thread.tried = []
      thread.start ()
    time.sleep (random.uniform (0.02, 0.4))
    node.kill ()
    for thread in writers + [reader]:
      thread.join ()
    node = Node (data, port)
    slowest = max (slowest, node.start)
    problems = [w.error for w in writers if w.error]
    for writer in writers:
      verify (node, writer, problems)
    seen = max (seen, reader.seen)
    now = int (json.loads (node.ask ('GET', '/db')[1])['update_seq'].split ('-')[0])
    if now < seen:
      problems.append (f'sequence {now} after {seen} was shown')
    acked += sum (w.acked for w in writers)
    failed += bool (problems)
    for problem in problems[:10]:
      print (f'round {i}: {problem}')
  node.kill ()
  shutil.rmtree (data)
  print (f'{acked} writes answered, slowest start {slowest * 1000:.0f} ms')
  if acked == 0 or slowest > 1:
    failed += 1
  print (f'{max (rounds - failed, 0)} passed, {failed} failed')
  return failed > 0


if __name__ == '__main__':
  sys.exit (main ())
