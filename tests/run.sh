#!/usr/bin/env bash
# Runs all tests, then prints which took longest. Arguments are passed to cargo.
set -uo pipefail
cd "$(dirname "$0")/.."

# how many run at once: most wait for a server most of the time, so more than there are cores
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-4}
# reporting times is an unstable option of the test harness: allowed for the tests alone, nothing is compiled otherwise
host=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${host}_RUNNER=env RUSTC_BOOTSTRAP=1"

output=$(mktemp)
trap 'rm -f "$output"' EXIT
cargo test --no-fail-fast --lib --bins --tests "$@" -- -Z unstable-options --report-time 2>&1 | tee "$output"
result=${PIPESTATUS[0]}
cargo test --quiet --doc || result=$?
echo "The slowest tests, in seconds:"
sed -nE 's/^test (.*) \.\.\. .*<([0-9.]+)s>$/\2 \1/p' "$output" | sort -rn | head -15
exit "$result"
