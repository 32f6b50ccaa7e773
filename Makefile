# The commands of this repository. Each makes what it needs in .venv, and is quick the second time.
#   make demo    a complete simulated room, with a panel to press
#   make test    everything: lint, types, layout, unit, contract, story and browser tests
#   make bench   what a command costs, beside a bare relay
PYTHON ?= python3
BIN := .venv/bin

# Where it is forbidden to keep compiled files, every process of the tests compiles everything again: 16 s each.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test bench table screenshot format clean

demo: .venv/.run
	@exec $(BIN)/roomgate demo $(ARGS)

test: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m alone $(ARGS)
	$(BIN)/python -m pytest -n 8 --dist worksteal -m "not alone" $(ARGS)

bench: .venv/.test
	$(BIN)/python -m benchmarks $(ARGS)

# The supported-devices table and the screenshot in the README are made, never written.
table: .venv/.test
	$(BIN)/python docs/make_table.py

screenshot: .venv/.test
	$(BIN)/python docs/make_screenshot.py

format: .venv/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "RoomGate needs Python 3.11 or newer; say which with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "Python's venv is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

.venv/.run: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/.test: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ .venv/.run
