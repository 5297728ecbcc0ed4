# make audit   audit the credit example; the reports are in govkit-out/ afterwards
# make test    run the tests
# make check   run the linter, the type checker and the check of import layers
#
# Each makes what it needs in .venv first. PYTHON=/path/to/python3.12 picks the interpreter.

BIN := .venv/bin

.PHONY: audit test check

audit: .venv/run.stamp
	$(BIN)/govkit audit examples/credit/model.pkl examples/credit/data.csv --budget quick

test: .venv/dev.stamp
	$(BIN)/pytest -n 2

check: .venv/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy -p benchmarks
	$(BIN)/lint-imports

.venv/%.stamp: requirements/%.lock pyproject.toml tools/setup
	@PYTHON="$(PYTHON)" tools/setup $*
	@touch $@
