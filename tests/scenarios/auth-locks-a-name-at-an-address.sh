# Five failures lock a name at that address; the administrator still gets in from this machine, and others from elsewhere.
# (A password that was right a moment ago would be known without being looked at.)
start_node node --set auth.remember=0s
db () { printf '%s/db' "$url"; }
same "$(status_of -u admin:password -X PUT "$(db)")" 201
# A request with X-Forwarded-For came through a proxy: it is not of this machine. 127.0.0.2 is another proxy.
far=(-H 'X-Forwarded-For: 203.0.113.9')
for _ in 1 2 3 4 5; do same "$(status_of "${far[@]}" -u admin:wrong "$(db)")" 401; done
same "$(status_of "${far[@]}" -u admin:wrong2 "$(db)")" 403
contains "$(curl -s "${far[@]}" -u admin:right "$(db)")" 'Account is temporarily locked due to multiple authentication failures'
same "$(status_of "${far[@]}" -d 'name=admin&password=password' "$url/_session")" 403 "by /_session too"
same "$(status_of --interface 127.0.0.2 "${far[@]}" -d 'name=admin&password=password' "$url/_session")" 200 "from another address"
same "$(status_of -u admin:password "$(db)")" 200 "from this machine"
for _ in 1 2 3 4 5 6 7; do same "$(status_of -u admin:wrong "$(db)")" 401; done
same "$(status_of -d 'name=admin&password=password' "$url/_session")" 200 "from this machine, whatever was tried there"
contains "$(curl -s -u admin:password "$url/metrics")" 'auth_logins_total{result="locked"} 3'
