# pg_synth. The two commands to begin with: `make demo` and `make test`.

PG_CONFIG ?= pg_config
CARGO ?= cargo
CARGO_TARGET_DIR ?= $(CURDIR)/target
# Only where the server's directories are not ours to write to.
SUDO = $(shell [ -w "$$($(PG_CONFIG) --pkglibdir 2>/dev/null)" ] || [ "$$(id -u)" = 0 ] || echo sudo)

export PG_CONFIG CARGO_TARGET_DIR
# pgrx reads the server's headers through this one.
export PGRX_PG_CONFIG_PATH = $(shell command -v $(PG_CONFIG))

LIBRARY = $(CARGO_TARGET_DIR)/release/libpg_synth.so
SYNTHD = $(CARGO_TARGET_DIR)/release/synthd
export SYNTHD_BIN = $(SYNTHD)

.DEFAULT_GOAL := build
.PHONY: help generated build install uninstall demo demo-down test bench lint deps clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20

deps: ## install what is missing (Debian packages), or say how
	@scripts/deps.sh

# The whole workspace at once: cargo joins the features of what is built together, and builds anew
# what has others, so that package by package the engine would be compiled three times.
build: ## build the extension and synthd
	@scripts/deps.sh build
	$(CARGO) build --release --locked --workspace --features pg_synth/pg$$(scripts/pg_major.sh)

# Like PGXS: PG_CONFIG chooses the server, DESTDIR is respected, and a library that has been built
# is not built again, so that `sudo make install` needs no toolchain.
install: ## copy the extension's files to where pg_config says
	@test -f $(LIBRARY) || $(MAKE) build
	install -d '$(DESTDIR)$(shell $(PG_CONFIG) --pkglibdir)' '$(DESTDIR)$(shell $(PG_CONFIG) --sharedir)/extension'
	install -m 755 $(LIBRARY) '$(DESTDIR)$(shell $(PG_CONFIG) --pkglibdir)/pg_synth.so.new'
	mv '$(DESTDIR)$(shell $(PG_CONFIG) --pkglibdir)/pg_synth.so.new' '$(DESTDIR)$(shell $(PG_CONFIG) --pkglibdir)/pg_synth.so'
	install -m 644 sql/pg_synth.control sql/pg_synth--*.sql '$(DESTDIR)$(shell $(PG_CONFIG) --sharedir)/extension/'

uninstall: ## remove them again
	rm -f '$(DESTDIR)$(shell $(PG_CONFIG) --pkglibdir)/pg_synth.so'
	rm -f '$(DESTDIR)$(shell $(PG_CONFIG) --sharedir)/extension'/pg_synth.control '$(DESTDIR)$(shell $(PG_CONFIG) --sharedir)/extension'/pg_synth--*.sql

demo: ## show the main job on a private Postgres cluster
	@scripts/deps.sh demo
	@$(MAKE) --no-print-directory build
	@$(SUDO) $(MAKE) --no-print-directory install PG_CONFIG='$(PG_CONFIG)' CARGO_TARGET_DIR='$(CARGO_TARGET_DIR)' >/dev/null
	@scripts/demo.sh

demo-down: ## stop and remove the demo's cluster
	@scripts/cluster.sh stop '$(CARGO_TARGET_DIR)/demo'
	@rm -rf '$(CARGO_TARGET_DIR)/demo'

test: ## run every test: engine, extension, connectors, service
	@scripts/deps.sh test
	@scripts/validators.sh
	@$(MAKE) --no-print-directory build
	@$(SUDO) $(MAKE) --no-print-directory install PG_CONFIG='$(PG_CONFIG)' CARGO_TARGET_DIR='$(CARGO_TARGET_DIR)' >/dev/null
	$(CARGO) test --release --locked --workspace --doc --no-fail-fast
	$(CARGO) test --release --locked --workspace --lib --bins --tests --examples --no-fail-fast

generated: ## rewrite what is generated: SQL of value functions, docs/reference.md, docs/functions.md, outputs in documents
	UPDATE_GENERATED=1 $(CARGO) test --release --locked --workspace --test generated
	@$(MAKE) --no-print-directory build
	@$(SUDO) $(MAKE) --no-print-directory install PG_CONFIG='$(PG_CONFIG)' CARGO_TARGET_DIR='$(CARGO_TARGET_DIR)' >/dev/null
	UPDATE_GENERATED=1 $(CARGO) test --release --locked --workspace --test blackbox -- extension::reference
	UPDATE_GENERATED=1 $(CARGO) test --release --locked --workspace --test blackbox -- extension::examples::documented

bench: ## measure speed and memory, as ratios in one run
	@scripts/deps.sh bench
	@$(MAKE) --no-print-directory build
	@$(SUDO) $(MAKE) --no-print-directory install PG_CONFIG='$(PG_CONFIG)' CARGO_TARGET_DIR='$(CARGO_TARGET_DIR)' >/dev/null
	@python3 scripts/bench.py

lint: ## formatting, clippy, documentation and licences, warnings as errors
	@scripts/deps.sh build
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --release --locked --workspace --no-deps --document-private-items
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check bans licenses sources; \
	else echo 'lint: cargo-deny is not installed, licences are not checked (cargo install cargo-deny)'; fi

clean: demo-down ## remove what was built
	$(CARGO) clean
