# Two commands are enough on a fresh machine with make and Python >= 3.11: `make demo` and `make test`.
.RECIPEPREFIX = >
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFORMANCE := transcripts hostile_wire retries conformance refusals
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help install demo serve test conformance faults check format lock clean services bench soak

help: ## Show what can be made
> @grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed ## Create .venv with the parley command in it

demo: $(VENV)/.installed ## A panel, a vote and two comparisons with the embedded models
> @$(BIN)/parley demo

serve: $(VENV)/.installed ## Run the server on http://127.0.0.1:8080
> $(BIN)/parley serve

test: $(VENV)/.tested services ## Run every test
> $(BIN)/python -m pytest

conformance: $(VENV)/.tested ## Judge the four client libraries and print the table, case by language
> @$(BIN)/python -m pytest $(CONFORMANCE:%=tests/clients/test_%.py); status=$$?; cat .artifacts/conformance.txt; exit $$status

faults: $(VENV)/.tested services ## Kill, cut off, fill and stop what can be, in full: about half an hour
> PYTHONPATH=tests $(BIN)/python -m faults

bench: $(VENV)/.installed ## Measure what the server costs; ARGS="--only chat --quick" for a part, else about an hour
ifdef ARGS
> $(BIN)/python -m bench $(ARGS)
else
> $(BIN)/python -m bench --floor
> $(BIN)/python -m bench --floor --tls --only core
> $(BIN)/python -m bench --store postgresql --limiter redis --only core
> $(BIN)/python -m bench --limiter redis --workers 2 --only core
endif

soak: $(VENV)/.installed ## A million upstream calls while memory is watched; ARGS="--calls 50000" for less
> $(BIN)/python -m bench.soak $(ARGS)

check: $(VENV)/.tested ## Format, lint, types, layers
> $(BIN)/ruff format --check .
> $(BIN)/ruff check .
> $(BIN)/mypy
> $(BIN)/python -m pytest tests/test_layers.py

format: $(VENV)/.tested ## Format and mend what can be mended
> $(BIN)/ruff format .
> $(BIN)/ruff check --fix .

# Real servers and a browser for the tests. Installed only where that needs no question; else their tests are skipped.
services:
> @missing=$$(sh tests/install_services.sh --list); \
>   if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
>     echo "Installing what some tests need:$$missing"; \
>     sh tests/install_services.sh || echo "That could not be installed; the tests that need it will be skipped"; \
>   fi

lock: ## Pin every dependency again (needs pip-tools)
> sh requirements/lock.sh

clean: ## Remove what was built
> rm -rf clients/typescript/node_modules clients/typescript/dist clients/typescript/build clients/java/target
> rm -rf tests/console/node_modules
> rm -rf $(VENV) build dist src/parley.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
> @$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Parley needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...")'
> $(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
> $(PIP) install --require-hashes -r requirements/runtime.txt
> $(PIP) install --no-deps --no-build-isolation --editable .
> @touch $@

$(VENV)/.tested: requirements/test.txt $(VENV)/.installed
> $(PIP) install --require-hashes -r requirements/test.txt
> @touch $@
