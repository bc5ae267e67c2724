# A node with neither auth.open nor any account starts; what needs an identity answers 401.
CLOUDSYNC_AUTH__ADMIN=$(printf '') start_node node --set auth.admin=
same "$(status_of -X PUT "$url/notes")" 401
same "$(status_of -u admin:password -X PUT "$url/notes")" 401
same "$(status_of "$url/healthz")" 200
same "$(status_of "$url/")" 200
