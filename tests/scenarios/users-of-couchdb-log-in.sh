# Users that were replicated from CouchDB log in with the hashes that it made, old and new.
start_node node
users=$url/_users
python3 - >docs.json <<'PY'
import hashlib, json
def user (name, digest, iterations, more):
    salt = name * 4
    key = hashlib.pbkdf2_hmac (digest, b"open sesame", salt.encode (), iterations).hex ()
    return {"_id": "org.couchdb.user:" + name, "_rev": "1-" + "a" * 32, "name": name, "type": "user", "roles": ["staff"],
            "password_scheme": "pbkdf2", "iterations": iterations, "derived_key": key, "salt": salt, **more}
print (json.dumps ({"new_edits": False, "docs": [
    user ("old", "sha1", 10, {}), user ("sha", "sha1", 1000, {"pbkdf2_prf": "sha"}),
    user ("new", "sha256", 5000, {"pbkdf2_prf": "sha256"}), user ("large", "sha512", 5000, {"pbkdf2_prf": "sha512"}),
    user ("huge", "sha256", 10, {"pbkdf2_prf": "sha256", "iterations": 2000000000}),
    user ("odd", "sha256", 10, {"pbkdf2_prf": "md5"})]}))
PY
same "$(ask -X POST -H 'Content-Type: application/json' "$users/_bulk_docs" -d @docs.json)" '[]'
for name in old sha new large; do
  contains "$(curl -s -u "$name:open sesame" "$url/_session")" '"staff"' "$name"
  same "$(status_of -u "$name:wrong" "$url/_session")" 401
done
for name in huge odd; do same "$(status_of -u "$name:open sesame" "$url/_session")" 401 "$name"; done
