# make demo | make test | make test-long | make lint | make clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -q

.PHONY: install demo test test-long lint format clean

install: $(INSTALLED)

$(INSTALLED): requirements/run.lock requirements/dev.lock pyproject.toml
	PYTHON=$(PYTHON) sh requirements/venv.sh $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.lock -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

demo: install
	$(BIN)/python sample_data/demo.py demo

test: install
	$(PYTEST) -m "not long" -n 2

test-long: install
	$(PYTEST) -n 2

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
