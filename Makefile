# make demo | make test | make test-long | make test-spark | make test-lrs | make bench [SIZE=users] | make lint | make clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -q

# Tests start the program some hundred times: it need not be compiled for each.
test test-long: export PYTHONDONTWRITEBYTECODE =

.PHONY: install demo test test-long test-spark test-lrs bench lint format clean

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

# The engine tests on PySpark, in an environment of their own: Java is needed. SPARK_TESTS="" takes the two samples, too.
SPARK_TESTS ?= not of_a_sample
SPARK := .venv-spark
test-spark: $(SPARK)/.installed
	LMS_MIGRATE_REQUIRE_SPARK=1 $(SPARK)/bin/python -m pytest -q -n 0 tests/engines -k "$(SPARK_TESTS)"

$(SPARK)/.installed: requirements/run.lock requirements/dev.lock requirements/spark.lock pyproject.toml
	PYTHON=$(PYTHON) sh requirements/venv.sh $(SPARK)
	$(SPARK)/bin/python -m pip install --quiet --require-hashes -r requirements/run.lock -r requirements/dev.lock -r requirements/spark.lock
	$(SPARK)/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

# The connector for record stores on Ralph, a real one, which is in an environment of its own.
LRS := .venv-lrs
test-lrs: install $(LRS)/.installed
	LMS_MIGRATE_RALPH=$(LRS) $(BIN)/python -m pytest -q -n 0 tests/contract/test_ralph.py

$(LRS)/.installed: requirements/lrs.lock
	PYTHON=$(PYTHON) sh requirements/venv.sh $(LRS)
	$(LRS)/bin/python -m pip install --quiet --require-hashes -r requirements/lrs.lock
	touch $@

SIZE ?= 20000
bench: install
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.lock -r requirements/bench.lock
	PYTHONPATH=. $(BIN)/python benchmarks/bench.py --users $(SIZE) --compare $$(( $(SIZE) * 25 )) --write
	PYTHONPATH=. $(BIN)/python benchmarks/profiling.py
	PYTHONPATH=. $(BIN)/python benchmarks/ledger.py
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
	rm -rf $(VENV) $(SPARK) $(LRS) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
