# gdb-fibers.py: lists the fibers of a stopped process or a core file, with their stacks.
# SPDX-License-Identifier: Apache-2.0
#
#   (gdb) source server/runtime/gdb-fibers.py
#   (gdb) fibers             each fiber that runs or waits: worker, owner, state, function
#   (gdb) fibers backtrace   and where each one waits (x86-64; a live process)
import gdb

STATES = ('free', 'running', 'waiting', 'ready')
SAVED = ('mxcsr', 'r15', 'r14', 'r13', 'r12', 'rbx', 'rbp', 'rip')  # as cs_fiber_switch_ leaves them


def fibers ():
  for i in range (int (gdb.parse_and_eval ('cs_n_workers_'))):
    fiber = gdb.parse_and_eval ('cs_workers_[%d]->fibers.all' % i)
    while fiber != 0:
      yield i, fiber
      fiber = fiber['all_next']


def owner_name (fiber):
  instance = int (fiber['self'])
  owner = gdb.lookup_type ('CsOwner')
  if instance == 0:
    return 'core'
  return gdb.Value (instance - owner.sizeof).cast (owner.pointer ())['name'].string ()


def backtrace (fiber):
  word = gdb.lookup_type ('long').pointer ()
  stack = fiber['context']['sp'].cast (word)
  saved = {name: int (stack[i]) for i, name in enumerate (SAVED)}
  keep = {name: int (gdb.parse_and_eval ('(long) $' + name)) for name in ('rsp', 'rbp', 'rbx', 'rip')}
  try:
    gdb.execute ('set $rsp = %d' % (int (stack) + 8 * len (SAVED)))
    for name in ('rbp', 'rbx', 'rip'):
      gdb.execute ('set $%s = %d' % (name, saved[name]))
    gdb.execute ('backtrace')
  finally:
    for name, value in keep.items ():
      gdb.execute ('set $%s = %d' % (name, value))


class Fibers (gdb.Command):
  """List fibers: fibers [backtrace]"""

  def __init__ (self):
    super ().__init__ ('fibers', gdb.COMMAND_STACK)

  def invoke (self, argument, from_tty):
    n = 0
    for worker, fiber in fibers ():
      state = STATES[int (fiber['state'])]
      if state == 'free':
        continue
      n += 1
      print ('worker %d  %-8s %-10s %s (%s)%s  fiber %s' % (
        worker, state, owner_name (fiber), fiber['func'], fiber['data'],
        '  cancelled' if int (fiber['cancelled']) else '', fiber))
      if argument == 'backtrace' and state in ('waiting', 'ready'):
        backtrace (fiber)
    print ('%d fibers' % n)


Fibers ()
