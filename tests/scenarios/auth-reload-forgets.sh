# A reload with another password ends what was remembered of the old one, on every worker, and drops no connection.
mkdir config
printf '[auth]\nadmin = admin:first\n' >config/10-auth.conf
port=$(free_port)
url=http://127.0.0.1:$port
"$cloudsyncd" --role all --config config --set "http.listen=127.0.0.1:$port" --set node.data-dir="$dir/data" \
  --set node.workers=2 2>node.log &
pid=$!
pids="$pids $pid"
wait_ready
for _ in $(seq 10); do same "$(status_of -u admin:first -X GET "$url/_all_dbs")" 200; done
printf '[auth]\nadmin = admin:second\n' >config/10-auth.conf
kill -HUP "$pid"
for _ in $(seq 100); do grep -q reloaded node.log && break; sleep 0.05; done
for _ in $(seq 10); do same "$(status_of -u admin:first "$url/_all_dbs")" 401 "the old password"; done
same "$(status_of -u admin:second "$url/_all_dbs")" 200
