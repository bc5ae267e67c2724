# cloudsyncctl and the socket beneath: what each command gives, who may ask, and that nonsense harms nobody.
CLOUDSYNC_HTTP__MAX_BODY=2M start_node node --set auth.admin=admin:s3cr3t-for-grep
socket=$data/run/cloudsyncd.sock
ctl () { "$cloudsyncctl" --socket "$socket" "$@"; }
json () { python3 -c "import json, sys; v = json.load (sys.stdin); print ($1)"; }

same "$(stat -c %a "$socket")" 600 "mode of the socket"
same "$(ctl status --json | json "v['state'], v['ready'], v['pid'], v['listeners']")" \
  "running True $pid ['127.0.0.1:$port']" status
same "$(ctl plugins --json | json "[p['used_by'] for p in v if p['name'] == 'sqlite']")" "[['sync']]" plugins
same "$(ctl plugins --json | json "[u['plugin'] for p in v if p['name'] == 'sync' for u in p['uses'] if u['contract'] == 'store']")" \
  "['sqlite']" uses

from () { ctl config --json | json "[(s['value'], s['source']) for s in v if (s['section'], s['key']) == ('$1', '$2')]"; }
same "$(from http max-body)" "[('2M', 'environment CLOUDSYNC_HTTP__MAX_BODY')]"
same "$(from http listen)" "[('127.0.0.1:$port', '--set http.listen')]"
same "$(from node drain-timeout)" "[('30s', 'default')]"
same "$(from auth admin)" "[('***', '--set auth.admin')]"
contains "$(from http max-concurrent-requests)" "roles/all.role:"
if ctl config | grep -F s3cr3t; then fail "a secret was shown"; fi
if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -F s3cr3t; then fail "a secret is in the command line"; fi

same "$(ctl check --json 2>told | json "v['sqlite'][0]['ok']")" True check
same "$(json "v['progress']['what']" <told)" "pages of store-0.db" "progress of the check, as JSON"
contains "$(ctl check 2>&1 >out)" "pages of store-0.db" "progress of the check"
same "$(ctl stats --json | json "len ([s for s in v if s['name'] == 'workers'])")" 1 stats
contains "$(ctl reload 2>&1)" changed reload
code=0; ctl no-such-command >out 2>&1 || code=$?
[ $code != 0 ] || fail "an unknown command was taken"

python3 - "$socket" "$pid" <<'PY'
import json, os, socket, sys, time

def ask (data, lines=1):
  with socket.socket (socket.AF_UNIX) as s:
    s.settimeout (5)
    s.connect (sys.argv[1])
    s.sendall (data)
    return [s.makefile ().readline () for _ in range (lines)] if lines == 1 else s.makefile ().read ()

for nonsense in (b'\n', b'{}\n', b'[]\n', b'{"command":1}\n', b'{"command":"status","args":3}\n', b'\xff\xfe\n',
                 b'{"command":"status"' + b'[' * 5000 + b'\n'):
  answer = json.loads (ask (nonsense)[0])
  assert answer['ok'] is False and 'expected a line' in answer['error'], answer
assert 'there is no command' in json.loads (ask (b'{"command":"nonsense"}\n')[0])['error']
# two requests at once are answered in order, also when the first runs in the pool
with socket.socket (socket.AF_UNIX) as s:
  s.settimeout (10)
  s.connect (sys.argv[1])
  s.sendall (b'{"command":"check"}\n{"command":"status"}\n')
  lines = s.makefile ()
  answers = [json.loads (lines.readline ()) for _ in range (2)]
  assert 'progress' in answers[0] and 'sqlite' in answers[1]['result'], answers
  assert json.loads (lines.readline ())['result']['state'] == 'running'
# descriptors that come along are closed, also when there are more than one
def held ():
  return len (os.listdir (f'/proc/{sys.argv[2]}/fd'))

before = held ()
for n in (1, 2, 2, 3):
  with socket.socket (socket.AF_UNIX) as s, open ('/dev/null') as file:
    s.settimeout (10)
    s.connect (sys.argv[1])
    socket.send_fds (s, [b'{"command":"status"}\n'], [file.fileno ()] * n)
    assert json.loads (s.makefile ().readline ())['ok'] is True
deadline = time.monotonic () + 10
while held () > before and time.monotonic () < deadline:
  time.sleep (0.05)
assert held () <= before, (before, held ())
# a line without end is not kept for ever
with socket.socket (socket.AF_UNIX) as s:
  s.settimeout (5)
  s.connect (sys.argv[1])
  try:
    s.sendall (b'x' * 200000)
    assert s.recv (1) == b''
  except (BrokenPipeError, ConnectionResetError):
    pass
PY

contains "$(ctl drain 3)" "" drain
await_exit
same "$code" 0 "exit code after drain"
[ ! -e "$socket" ] || fail "the socket file is left"
code=0; ctl status >out 2>&1 || code=$?
same "$code" 3 "exit code without a node"
contains "$(cat out)" "no node answers at $socket"
