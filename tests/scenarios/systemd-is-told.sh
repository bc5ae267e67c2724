# sd_notify: READY once it serves, WATCHDOG in time, RELOADING and READY around a reload, STOPPING at the end.
PYTHONPATH=$here/../lib python3 - <<'PY'
from raw import *

node = Node ()
told = socket.socket (socket.AF_UNIX, socket.SOCK_DGRAM)
told.settimeout (5)
told.bind (node.dir + '/notify')
os.environ['NOTIFY_SOCKET'] = node.dir + '/notify'
os.environ['WATCHDOG_USEC'] = '200000'

def until (word):
  seen = []
  while word not in seen:
    seen += told.recv (4096).decode ().split ('\n')
  return seen

with node:
  until ('READY=1')
  began = time.monotonic ()
  until ('WATCHDOG=1')
  until ('WATCHDOG=1')
  assert time.monotonic () - began < 1
  node.process.send_signal (signal.SIGHUP)
  until ('RELOADING=1')
  until ('READY=1')
  node.process.send_signal (signal.SIGTERM)
  until ('STOPPING=1')
PY
