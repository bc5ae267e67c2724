# node.require-tls: a node with a plaintext listener that others reach does not start, nor takes it on by a reload.
mkdir conf
printf '[http]\nlisten = *:0\n' >conf/90-test.conf
code=0
timeout 10 "$cloudsyncd" --role all --config conf --set node.data-dir="$dir/data" --set node.require-tls=true >out 2>&1 || code=$?
same "$code" 1 "exit code of a start"
contains "$(cat out)" "conf/90-test.conf:2: [http] listen: *:0 is served in plaintext, which node.require-tls forbids; set certificate and key"
[ ! -e data ] || fail "something was started"

port=$(free_port)
url=http://127.0.0.1:$port
printf '[http]\nlisten = *:%s\n' "$port" >conf/90-test.conf
CLOUDSYNC_AUTH__ADMIN=admin:password "$cloudsyncd" --role all --config conf --set node.data-dir="$dir/data" 2>node.log &
pid=$!
pids="$pids $pid"
wait_ready
ctl () { "$cloudsyncctl" --socket data/run/cloudsyncd.sock "$@"; }
printf '[node]\nrequire-tls = true\n' >>conf/90-test.conf
code=0; ctl reload >out 2>&1 || code=$?
same "$code" 1 "exit code of the reload"
contains "$(cat out)" "[http] listen: *:$port is served in plaintext, which node.require-tls forbids"
same "$(ctl config --json | python3 -c "import json, sys; print ([s['value'] for s in json.load (sys.stdin) if s['key'] == 'require-tls'])")" "['false']"

# a node whose listener is encrypted takes it on, and is reached
kill -TERM "$pid"; await_exit
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=n >/dev/null 2>&1
printf '[http]\nlisten = 127.0.0.1:%s\n[listener public]\naddress = *:0\ncertificate = %s/c.pem\nkey = %s/k.pem\n' "$port" "$dir" "$dir" \
  >conf/90-test.conf
CLOUDSYNC_AUTH__ADMIN=admin:password "$cloudsyncd" --role all --config conf --set node.data-dir="$dir/data" 2>node.log &
pid=$!
pids="$pids $pid"
wait_ready
printf '[node]\nrequire-tls = true\n' >>conf/90-test.conf
contains "$(ctl reload 2>&1)" node.require-tls
