# load.py: the load of kill-server.py: documents whose content can be told from itself, what was answered of them, and the verdict.
# SPDX-License-Identifier: Apache-2.0
import base64, http.client, json, os, random, subprocess, sys, threading, time

top = os.path.abspath (os.path.join (os.path.dirname (__file__), '../..'))
build = os.environ.get ('CLOUDSYNC_BUILD', os.path.join (top, 'build'))
WRITERS = 6
IDS = 40  # of each writer


class Node:
  def __init__ (self, data, port, wait=True):
    began = time.monotonic ()
    self.data, self.port = data, port
    os.makedirs (data, exist_ok=True)
    self.process = subprocess.Popen (
      [os.path.join (build, 'server/cloudsyncd'), '--role', 'all', '--set', f'http.listen=127.0.0.1:{port}',
       '--set', f'node.data-dir={data}', '--set', 'auth.open=true', '--set', 'node.workers=2', '--set', 'sqlite.checkpoint=512K',
       '--set', 'sqlite.backup-rate=0', '--set', 'sync.blob-threshold=16K', '--set', 'sync.blob-grace=1s'],
      stderr=open (os.path.join (data, 'log'), 'ab'))
    if wait:
      self.wait ()
      self.start = time.monotonic () - began

  def wait (self):
    while True:
      try:
        if self.ask ('GET', '/readyz')[0] == 200:
          return
      except OSError:
        pass
      if self.process.poll () is not None:
        sys.exit ('the node ended: ' + open (os.path.join (self.data, 'log')).read ()[-2000:])
      time.sleep (0.005)

  def ask (self, method, path, body=None, connection=None, type='application/json'):
    c = connection or http.client.HTTPConnection ('127.0.0.1', self.port, timeout=20)
    c.request (method, path, body=body if body is None or isinstance (body, bytes) else json.dumps (body),
               headers={'Content-Type': type, 'Accept': 'application/json'})
    answer = c.getresponse ()
    data = answer.read ()
    if not connection:
      c.close ()
    return answer.status, data

  def ctl (self, *words):
    """Begins a command; the process."""
    return subprocess.Popen ([os.path.join (build, 'server/cloudsyncctl'), '--socket', os.path.join (self.data, 'run/cloudsyncd.sock'),
                              *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

  def kill (self):
    self.process.kill ()
    self.process.wait ()

  def stop (self):
    self.process.terminate ()
    self.process.wait ()


# ---- content: a document's text follows from its `v`, an attachment's bytes from its name

def text_of (v):
  return 'x' * random.Random (v).choice ([10, 200, 6000])

def bytes_of (name):
  _, seed, size = name.split ('-')
  return random.Random (int (seed)).randbytes (int (size))

def attachment_name (rng):
  return f'a-{rng.getrandbits (32)}-{rng.choice ([0, 300, 2000, 20000, 70000])}'

def inline (name):
  return {'content_type': 'application/octet-stream', 'data': base64.b64encode (bytes_of (name)).decode ()}

def state (v, names, gone, rev=None):
  return {'v': v, 'names': sorted (names), 'gone': gone, 'rev': rev}

def read (node, name):
  """What is stored, as a state; None: nothing; a text: what is wrong with it."""
  _, data = node.ask ('GET', f'/db/{name}?open_revs=all&attachments=true')
  rows = [row['ok'] for row in json.loads (data) if 'ok' in row] if data.startswith (b'[') else []
  if not rows:
    return None if data.startswith (b'[') or b'not_found' in data else f'unreadable: {data[:200]}'
  doc, attachments = rows[0], rows[0].get ('_attachments', {})
  if len (rows) > 1:
    return f'{len (rows)} leaves'
  if doc['text'] != text_of (doc['v']):
    return 'torn'
  for each in attachments:
    if base64.b64decode (attachments[each]['data']) != bytes_of (each):
      return f'the attachment {each} is torn'
  return state (doc['v'], attachments, doc.get ('_deleted', False), doc['_rev'])


class Writer (threading.Thread):
  """Its own documents: creates, edits, deletes and purges them, alone or in batches, and notes what was answered. `tried` is what
  was not: the state that each document of the request would have, None for one that would be purged."""

  def __init__ (self, n, known, purged):
    super ().__init__ ()
    self.n, self.known, self.purged, self.acked, self.error, self.tried = n, known, purged, 0, None, {}

  def run (self):
    self.rng = random.Random ()
    try:
      self.connection = http.client.HTTPConnection ('127.0.0.1', self.node.port, timeout=20)
      while True:
        self.rng.choices ([self.put, self.put_many, self.attach, self.purge], [55, 15, 15, 15])[0] ()
    except (OSError, http.client.HTTPException):
      pass  # killed: the last try stays open
    except Exception as e:
      self.error = repr (e)

  def ask (self, method, path, body, type='application/json'):
    """None: somebody else purges this database just now; nothing was done."""
    status, data = self.node.ask (method, path, body, self.connection, type)
    if status == 503 and path == '/db/_purge':
      return None
    if status not in (200, 201):
      raise Exception (f'{method} {path}: {status} {data[:200]}')
    return json.loads (data)

  def pick (self, alive):
    names = [f'w{self.n}-{i}' for i in range (IDS)]
    if alive:
      names = [name for name in names if name in self.known and not self.known[name]['gone']]
    return self.rng.choice (names) if names else None

  def draft (self, name):
    have = self.known.get (name)
    alive = have and not have['gone']
    v = self.rng.getrandbits (48)
    gone = bool (alive) and self.rng.random () < 0.1
    new = [attachment_name (self.rng) for _ in range (0 if gone else self.rng.choice ([0, 0, 1, 2]))]
    kept = have['names'] if alive and not gone and self.rng.random () < 0.5 else []
    doc = {'_id': name, 'v': v, 'text': text_of (v)}
    if alive:
      doc['_rev'] = have['rev']
    if gone:
      doc['_deleted'] = True
    if new or kept:
      doc['_attachments'] = {**{each: {'stub': True, 'content_type': 'application/octet-stream'} for each in kept},
                             **{each: inline (each) for each in new}}
    self.tried[name] = state (v, set (new) | set (kept), gone)
    return doc

  def answered (self, rows):
    for row in rows:
      if 'rev' not in row:
        raise Exception (f'refused: {row}')
      self.known[row['id']] = dict (self.tried[row['id']], rev=row['rev'])
    self.tried = {}
    self.acked += 1

  def put (self):
    doc = self.draft (self.pick (False))
    self.answered ([self.ask ('PUT', '/db/' + doc['_id'], doc)])

  def put_many (self):
    docs = [self.draft (name) for name in self.rng.sample ([f'w{self.n}-{i}' for i in range (IDS)], 8)]
    self.answered (self.ask ('POST', '/db/_bulk_docs', {'docs': docs}))

  def attach (self):
    name, new = self.pick (True), attachment_name (self.rng)
    if name:
      have = self.known[name]
      self.tried[name] = state (have['v'], set (have['names']) | {new}, False)
      self.answered ([self.ask ('PUT', f'/db/{name}/{new}?rev={have["rev"]}', bytes_of (new), 'application/octet-stream')])

  def purge (self):
    name = self.pick (False)
    if name in self.known:
      self.tried[name] = None
      self.purged.append (name)
      if self.ask ('POST', '/db/_purge', {name: [self.known[name]['rev']]}):
        self.known.pop (name)
        self.acked += 1
      self.tried = {}


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


class Housekeeper (threading.Thread):
  """Compacts, and collects objects that nothing names."""

  def run (self):
    try:
      while True:
        self.node.ask ('POST', '/db/_compact', b'')
        self.node.ctl ('collect-blobs', 'now').communicate ()
        self.node.ask ('GET', '/readyz')
        time.sleep (0.02)
    except (OSError, http.client.HTTPException):
      pass


# ---- verdicts

def same (a, b):
  return a is None and b is None or a is not None and b is not None and (a['v'], a['names'], a['gone']) == (b['v'], b['names'], b['gone'])

def verify (node, writer, problems):
  """What was answered is there; what was tried last is there as a whole or not at all."""
  stored = 0
  for name in [f'w{writer.n}-{i}' for i in range (IDS)]:
    found, expected = read (node, name), writer.known.get (name)
    if isinstance (found, str):
      problems.append (f'{name}: {found}')
    elif same (found, expected) and (found is None or found['rev'] == expected['rev']):
      continue
    elif name in writer.tried and same (found, writer.tried[name]):
      stored += 1
      if found is None:
        writer.known.pop (name, None)
      else:
        writer.known[name] = found
    else:
      problems.append (f'{name}: found {found}, answered {expected}, tried {writer.tried.get (name)}')
  if len (writer.tried) > 1 and stored not in (0, len (writer.tried)):
    problems.append (f'writer {writer.n}: half a batch')

def generation (found):
  return int (found['rev'].split ('-')[0])

def verify_restored (node, taken, known, purged, problems):
  """What was answered before the backup began is there, as it was then or later. What is there is known from now on."""
  for n in range (WRITERS):
    later = set (purged[n][taken['purged'][n]:])
    before = taken['known'][n]
    known[n].clear ()
    for name in [f'w{n}-{i}' for i in range (IDS)]:
      found, expected = read (node, name), before.get (name)
      if isinstance (found, str):
        problems.append (f'{name}: {found} after the restore')
      elif found is None:
        if expected and name not in later:
          problems.append (f'{name}: lost by the backup')
      else:
        known[n][name] = found
        if expected and name not in later and generation (found) < generation (expected):
          problems.append (f'{name}: {found["rev"]} after the restore, {expected["rev"]} before the backup')

def snapshot (known, purged):
  """Beside running writers: the last purge of each may be under way, and its document still be known."""
  counts = [max (len (each) - 1, 0) for each in purged]
  return {'purged': counts, 'known': [dict (each) for each in known]}
