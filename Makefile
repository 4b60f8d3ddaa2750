# make demo | make test | make test-long | make bench [SIZE=users] | make lint | make clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -q

.PHONY: install demo test test-long bench lint format clean

install: $(INSTALLED)

$(INSTALLED): requirements/run.lock requirements/dev.lock pyproject.toml
	PYTHON=$(PYTHON) sh requirements/venv.sh $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.lock -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

demo: install
	$(BIN)/python sample_data/demo.py demo

test: install
	$(PYTEST) -m "not long" -n 2 --dist worksteal

test-long: install
	$(PYTEST) -n 2 --dist worksteal

SIZE ?= 20000
bench: install
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.lock -r requirements/bench.lock
	PYTHONPATH=. $(BIN)/python benchmarks/bench.py --users $(SIZE) --compare $$(( $(SIZE) * 25 )) --write
	PYTHONPATH=. $(BIN)/python benchmarks/profiling.py
	$(BIN)/python benchmarks/database_load.py
	$(BIN)/python benchmarks/delta_run.py --target moodle
	$(BIN)/python benchmarks/delta_run.py --target postgresql://postgres@127.0.0.1:5432/test

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
