# node.sh: what a scenario needs to start nodes, ask them and expect answers; sourced by tests/scenarios/run.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
cloudsyncd=$CLOUDSYNC_BUILD/server/cloudsyncd
cloudsyncctl=$CLOUDSYNC_BUILD/server/cloudsyncctl
pids=""
trap 'for p in $pids; do kill -KILL "$p" 2>/dev/null || true; done' EXIT

fail () { echo "FAILED: $*"; exit 1; }
skip () { echo "$*"; exit 77; }

free_port () { python3 -c 'import socket; s = socket.socket (); s.bind (("127.0.0.1", 0)); print (s.getsockname ()[1])'; }

# Starts a node with role all; sets $pid, $port, $url, $data and writes $name.log. Further arguments are the server's.
start_node ()  # name argument…
{
  local name=$1
  shift
  port=$(free_port)
  url=http://127.0.0.1:$port
  data=$dir/$name
  mkdir -p "$data"
  CLOUDSYNC_AUTH__ADMIN=${CLOUDSYNC_AUTH__ADMIN:-admin:password} "$cloudsyncd" --role all --set "http.listen=127.0.0.1:$port" \
    --set "node.data-dir=$data" "$@" 2>"$dir/$name.log" &
  pid=$!
  pids="$pids $pid"
  wait_ready
}

wait_ready ()
{
  local i
  for ((i = 0; i < 200; i++)); do
    kill -0 "$pid" 2>/dev/null || fail "the node ended: $(tail -3 "$dir"/*.log)"
    [ "$(curl -s -o /dev/null -w '%{http_code}' "$url/readyz")" = 200 ] && return 0
    sleep 0.05
  done
  fail "not ready in 10 s"
}

# Waits for the node to end; sets $code and $took_ms.
await_exit ()
{
  local begin
  begin=$(date +%s%N)
  code=0
  wait "$pid" || code=$?
  took_ms=$((($(date +%s%N) - begin) / 1000000))
}

ask () { curl -s -u admin:password "$@"; }
status_of () { curl -s -o /dev/null -w '%{http_code}' "$@"; }
same () { [ "$1" = "$2" ] || fail "${3:-values}: got '$1', expected '$2'"; }
contains () { [[ $1 == *"$2"* ]] || fail "${3:-text}: '$2' is not in: $1"; }
