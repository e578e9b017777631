# Plain POSIX make. Every target sets up what it needs in .venv and asks nothing.
.POSIX:
.SUFFIXES:

PY = .venv/bin/python
PIP = $(PY) -m pip --disable-pip-version-check --no-input install -qq --root-user-action=ignore
# pip before 25.1 knows no dependency groups, so the names are read from pyproject.toml.
DEV = import tomllib; d = tomllib.load(open('pyproject.toml', 'rb')); \
	print(*d['dependency-groups']['dev'], *d['build-system']['requires'], sep='\n')

help:
	@echo 'make demo        judge a made-up lot and write its report'
	@echo 'make test        the whole suite, on two cores'
	@echo 'make lint        ruff and mypy; make format rewrites'
	@echo 'make bench       kernels against their references, start-up, pipeline'
	@echo 'make soak        faults, damaged input and kernels, many more examples'
	@echo 'make validation  against real data and other programs only'
	@echo 'make clean       remove what these targets made'

.venv/installed: pyproject.toml
	@echo 'setting up .venv (about a minute, once)' >&2
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --no-python-downloads .venv && \
		uv pip install --quiet --python $(PY) --editable .; \
	else \
		python3 -m venv .venv && \
		$(PIP) --editable .; \
	fi
	@touch $@

.venv/installed-dev: .venv/installed
	@echo 'adding test and lint tools' >&2
	@$(PY) -c "$(DEV)" > .venv/dev.txt
	@if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(PY) --requirement .venv/dev.txt; \
	else \
		$(PIP) --requirement .venv/dev.txt; \
	fi
	@touch $@

demo: .venv/installed
	@.venv/bin/genostab demo -o demo-lot

test: .venv/installed-dev
	@$(PY) -m pytest --numprocesses 2 --dist loadfile --doctest-modules src tests </dev/null

lint: .venv/installed-dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

format: .venv/installed-dev
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: .venv/installed-dev
	@$(PY) -m pytest benchmarks --benchmark-only

soak: .venv/installed-dev
	@$(PY) -m pytest --hypothesis-profile=soak tests/kernels tests/malformed tests/faults tests/statistical

validation: .venv/installed-dev
	@$(PY) -m pytest tests/realdata tests/statistical

clean:
	@rm -rf .venv demo-lot build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	@find . -type d -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help demo test lint format bench soak validation clean
