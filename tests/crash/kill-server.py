#!/usr/bin/env python3
# kill-server.py: kill -9 of a whole node at random moments under HTTP writes; what it answered is there afterwards.
# SPDX-License-Identifier: Apache-2.0
#   kill-server.py [ROUNDS]      on $CLOUDSYNC_BUILD; the last line is "N passed, N failed"
#
# Every round writes, edits, deletes and purges documents with attachments, small and large, while the database is compacted and objects
# are collected. In some a backup runs when the kill comes, or a restore; a staged restore is then put in place by a start that
# may be killed as well.
import json, os, random, shutil, socket, sys, tempfile, time

sys.path.insert (0, os.path.dirname (os.path.abspath (__file__)))
from load import *


class Suite:
  def __init__ (self):
    self.dir = tempfile.mkdtemp (prefix='kill-server-')
    with socket.socket () as s:
      s.bind (('127.0.0.1', 0))
      self.port = s.getsockname ()[1]
    self.known = [{} for _ in range (WRITERS)]
    self.purged = [[] for _ in range (WRITERS)]
    self.backup = self.taken = None  # the last one that ended, and what was answered before it
    self.acked = self.seen = 0
    self.slowest = 0.0
    self.count = dict.fromkeys (('backups', 'backups killed', 'restores', 'restores killed', 'swaps killed'), 0)
    self.node = self.start ()
    self.node.ask ('PUT', '/db')

  def start (self):
    node = Node (os.path.join (self.dir, 'data'), self.port)
    self.slowest = max (self.slowest, node.start)
    return node

  def epoch (self):
    return json.loads (self.node.ask ('GET', '/db')[1])['update_seq']

  def load_until_killed (self, command, longest):
    """Threads that have ended with the node; how the command ended, None: it was still running."""
    writers = [Writer (n, self.known[n], self.purged[n]) for n in range (WRITERS)]
    self.reader = Reader ()
    threads = writers + [self.reader, Housekeeper ()]
    for thread in threads:
      thread.node = self.node
      thread.start ()
    time.sleep (random.uniform (0.02, 0.2))
    running = command () if command else None
    time.sleep (random.uniform (0.02, longest))
    code = running.poll () if running else None
    self.node.kill ()
    if running:
      self.said = running.communicate ()[1]
    for thread in threads:
      thread.join ()
    self.acked += sum (writer.acked for writer in writers)
    return writers, code

  def check (self, writers, problems):
    problems += [writer.error for writer in writers if writer.error]
    for writer in writers:
      verify (self.node, writer, problems)
    self.seen = max (self.seen, self.reader.seen)
    now = int (self.epoch ().split ('-')[0])
    if now < self.seen:
      problems.append (f'sequence {now} after {self.seen} was shown')

  # ---- rounds

  def plain (self, i, problems):
    writers, _ = self.load_until_killed (None, 0.3)
    self.node = self.start ()
    self.check (writers, problems)

  def back_up (self, i, problems):
    path = os.path.join (self.dir, f'backup-{i}')

    def begin ():
      self.before = snapshot (self.known, self.purged)
      return self.node.ctl ('backup', path, *([self.backup] if self.backup else []))

    writers, code = self.load_until_killed (begin, 2.0)
    self.node = self.start ()
    self.check (writers, problems)
    if code == 0:
      self.count['backups'] += 1
      if self.backup:
        shutil.rmtree (self.backup)
      self.backup, self.taken = path, self.before
    elif code is None:
      self.count['backups killed'] += 1
      ended = os.path.exists (os.path.join (path, 'manifest.json'))
      if not ended and os.path.exists (path) and self.node.ctl ('restore', path, '--replace').wait () != 1:
        problems.append ('half a backup was taken for a whole one')
      shutil.rmtree (path, ignore_errors=True)
    else:
      problems.append (f'the backup failed: {self.said[-300:]}')

  def restore (self, i, problems):
    before = self.epoch ()
    ready = os.path.join (self.dir, 'data', 'restore.ready')
    writers, code = self.load_until_killed (lambda: self.node.ctl ('restore', self.backup, '--replace'), 1.0)
    if code not in (0, None):
      problems.append (f'the restore failed: {self.said[-300:]}')
    if not os.path.exists (ready):
      self.count['restores killed'] += code is None
      self.node = self.start ()
      if code == 0:
        problems.append ('a restore that was staged is gone')
      self.check (writers, problems)
      return
    self.count['restores'] += 1
    while random.random () < 0.6:
      half = Node (os.path.join (self.dir, 'data'), self.port, wait=False)
      time.sleep (random.uniform (0, 0.06))
      half.kill ()
      self.count['swaps killed'] += 1
    self.node = self.start ()
    verify_restored (self.node, self.taken, self.known, self.purged, problems)
    self.after_restore (before, problems)

  def after_restore (self, before, problems):
    """A client that saw what is lost is led back to where the backup ends."""
    self.seen = 0
    if self.epoch ().split ('-')[1] == before.split ('-')[1]:
      problems.append ('no new epoch after a restore')
    self.node.ask ('PUT', '/db/mark', {'_rev': json.loads (self.node.ask ('GET', '/db/mark')[1]).get ('_rev', '')} if
                   self.node.ask ('GET', '/db/mark')[0] == 200 else {})
    token = f'{self.reader.seen}-{before.split ("-")[1]}'
    rows = json.loads (self.node.ask ('GET', f'/db/_changes?since={token}')[1])['results']
    if 'mark' not in [row['id'] for row in rows]:
      problems.append ('a reader would miss what is written after a restore')
    self.taken = snapshot (self.known, self.purged)  # what the restored one has is what the backup has, or newer
    for name in os.listdir (os.path.join (self.dir, 'data')):
      if name.startswith ('replaced-'):
        shutil.rmtree (os.path.join (self.dir, 'data', name))

  def run (self, rounds):
    failed = 0
    for i in range (rounds):
      problems = []
      kinds = [self.plain, self.back_up, self.plain, self.restore if self.backup else self.back_up]
      kinds[i % 4] (i, problems)
      failed += bool (problems)
      for problem in problems[:10]:
        print (f'round {i}, {kinds[i % 4].__name__}: {problem}', flush=True)
    self.node.stop ()
    shutil.rmtree (self.dir)
    print (f'{self.acked} writes answered, slowest start {self.slowest * 1000:.0f} ms; '
           + ', '.join (f'{n} {what}' for what, n in self.count.items ()))
    if self.acked == 0 or self.slowest > 1 or (rounds >= 100 and 0 in self.count.values ()):
      failed += 1
    print (f'{max (rounds - failed, 0)} passed, {failed} failed')
    return failed > 0


if __name__ == '__main__':
  sys.exit (Suite ().run (int (sys.argv[1]) if len (sys.argv) > 1 else 8))
