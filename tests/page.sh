#!/usr/bin/env bash
# Walks through the page in a browser, against the demo and a server of its own. Where Node.js or a Chromium cannot be had it says
# what to install; where changes are checked (CI is set) that is a failure.
set -euo pipefail
cd "$(dirname "$0")/../ui"

missing() {
    echo "the walk through the page is left out: $1" >&2
    [ -z "${CI:-}" ]
    exit
}

command -v npm >/dev/null || missing "install Node.js 20 or newer"
[ -d node_modules ] || npm ci --silent
CHROMIUM=$(tools/chromium.sh) || missing "install Chromium, or name one with CHROMIUM"
export CHROMIUM
exec npm run --silent e2e -- "${CARGO_TARGET_DIR:-../target}/debug/basira"
