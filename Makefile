# `make run` and `make test` set up everything they need; the second call starts at once.
# PYTHON=/path/to/python3.12 make run     chooses the interpreter of a new environment.
# make test ARGS="-k outbox -x"           hands arguments to pytest.
# make test WORKERS=0 ARGS="--pdb"        runs the tests in one process, not in one per core.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
WORKERS ?= auto
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCKED := --require-hashes --no-deps
LOCK_VENV := $(VENV)/.lock
COMPILE = $(LOCK_VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: help run test soak servers lint types format schemas reference bench lock wheel release clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 14

run: $(STAMPS)/run ## serve the demo platform on 127.0.0.1:8000; SET="gateway.port=8001" sets keys
	@$(BIN)/colonnade $(foreach each,$(SET),--set $(each)) run $(ARGS)

# Compiled modules are kept: the tests start hundreds of processes, each of which would compile anew.
test soak: export PYTHONDONTWRITEBYTECODE :=

test: $(STAMPS)/dev ## run the tests; ARGS="…" goes to pytest
	@$(BIN)/python -m colonnade_runtime.testing.servers $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

soak: $(STAMPS)/dev ## run what takes an hour: thousands of simulated histories, every crash; ARGS="…" goes to pytest
	@$(BIN)/python -m colonnade_runtime.testing.servers $(BIN)/python -m pytest -n $(WORKERS) -m soak $(ARGS)

servers: $(STAMPS)/dev ## run the servers that tests use, until Ctrl-C or the end of ARGS="command"
	@$(BIN)/python -m colonnade_runtime.testing.servers $(ARGS)

lint: $(STAMPS)/dev ## check style, formatting, the walls between packages and what is declared to be needed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/deptry core runtime plugins

types: $(STAMPS)/dev ## check types, strictly
	$(BIN)/mypy

format: $(STAMPS)/dev ## rewrite files to the project's style
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

schemas: $(STAMPS)/dev ## publish the JSON Schemas of the declaration in docs/reference/
	$(BIN)/python -c 'from pathlib import Path; from colonnade_runtime.declaration.schema import write_schemas; write_schemas(Path("docs/reference"))'

reference: $(STAMPS)/dev ## publish the reference of core, operations and events in docs/reference/
	$(BIN)/python docs/reference/generate.py

bench: $(STAMPS)/dev ## measure speed, as ratios taken in one run
	@$(BIN)/python -m benchmarks $(ARGS)

lock: | $(LOCK_VENV)/bin/uv ## pin the newest versions that pyproject.toml allows; ARGS=--upgrade
	$(COMPILE) $(ARGS) pyproject.toml --all-extras --group dev --output-file requirements/dev.lock
	$(COMPILE) pyproject.toml --group build --constraint requirements/dev.lock --output-file requirements/run.lock

wheel: $(STAMPS)/dev ## build the wheel into dist/
	@$(BIN)/python -m hatchling build --target wheel

release: ## set the version, gather the change notes, commit, tag and list it; VERSION=1.2.3 [JUMP=yes]
	@test -n "$(VERSION)" || { echo "Say which: make release VERSION=1.2.3" >&2; exit 1; }
	@python3 changes/release.py "$(VERSION)" "$$(date -u +%F)" $(if $(JUMP),--jump)

clean: ## remove the environment and every cache; var/ (your data) stays
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment serves both locks: run.lock is the part of dev.lock that serving needs, at the same versions.
$(STAMPS)/run: requirements/run.lock pyproject.toml
	$(call find-or-make-environment)
	@echo "Installing what Colonnade needs to run (once) …"
	@$(PIP) install $(LOCKED) -r requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements/dev.lock pyproject.toml
	$(call find-or-make-environment)
	@echo "Installing what Colonnade and its tests need (once) …"
	@$(PIP) install $(LOCKED) -r requirements/dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMPS) && touch $(STAMPS)/run $@

$(LOCK_VENV)/bin/uv:
	$(call find-or-make-environment)
	@$(BIN)/python -m venv $(LOCK_VENV)
	@$(LOCK_VENV)/bin/python -m pip --disable-pip-version-check --quiet install uv

define find-or-make-environment
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then exit 0; fi; \
	for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python; do \
		if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$("$$candidate" --version) …"; \
			exec "$$candidate" -m venv $(VENV); \
		fi; \
	done; \
	echo "Colonnade needs Python 3.11 or newer with its venv module; none was found on PATH." >&2; \
	echo "Install one (on Debian: python3 and python3-venv), or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
	exit 1
endef
