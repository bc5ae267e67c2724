# cloudsyncctl user adds, changes and removes users; the password is never an argument.
start_node node --set sync.per-user-databases=true --set sync.per-user-delete=true
export CLOUDSYNC_SOCKET
CLOUDSYNC_SOCKET=$(find "$data" -name '*.sock' | head -1)
user () { "$cloudsyncctl" user "$@"; }
refuses () { local why=$1; shift; if out=$(user "$@" 2>&1 </dev/null); then fail "$* was done: $out"; fi; contains "$out" "$why"; }

same "$("$cloudsyncctl" --json user list)" '[]'
same "$(printf 'pw-ann\n' | user add ann roles=staff,editors tenant=acme)" "ann: added"
same "$(printf 'pw-bob\n' | "$cloudsyncctl" --json user add bob | tr -d ' \n')" '{"added":"bob"}'
same "$(status_of -u bob:pw-bob "$url/_session")" 200
contains "$(curl -s -u ann:pw-ann "$url/_session")" '"roles":["staff","editors"],"tenant":"acme"'
contains "$(user list)" "acme"
contains "$(user list)" "staff editors"

same "$(printf 'another\n' | user passwd ann)" "ann: changed"
same "$(status_of -u ann:pw-ann "$url/_session")" 401
contains "$(curl -s -u ann:another "$url/_session")" '"roles":["staff","editors"],"tenant":"acme"' "roles and tenant stay"
same "$(user roles ann boss)" "ann: changed"
contains "$(curl -s -u ann:another "$url/_session")" '"roles":["boss"]' "the password stays"
same "$(user roles ann)" "ann: changed"
contains "$(curl -s -u ann:another "$url/_session")" '"roles":[]'
contains "$(ask "$url/_all_dbs")" '"@acme/userdb-616e6e"' "a database of her own"
same "$(user del ann)" "ann: removed"
if [[ $(ask "$url/_all_dbs") == *616e6e* ]]; then fail "the database of a user who is gone"; fi
same "$(status_of -u ann:another "$url/_session")" 401
printf 'again\n' | user add ann >/dev/null
same "$(status_of -u ann:again "$url/_session")" 200 "added anew"

printf 'x\n' >x
if out=$(user add bob <x 2>&1); then fail "twice"; fi
contains "$out" "there is such a user"
if out=$(user add 'a:b' <x 2>&1); then fail "a colon"; fi
contains "$out" 'Character `:` is not allowed'
if out=$(user add eve roles=_admin <x 2>&1); then fail "a role of the server"; fi
contains "$out" "No system roles"
refuses "does not belong in a command line" add eve password=x
refuses "no password was given" add eve
refuses "there is no such user" del nobody
refuses "there is no such user" roles nobody x
refuses "the forms are" rename a b
refuses "the forms are" list x y z=
