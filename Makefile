# The commands of the book. `make` alone lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# What several commands take; `make help` shows these lines.
#   FRESH=1        run all notebooks anew, even those that are unchanged
#   SCALE=paper    larger experiments, as in make paper; only default has references
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

# What a caller sets reaches the commands through the environment, as it is: neither make nor the
# shell reads it as a part of a command.
SETTABLE := ALL CHECK COLAB_PYTHON FIGURE FRESH JOBS NAME NOTEBOOK ONLY PORT PYTHON SCALE TIMEOUT UPGRADE
$(foreach name,$(SETTABLE),$(eval override $(name) := $$(value $(name))))
export $(SETTABLE)

# Relative, never absolute: a checkout may lie in a folder whose name has spaces.
PY := .venv/bin/python
READY := .venv/ready
BOOK = $(PY) -m companion
# Tests marked as one group (those that build this very book) run one after the other.
SIDE_BY_SIDE = -n "$${JOBS:-logical}" --dist loadgroup
LIMITS = $(if $(JOBS),--jobs "$$JOBS") $(if $(FRESH),--fresh) $(if $(TIMEOUT),--timeout "$$TIMEOUT")
RUN_OPTIONS = --scale "$$SCALE" $(LIMITS)
PIP_INSTALL = $(PY) -m pip install --quiet --quiet --disable-pip-version-check --no-deps

.PHONY: help
help: ## (1 s) list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo "Times are for two cores. Variables, as in make book FRESH=1:"
	@sed -n 's/^#   \([A-Z]*=.*\)/  \1/p' Makefile

.PHONY: env
env: $(READY) ## (1 min) create .venv from the hashed lock (done by the others when needed)

# The package index is not named here: pip uses whichever it is set up with. The lock is complete,
# so pip resolves nothing (--no-deps): with extras, as in coverage[toml], some versions of pip look
# past the pinned version to the newest one, and then refuse it for want of a hash.
$(READY): requirements.lock pyproject.toml
	@"$$PYTHON" -c 'import sys; found = sys.version_info[:2]; \
	  needed = "Python 3.11 to 3.14 needed, this is %d.%d; PYTHON=python3.12 chooses that one" % found; \
	  sys.exit(needed) if found < (3, 11) else None; \
	  found > (3, 14) and sys.stderr.write("not tried with the lock: " + needed + "\n")'
	@echo "Setting up .venv (about a minute)"
	@"$$PYTHON" -m venv --clear .venv
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-build-isolation --no-index -e .
	@$(PY) -m pip --disable-pip-version-check check --quiet
	@touch $(READY)

.PHONY: book
book: $(READY) ## (3 min, a few seconds if nothing changed) run the notebooks, check every figure, build the site, print where it is
	@$(BOOK) book $(RUN_OPTIONS)

.PHONY: paper
paper: $(READY) ## (about two hours) the book at full size, nothing compared
	@$(BOOK) book --scale paper --timeout 86400 $(LIMITS)

.PHONY: test
test: $(READY) ## (2 min; 4 in a fresh clone) the tests that need no browser, without the slow ones
	@$(PY) -m pytest tests --ignore=tests/browser -m "not slow" $(SIDE_BY_SIDE)

.PHONY: test-browser
test-browser: book ## (3 min after the book) tests of the built site in Chromium, without the slow ones
	@$(PY) -m pytest tests/browser -m "not slow" $(SIDE_BY_SIDE)

.PHONY: test-all
test-all: book ## (20 min after the book) every test but `make faults`, those in Chromium and the slow ones too
	@$(PY) -m pytest tests --ignore=tests/browser $(SIDE_BY_SIDE)
	@$(PY) -m pytest tests/browser $(SIDE_BY_SIDE)

.PHONY: mutants
mutants: $(READY) ## (10 min) plant errors one by one and see whether the tests notice them
	@$(PY) -m pytest tests/mutants $(SIDE_BY_SIDE)

.PHONY: replay
replay: $(READY) ## (hours; ONLY=tests/lint a minute) run the steps of the workflows on this machine
	@$(PY) tests/workflows/replay.py --only="$$ONLY"

# In a new cache: where compiled code is found, the modules that write it do not run.
.PHONY: coverage
coverage: $(READY) ## (3 min) lines and branches of the mathematics that its tests reach; at least 95 %
	@mkdir -p _build
	@rm -rf _build/numba-coverage
	@NUMBA_CACHE_DIR=_build/numba-coverage $(PY) -m pytest tests/edge_of_stability -q --cov=edge_of_stability --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=95

.PHONY: twice
twice: $(READY) ## (8 min) build the book twice from nothing and compare the two sites
	@$(PY) tests/companion/twice.py

.PHONY: machines
machines: $(READY) ## (15 min) run the notebooks as other processors would, list what comes near its tolerance
	@$(PY) tests/companion/machines.py

.PHONY: faults
faults: $(READY) ## (1 min) full disk, read-only home, no network (Linux)
	@$(PY) -m pytest tests/companion/faults.py

