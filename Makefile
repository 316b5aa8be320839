# The commands of the book. `make` alone lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# What several commands take; `make help` shows these lines.
#   FRESH=1        run all notebooks anew, even those that are unchanged
#   SCALE=quick    smaller experiments (or default, paper); only default has references
#   JOBS=1         notebooks, tests or errors at a time (one for each processor)
#   TIMEOUT=7200   seconds a cell may take
#   PYTHON=…       the Python that .venv is made with (python3)
PYTHON ?= python3
COLAB_PYTHON ?= python3.13
SCALE ?= default
JOBS ?=
PORT ?= 8000
# Seconds one cell of a notebook may take; empty for the default of the command.
TIMEOUT ?=

# Relative, never absolute: a checkout may lie in a folder whose name has spaces.
PY := .venv/bin/python
READY := .venv/ready
BOOK = $(PY) -m companion
# Tests marked as one group (those that build this very book) run one after the other.
SIDE_BY_SIDE = -n $(if $(JOBS),$(JOBS),logical) --dist loadgroup
RUN_OPTIONS = --scale $(SCALE) $(if $(JOBS),--jobs $(JOBS)) $(if $(FRESH),--fresh) $(if $(TIMEOUT),--timeout $(TIMEOUT))

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo "Variables, as in make book FRESH=1:"
	@sed -n 's/^#   \([A-Z]*=.*\)/  \1/p' Makefile

.PHONY: env
env: $(READY) ## create .venv from the hashed lock (done by the others when needed)

# The package index is not named here: pip uses whichever it is set up with. The lock is complete,
# so pip resolves nothing (--no-deps): with extras, as in coverage[toml], some versions of pip look
# past the pinned version to the newest one, and then refuse it for want of a hash.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; found = sys.version_info[:2]; \
	  told = "Python 3.11 to 3.14 needed, this is %d.%d; PYTHON=python3.12 chooses that one" % found; \
	  sys.exit(told) if found < (3, 11) else None; \
	  found > (3, 14) and sys.stderr.write("not tried with the lock: " + told + "\n")'
	@echo "Setting up .venv (about a minute)"
	@$(PYTHON) -m venv --clear .venv
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@$(PY) -m pip --disable-pip-version-check check --quiet
	@touch $(READY)
	@for source in $^; do [ ! "$$source" -nt $(READY) ] || touch -r "$$source" $(READY); done

.PHONY: book
book: $(READY) ## run the notebooks, check every figure, build the site, print where it is
	@$(BOOK) book $(RUN_OPTIONS)

.PHONY: paper
paper: SCALE = paper
paper: TIMEOUT = 86400
paper: $(READY) ## the book at full size, nothing compared; SCHEDULER=tcp://… sends its ensembles to a Dask cluster
	@$(BOOK) book $(RUN_OPTIONS) $(if $(SCHEDULER),--scheduler "$(SCHEDULER)")

.PHONY: test
test: $(READY) ## all tests that need no browser
	@$(PY) -m pytest tests --ignore=tests/browser $(SIDE_BY_SIDE)

.PHONY: test-browser
test-browser: book ## tests of the built site in Chromium
	@$(PY) -m pytest tests/browser $(SIDE_BY_SIDE)

.PHONY: mutants
mutants: $(READY) ## plant errors and see whether the tests catch them (an hour or two); ALL=1 plants every one, SALT=… others
	@$(PY) tests/mutants/gate.py $(if $(JOBS),--jobs $(JOBS)) $(if $(ALL),--all) $(if $(SALT),--salt "$(SALT)")

.PHONY: coverage
coverage: $(READY) ## lines and branches of the mathematics that its tests reach; at least 95 %
	@mkdir -p _build
	@NUMBA_CACHE_DIR=_build/numba $(PY) -m pytest tests/edge_of_stability -q --cov=edge_of_stability --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=95

.PHONY: twice
twice: $(READY) ## build the book twice from nothing and compare the two sites
	@$(PY) tests/companion/twice.py

.PHONY: machines
machines: $(READY) ## run the notebooks as other processors would, list what nears its tolerance
	@$(PY) tests/companion/machines.py

.PHONY: faults
faults: $(READY) ## full disk, read-only home, no network, kill -9 at any time (Linux; five minutes)
	@$(PY) tests/faults/faults.py

.PHONY: run
run: $(READY) ## run and check one notebook: make run NOTEBOOK=book/setting/scalar_net.ipynb
	@$(BOOK) run $(RUN_OPTIONS) "$(NOTEBOOK)"

.PHONY: reference
reference: $(READY) ## accept results: FIGURE=name, NOTEBOOK=book/….ipynb, or ALL=1 for all of them
	@$(BOOK) reference $(if $(FIGURE),--figure "$(FIGURE)") $(if $(NOTEBOOK),"$(NOTEBOOK)") $(if $(ALL),--all)

.PHONY: check
check: $(READY) ## check figures, statements and evidence as declared; nothing runs
	@$(BOOK) check

.PHONY: lint
lint: $(READY) lint-files ## ruff (lint and format), mypy, and lint-files
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

SCHEMA = @.venv/bin/check-jsonschema --quiet --builtin-schema
.PHONY: lint-files
lint-files: $(READY) ## notebooks without outputs; workflows, forms, hooks and CITATION.cff by their schemas
	@.venv/bin/nbstripout --verify --keep-id $$(find book -name '*.ipynb' -not -path '*/.*')
	$(SCHEMA) vendor.citation-file-format CITATION.cff
	$(SCHEMA) vendor.dependabot .github/dependabot.yml
	$(SCHEMA) vendor.github-workflows .github/workflows/*.yml
	$(SCHEMA) vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(SCHEMA) vendor.github-issue-forms $$(ls .github/ISSUE_TEMPLATE/*.yml | grep -v config.yml)
	@.venv/bin/pre-commit validate-config .pre-commit-config.yaml
	@.venv/bin/zizmor --offline --quiet --persona pedantic .

.PHONY: format
format: $(READY) ## let ruff format and mend
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

.PHONY: bench
bench: $(READY) ## time the package against NumPy, PyTorch, JAX; writes the tables of book/speed.md
	@mkdir -p _build
	@$(PY) tests/benchmarks/bench_core.py
	@$(PY) tests/benchmarks/bench_ensemble.py --json _build/bench.json
	@$(PY) tests/benchmarks/page.py _build/bench.json book/_bench/results.md

.PHONY: pdf
pdf: book ## print the book as one PDF with Chromium, and link to it from the site
	@$(BOOK) pdf

.PHONY: archive
archive: pdf ## pack site, PDF, executed notebooks, figure data and packages, with checksums
	@$(BOOK) archive $(RUN_OPTIONS)

.PHONY: launch
launch: $(READY) ## write the branch that the launch buttons open (COMPANION_REPOSITORY=https://…)
	@$(BOOK) launch

.PHONY: launch-check
launch-check: $(READY) ## run every notebook as Binder and Colab would (PYTHON=python3.12 COLAB_PYTHON=python3.13)
	@$(PY) tests/launch/check.py --scale $(SCALE) --python "$(PYTHON)" --python "$(COLAB_PYTHON)" $(if $(NOTEBOOK),"$(NOTEBOOK)")

.PHONY: serve
serve: book ## serve the site at http://localhost:PORT
	@$(PY) -m http.server $(PORT) --bind localhost --directory _build/html

.PHONY: lock
lock: ## resolve the lock anew (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate --all-extras pyproject.toml -o requirements.lock

.PHONY: clean
clean: ## remove what was built; keep .venv
	@rm -rf _build

.PHONY: clean-all
clean-all: clean ## remove .venv too
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
