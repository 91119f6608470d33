# `make demo` to see Basira at work; the rest is for those who change it.
CARGO ?= cargo
BENCH = $(CARGO) bench --package basira-benches --bench

.PHONY: demo dist ui test-ui test-page screenshots program test lint deny fuzz fuzz-api fuzz-faults fuzz-literals fuzz-parsers rules bench bench-poll bench-clickhouse bench-health bench-kill bench-live bench-login bench-reload bench-store bench-encodings

demo:
	@echo "The first build takes some minutes; then Basira watches throwaway servers until Ctrl-C."
	@$(CARGO) run -- demo

test: test-ui
	@tests/run.sh
	@tests/page.sh

# the page, into ui/dist; a binary that is built afterwards embeds it instead of ui/release
ui:
	cd ui && npm ci && npm run build
	touch build.rs

# types, lint and unit tests of the page, and whether ui/release is what it builds
test-ui:
	@if command -v npm >/dev/null; then cd ui && npm ci --silent && npm run check && npm run fresh; \
	else echo "the page is not tested: install Node.js 20 or newer" >&2; test -z "$${CI:-}"; fi

# a walk through the page in a browser
test-page:
	$(CARGO) build
	@tests/page.sh

# the pictures of the README, of the demo after some minutes
screenshots:
	$(CARGO) build
	cd ui && npm ci --silent && CHROMIUM=$$(tools/chromium.sh) node tools/screenshots.mjs ../target/debug/basira ../docs/pictures

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	@$(MAKE) --no-print-directory deny

# advisories, licences, sources; cargo-deny is fetched into the cache
deny:
	@tests/lint/deny.sh

# FUZZ_SECONDS for each parser, then literals, the whole API, and each call of the file system; what is needed is fetched
# into the cache
fuzz: fuzz-parsers fuzz-literals fuzz-api fuzz-faults

fuzz-parsers:
	FUZZ_SECONDS=$${FUZZ_SECONDS:-600} $(CARGO) test --lib fuzz

# LITERAL_STATEMENTS with secrets to each of three servers, and none may come back
fuzz-literals:
	LITERAL_STATEMENTS=$${LITERAL_STATEMENTS:-700} $(CARGO) test --test it literals

fuzz-api:
	$(CARGO) build
	tests/fuzz/api.sh

# each call of the file system fails once; the tests try only some of them
fuzz-faults:
	FAULT_POINTS=all $(CARGO) test --test it durability::

# docs/rules.md is made of the rules
rules:
	$(CARGO) run --quiet -- rules > docs/rules.md.new
	mv docs/rules.md.new docs/rules.md

# what is handed out: optimised at link time, which takes several times as long
dist:
	$(CARGO) build --profile dist --bin basira

# the program that benchmarks start
program:
	$(CARGO) build --release --bin basira

bench: bench-poll bench-live bench-login bench-reload bench-store

bench-poll: program
	$(BENCH) poll

bench-clickhouse: program
	$(BENCH) poll -- clickhouse

bench-health: program
	$(BENCH) poll -- health

# 1,000 times SIGKILL under load: what was acknowledged and is lost, or counts twice; KILLS for another number
bench-kill: program
	$(BENCH) kill -- $(KILLS)

bench-live: program
	$(BENCH) live

bench-reload: program
	$(BENCH) live -- reload

# whether a login tells if an address is known, and what 50 logins at once do to polls
bench-login: program
	$(BENCH) login

bench-store: program
	$(BENCH) store

bench-encodings: program
	$(BENCH) store -- encodings