.PHONY: run
run: $(READY) ## (10 s to 1 min) run and check one notebook: make run NOTEBOOK=book/setting/scalar_net.ipynb
	@$(BOOK) run $(RUN_OPTIONS) -- "$$NOTEBOOK"

.PHONY: reference
reference: $(READY) ## (as long as the run) accept results: FIGURE=name, NOTEBOOK=book/….ipynb, or ALL=1 for all of them
	@$(BOOK) reference $(LIMITS) $(if $(FIGURE),--figure="$$FIGURE") $(if $(ALL),--all) $(if $(NOTEBOOK),-- "$$NOTEBOOK")

.PHONY: figure
figure: $(READY) ## (3 s) write the stubs of a new figure: NAME=name NOTEBOOK=book/….ipynb
	@$(BOOK) figure -- "$$NAME" "$$NOTEBOOK"

.PHONY: check
check: $(READY) ## (3 s) check figures, statements and evidence as declared; nothing runs
	@$(BOOK) check

.PHONY: formal
formal: $(READY) ## (1 min) have Coq check the proofs in book/*/formal and write its answers to book/formal.json; CHECK=1 only compares
	@$(BOOK) formal $(if $(CHECK),--check)

.PHONY: lint
lint: $(READY) lint-files ## (1 min) ruff (lint and format), mypy, and lint-files
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

SCHEMA = @.venv/bin/check-jsonschema --quiet --builtin-schema
.PHONY: lint-files
lint-files: $(READY) ## (10 s) notebooks without outputs; workflows, forms, hooks and CITATION.cff by their schemas
	@find book -name '*.ipynb' -not -path '*/.*' -exec .venv/bin/nbstripout --verify --keep-id {} +
	$(SCHEMA) vendor.citation-file-format CITATION.cff
	$(SCHEMA) vendor.dependabot .github/dependabot.yml
	$(SCHEMA) vendor.github-workflows .github/workflows/*.yml
	$(SCHEMA) vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(SCHEMA) vendor.github-issue-forms $$(ls .github/ISSUE_TEMPLATE/*.yml | grep -v config.yml)
	@.venv/bin/pre-commit validate-config .pre-commit-config.yaml
	@.venv/bin/zizmor --offline --quiet --persona pedantic .

.PHONY: format
format: $(READY) ## (1 s) let ruff format the code and fix what it can
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

.PHONY: bench
bench: $(READY) ## (10 min, after installing what speed.md names) time the package against NumPy, PyTorch, JAX; writes the tables of book/speed.md
	@mkdir -p _build
	@$(PY) tests/benchmarks/bench_core.py --json _build/bench_core.json
	@$(PY) tests/benchmarks/bench_ensemble.py --json _build/bench.json
	@$(PY) tests/benchmarks/page.py _build/bench_core.json _build/bench.json book/_bench/results.md

.PHONY: pdf
pdf: book ## (2 min after the book) print the book as one PDF with Chromium, and link to it from the site
	@$(BOOK) pdf

.PHONY: archive
archive: pdf ## (1 min after the PDF) pack site, PDF, the book with executed notebooks and figure data, packages, with checksums
	@rm -rf _build/archive && mkdir -p _build/archive
	@$(PY) -m zipfile -c _build/archive/site.zip _build/html/
	@$(PY) -m zipfile -c _build/archive/book.zip _build/stage/
	@cp _build/html/book.pdf _build/archive
	@$(PY) -m hatchling build -d _build/archive
	@cd _build/archive && sha256sum -- * >SHA256SUMS && ls -l

.PHONY: launch
launch: $(READY) ## (3 s) write the branch that the launch buttons open (COMPANION_REPOSITORY=https://…)
	@$(BOOK) launch

.PHONY: launch-check
launch-check: $(READY) ## (20 min) run every notebook as Binder and Colab would (PYTHON=python3.12 COLAB_PYTHON=python3.13)
	@$(PY) tests/launch/check.py --python "$$PYTHON" --python "$$COLAB_PYTHON" $(if $(NOTEBOOK),-- "$$NOTEBOOK")

.PHONY: serve
serve: book ## (until Ctrl-C) serve the site at http://localhost:PORT
	@$(PY) -m http.server "$$PORT" --bind localhost --directory _build/html

# Not in requirements.lock: it would add a third to what everybody installs, and another version of
# it would make every run of a notebook a stale one.
.PHONY: lab
lab: .venv/lab ## (until Ctrl-C) edit the notebooks in JupyterLab, which the first call installs
	@$(PY) -m jupyterlab

.venv/lab: $(READY) lab.lock
	@echo "Installing JupyterLab (about a minute)"
	@$(PIP_INSTALL) --require-hashes -r lab.lock
	@touch $@

COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-header --no-annotate
.PHONY: lock
lock: ## (10 s) resolve the locks anew (needs uv); UPGRADE=1 takes the newest versions that are allowed
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --all-extras pyproject.toml -o requirements.lock
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group lab -c requirements.lock -o lab.lock

.PHONY: clean
clean: ## (1 s) remove what was built; keep .venv
	@rm -rf _build

.PHONY: clean-all
clean-all: clean ## (1 s) remove .venv too
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
