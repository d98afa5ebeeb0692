# dmpkit: `make reproduce` and `make test` build what they need by themselves.
#
#   make reproduce    run every study, print the verdicts, write build/site/
#   make test         lint, types, floors, tests, doctests, notebooks (under 8 minutes)
#   make test-long    the longer tests
#   make test-browser the tests in Chromium: JupyterLab, the pages that dmpkit writes
#   make fuzz         200,000 hostile files for all readers (needs Linux; an hour on one core)
#   make lab          open JupyterLab on the notebooks
#   make notebooks    execute the notebooks and store their outputs
#   make bench        time and memory beside other programs (QUICK=1: smaller, not stored)
#   make bench-aims   our own timings beside what they were aimed at
#   make scaling      curves of time and memory against size (QUICK=1 as well)
#   make mutants      change numerical code in small ways: do the tests notice? (mutation/README.md)
#   make licences     the licences of everything that is installed, held against a list
#   make audit        known vulnerabilities of it, where a database can be reached
#   make site         the documentation (build/site/docs) and the reproduction site
#   make clean        remove what was built; `make distclean` removes .venv too
#
# ENV=active uses the environment that is already active instead of .venv,
# JOBS=4 runs four notebooks or test workers at once, PYTHON=python3.12 chooses
# the Python that .venv is made from.

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(SUPPORTED)' 2>/dev/null && { echo $$p; exit; }; done; echo python3)
JOBS ?= 2
EXTRAS := lab,test,dask,efa,docs,deposit

ifeq ($(ENV),active)
PY := python
READY :=
MUTANTS :=
else
PY := .venv/bin/python
READY := .venv/.ready
MUTANTS := .venv/.mutants
endif

export PYTHONHASHSEED := 0
export PYTHONUTF8 := 1
# compiled modules are kept: hundreds of processes of the tests import the same ones
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help reproduce test check test-long test-browser fuzz lab notebooks bench bench-aims scaling mutants licences audit site clean distclean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

reproduce: $(READY)
	$(PY) -m dmpkit reproduce --jobs $(JOBS)

site: $(READY)
	$(PY) docs/build.py --beside-studies
	$(PY) -m dmpkit reproduce --jobs $(JOBS)

test: check
	$(PY) -m pytest -n $(JOBS) --dist loadscope -m "not long and not browser"

check: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as run; run()'

test-long: $(READY)
	$(PY) -m pytest -n $(JOBS) --dist loadscope -m long

test-browser: $(READY)
	$(PY) -m pytest -n $(JOBS) --dist loadscope -rs -m "browser and not long" tests/browser

# FUZZ="read_sorts ledger" runs the readers whose names hold these words
fuzz: $(READY)
	$(PY) -m tests.fuzz $(FUZZ)

lab: $(READY)
	$(PY) -m dmpkit lab

notebooks: $(READY)
	$(PY) -m dmpkit notebooks --jobs $(JOBS)

bench: $(READY)
	$(PY) benchmarks/compare.py $(if $(QUICK),--quick)

bench-aims: $(READY)
	$(PY) benchmarks/run.py

scaling: $(READY)
	$(PY) benchmarks/scaling.py $(if $(QUICK),--quick)

# ROOM=qmethod for one room, SAMPLE=all for every change, SEED=2 for others
mutants: $(READY) $(MUTANTS)
	$(PY) mutation/run.py $(ROOM) --jobs $(JOBS) $(if $(SAMPLE),--sample $(SAMPLE)) \
		$(if $(SEED),--seed $(SEED))

licences: $(READY)
	$(PY) dependencies/licences.py

audit: $(READY)
	$(PY) dependencies/audit.py

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv

.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c '$(SUPPORTED)' || { echo "dmpkit needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is another."; \
		echo "Name one that you have: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "This Python cannot make environments."; \
		echo "On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Building .venv (about 1.4 GB; a few minutes the first time) ..."
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	@touch $@

.venv/.mutants: .venv/.ready
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[mutants]"
	@touch $@
