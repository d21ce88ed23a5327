# `make help` lists what there is. Only Python >= 3.11 and make are needed: everything else goes into .venv.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
SOURCES := src tests benchmarks docs requirements
COMPILE := uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --quiet
# pip installed the lock without its resolver, so whether all fits together is asked afterwards.
FITS = $(BIN)/python -m pip --disable-pip-version-check check >$(VENV)/check || { cat $(VENV)/check; \
	echo "the packages in $(VENV) do not fit together; make it anew: make clean, then the same command again"; exit 1; }

.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with its venv module is needed (Debian: apt install python3-venv); or say make PYTHON=/path/to/python3"; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

$(VENV)/app: requirements/app.txt pyproject.toml hatch_build.py $(wildcard src/rap_analyzer/domain/kernel/*.[ch]) | $(BIN)/python
	@echo "installing (about 80 packages; the first time takes a minute)"
	@$(BIN)/python requirements/install.py requirements/app.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(FITS)
	@touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/app
	@echo "installing what the tests need"
	@$(BIN)/python requirements/install.py requirements/dev.txt
	@$(FITS)
	@touch $@

install: $(VENV)/app ## Make .venv from the lock, with all that the demo and the commands need
	@$(BIN)/rap models fetch

quick-start: install ## Install, then the demo: collect, analyse, embed, serve at http://127.0.0.1:8000
	@$(BIN)/rap demo

install-dev: $(VENV)/dev install ## The same, with what the tests and checks need

test: install-dev ## Run the tests
	@$(BIN)/python -m pytest -q -n auto

ci-lint: install-dev ## Style, types, import contracts
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

ci-test: test ## What CI tests

ci-build: install-dev ## Build the wheel and try it in an environment of its own
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

ci-all: ci-lint ci-test ci-build ## All that CI does

pre-commit: install-dev ## Run the pre-commit hooks on every file
	$(BIN)/pre-commit run --all-files

format: install-dev ## Put the code into its one format
	$(BIN)/ruff check --fix-only --quiet $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

lock: ## Bring requirements/*.txt forward (needs uv)
	$(COMPILE) --extra embedded --extra analysis --group build -o requirements/app.txt
	$(COMPILE) --extra embedded --extra analysis --group build --group dev -o requirements/dev.txt

clean: ## Remove .venv and caches (not the data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build

.PHONY: help install install-dev quick-start test ci-lint ci-test ci-build ci-all pre-commit format lock clean
