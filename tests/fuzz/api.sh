#!/bin/sh
# The whole API under schemathesis, driven by the OpenAPI document of a throwaway server: no 5xx, no undocumented status.
# Needs python3 with venv; schemathesis itself is fetched into the cache, in the versions that requirements.txt pins.
# FUZZ_EXAMPLES: generated requests per operation and round.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${BASIRA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/basira}
pinned=$(sha256sum "$here/requirements.txt" | cut -c1-16)
tools=$cache/schemathesis-$pinned
basira=${BASIRA:-$here/../../target/debug/basira}
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method
least_requests=${FUZZ_LEAST_REQUESTS:-20000}

if [ ! -x "$tools/bin/schemathesis" ]; then
    rm -rf "$tools.partial" && mkdir -p "$cache"
    python3 -m venv "$tools.partial"
    if ! "$tools.partial/bin/pip" install --quiet --no-deps --requirement "$here/requirements.txt"; then
        echo "schemathesis cannot be fetched: is there a network?" >&2
        exit 1
    fi
    # scripts of a venv name the folder that it was made in
    find "$tools.partial/bin" -type f -exec sed -i "s#$tools.partial#$tools#g" {} +
    mv "$tools.partial" "$tools"
fi

work=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT INT TERM

# nobody but this machine is connected to, whatever host is generated
everywhere=0.0.0.0/2,64.0.0.0/3,96.0.0.0/4,112.0.0.0/5,120.0.0.0/6,124.0.0.0/7,126.0.0.0/8,128.0.0.0/1,::/0
# one client asks for all, and as fast as it can
for limit in SIGNUP LOGIN_FAILURES REFRESH FORGOT_PASSWORD RESET_PASSWORD RESEND_VERIFICATION; do
    export "BASIRA__LIMITS__AUTH__${limit}_PER_HOUR=0"
done
export BASIRA__LIMITS__API__PER_SECOND=0 BASIRA__LIMITS__AUTH__MAIL_PAUSE_SECONDS=0
BASIRA__TARGETS__DENY=$everywhere BASIRA__LOG__LEVEL=warn \
    "$basira" --data-dir "$work/data" serve --listen 127.0.0.1:0 >"$work/bound" 2>"$work/log" &
server=$!
for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$work/bound")
    [ -n "$url" ] && break
    sleep 0.1
done
[ -n "$url" ] || { cat "$work/log" >&2; exit 1; }

# what the server answers to a POST of the owner's; $3 is the field that is wanted
post() {
    answer=$(curl -sS -X POST "$url/api/v1$1" -H "Authorization: Bearer ${token:-none}" -H 'Content-Type: application/json' -d "$2")
    value=$(printf %s "$answer" | sed -n "s/.*\"$3\":\"\([^\"]*\)\".*/\1/p")
    [ -n "$value" ] || { echo "$1 answered $answer" >&2; exit 1; }
    printf %s "$value"
}
token=$(post /auth/signup '{"email":"a@x.org","password":"correct horse","name":"A","org_name":"a"}' access_token)
mail=$(cat "$work"/data/mail/*.eml | tr -d '\r' | sed -e ':a' -e '/=$/{N;s/=\n//;ba}' | sed -e 's/=3D/=/g')
verify=$(printf %s "$mail" | sed -n 's/.*token=\([0-9A-Za-z_-]*\).*/\1/p' | head -1)
curl -sS "$url/api/v1/auth/verify-email?token=$verify" >/dev/null
key=$(post /api-keys '{"name":"fuzz"}' key)
postgres=$(post /databases '{"name":"pg","engine":"postgres","host":"127.0.0.1","port":1}' id)
clickhouse=$(post /databases '{"name":"ch","engine":"clickhouse","host":"127.0.0.1","port":1}' id)

requests=0
failed=0
# one round: ids of what there is ($1), or generated ones; the rest are further options
round() {
    config=$work/schemathesis.toml
    # the key that was made above is who asks, nobody else
    printf '[auth]\nauto-signup = false\n' >"$config"
    [ "$1" = any ] || printf '[parameters]\n"path.id" = "%s"\n' "$1" >>"$config"
    shift
    # as a subshell that is in that folder: reports and the like stay there
    (cd "$work" && "$tools/bin/schemathesis" --config-file "$config" --no-color run "$url/openapi.json" -H "X-API-Key: $key" \
        --checks "$checks" --suppress-health-check all --continue-on-failure --max-failures 50 --request-timeout 120 \
        --warnings off --workers "${FUZZ_WORKERS:-2}" "$@") >"$work/round" 2>&1 || failed=1
    made=$(sed -n 's/.* \([0-9,]*\) generated.*/\1/p' "$work/round" | tr -d , | tail -1)
    requests=$((requests + ${made:-0}))
    if [ "$failed" = 1 ]; then
        cat "$work/round"
        grep -v '"level":"info"' "$work/log" | tail -20
    fi
    echo "$requests requests so far"
}

examples=${FUZZ_EXAMPLES:-120}
round "$postgres" --phases coverage,fuzzing --max-examples "$examples" --exclude-method DELETE
[ "$failed" = 1 ] || round "$clickhouse" --phases coverage,fuzzing --max-examples "$examples" --exclude-method DELETE
while [ "$failed" = 0 ]; do
    round any --phases coverage,fuzzing,stateful --max-examples "$examples"
    [ "$requests" -lt "$least_requests" ] || break
done
kill -0 "$server" || { echo "the server is gone" >&2; exit 1; }
echo "$requests requests"
exit "$failed"
