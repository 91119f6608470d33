# `make demo` to see Basira at work; the rest is for those who change it.
CARGO ?= cargo

.PHONY: demo test lint deny fuzz fuzz-api fuzz-faults fuzz-parsers rules bench bench-poll bench-clickhouse bench-health bench-kill bench-live bench-login bench-reload bench-store bench-encodings

demo:
	@echo "The first build takes a few minutes; then Basira watches throwaway servers until Ctrl-C."
	@$(CARGO) run --quiet -- demo

test:
	$(CARGO) test --workspace --no-fail-fast

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	@$(MAKE) --no-print-directory deny

# advisories, licences, sources; cargo-deny is fetched into the cache
deny:
	@tests/lint/deny.sh

# FUZZ_SECONDS for each parser, then the whole API, then each call of the file system; what is needed is fetched into the
# cache
fuzz: fuzz-parsers fuzz-api fuzz-faults

fuzz-parsers:
	FUZZ_SECONDS=$${FUZZ_SECONDS:-600} $(CARGO) test --workspace --lib fuzz

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

bench: bench-poll bench-live bench-login bench-reload bench-store

bench-poll:
	$(CARGO) bench --bench poll

bench-clickhouse:
	$(CARGO) bench --bench poll -- clickhouse

bench-health:
	$(CARGO) bench --bench poll -- health

# 1,000 times SIGKILL under load: what was acknowledged and is lost, or counts twice; KILLS for another number
bench-kill:
	$(CARGO) bench --bench kill -- $(KILLS)

bench-live:
	$(CARGO) bench --bench live

bench-reload:
	$(CARGO) bench --bench live -- reload

# whether a login tells if an address is known, and what 50 logins at once do to polls
bench-login:
	$(CARGO) bench --bench login

bench-store:
	$(CARGO) bench --bench store

bench-encodings:
	$(CARGO) bench --bench store -- encodings
