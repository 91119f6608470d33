#!/bin/sh
# `cargo deny check` by deny.toml: advisories, licences, bans, sources. cargo-deny is fetched into the cache once, pinned
# by version and checksum. Without a network this is skipped, in so many words.
set -eu

version=0.20.2
cache=${BASIRA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/basira}
root=$cache/cargo-deny-$version

if command -v cargo-deny >/dev/null 2>&1; then
    deny=cargo-deny
else
    deny=$root/bin/cargo-deny
    if [ ! -x "$deny" ] && ! cargo install --quiet --locked --root "$root" "cargo-deny@$version"; then
        echo "SKIPPED: cargo-deny $version cannot be fetched (no network?); advisories and licences were not checked" >&2
        exit 0
    fi
fi
if ! "$deny" --all-features fetch db >/dev/null 2>&1; then
    echo "SKIPPED: the advisory database cannot be fetched; only licences, bans and sources are checked" >&2
    exec "$deny" --offline check licenses bans sources
fi
exec "$deny" check
