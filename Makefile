# make run         run the service on this machine; ARGS="--port 9000" is passed to `gifapp up`
# make test        run every test, in three processes per core
# make check       check formatting, lint and types of Python and JavaScript
# make bench       run the benchmarks
# make docs        build the documentation as a site in site/
# make wheel  the wheel and the sdist, in dist/; the wheel is tried in an empty environment: a minute, from PyPI
# make chaos       run 300 jobs for five minutes while processes are killed and servers wiped (CHAOS_SEED=7 repeats a
#                  run's faults); then restart every part in turn while users work, for a minute
# make properties  run the property tests with many more examples, different each time, on kernels that trap undefined
#                  behaviour and access outside their arrays: takes long
# make fuzz        send random requests generated from the API document, different each time: takes about ten minutes
#                  (FUZZ_EXAMPLES=1000 for more)
# make clean       remove the virtual environment, node_modules and caches

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))

.PHONY: run test check bench docs wheel chaos properties fuzz clean

run: .venv/installed
	@exec $(BIN)/gifapp up --open $(ARGS)

test: .venv/installed-test
	@.ci/chromium $(BIN)/python
	@exec $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@.ci/javascript $(BIN)

bench: .venv/installed-test
	@exec $(BIN)/python -m benchmarks $(ARGS)

docs: .venv/installed-test
	@exec $(BIN)/python -m mkdocs build --strict $(ARGS)

wheel: $(BIN)/python
	@exec .ci/wheel $(BIN)/python

chaos: .venv/installed-test
	@exec $(BIN)/python -m pytest -m chaos -s tests/chaos $(ARGS)

properties: .venv/installed-compiler
	@HYPOTHESIS_PROFILE=deep exec $(BIN)/python -m pytest -p tests.conversion.gif.sanitized --timeout 0 tests/conversion/test_properties.py tests/conversion/test_round_trip.py tests/conversion/gif $(ARGS)

fuzz: .venv/installed-test
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-200} exec $(BIN)/python -m pytest --numprocesses 2 --show-capture no tests/web/api/guards/test_fuzz.py $(ARGS)

clean:
	rm -rf .venv node_modules .mypy_cache .pytest_cache .ruff_cache

.venv/installed: pyproject.toml hatch_build.py $(wildcard gifapp/conversion/gif/native/*.[ch] gifapp/launcher/*.c) | $(BIN)/python
	@echo "Installing gifapp with its servers into .venv: about 900 MB, a minute or two."
	@$(PIP) install --editable '.[service]'
	@touch $@

.venv/installed-test: .venv/installed
	@echo "Installing what the tests need."
	@$(PIP) install --editable '.[test]'
	@touch $@

.venv/installed-compiler: .venv/installed-test
	@$(PIP) install $$($(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'])")
	@touch $@

$(BIN)/python:
	@for python in $(PYTHONS); do \
	    if $$python -c '$(SUITABLE)' 2>/dev/null; then $$python -m venv .venv && exit; rm -rf .venv; fi; \
	done; \
	echo "gifapp needs Python 3.11 to 3.14 with its venv module: https://www.python.org/downloads/" \
	    "(Debian and Ubuntu: apt install python3 python3-venv)." >&2; exit 1
