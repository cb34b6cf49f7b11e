# `make` sets up .venv, runs the digits study and writes its report (make STUDY=all: every study);
# `make test` sets up .venv and runs the fast tests.

PYTHON ?= python3
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
BIN := .venv/bin
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES)
PYTEST := $(BIN)/python -m pytest
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

STUDY ?= digits
ALL := $(filter all figures,$(STUDY))
FIRST := $(if $(ALL),mnist,$(STUDY))
PAGE := $(if $(ALL),results/index.html,results/$(STUDY)/explorer.html)
JAVASCRIPT := --line-width 100 report/explorer/*.js

.PHONY: report environment test test-all test-mnist test-slurm campaign benchmark scale check format reference lock

report: environment
	$(SNAKEMAKE) $(STUDY)
	$(BIN)/snakemake $(STUDY) --report results/.report-$(STUDY).html
	mv results/.report-$(STUDY).html results/report-$(STUDY).html
	@set -- results/$(FIRST)/figures/final_by_step_size.png results/$(FIRST)/figures/*.png; \
	test -e "$$1" || shift; echo "look first at $$1"
	@test ! -e $(PAGE) || echo "then open $(PAGE)"
	@echo "report: results/report-$(STUDY).html"

environment: .venv/installed

# uv compiles all packages: if PYTHONDONTWRITEBYTECODE is set, each process would compile what it
# imports.
.venv/installed: requirements.lock $(BIN)/uv
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes $<
	touch $@

$(BIN)/uv: requirements-uv.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r $<
	touch $@

test: environment
	$(PYTEST) --numprocesses $(CORES)

# The command runs the fast tests and the slow ones, each file in one process, which makes its
# studies once.
test-all: environment
	$(PYTEST) --numprocesses $(CORES) --dist loadfile -m 'not mnist and not campaign and not slurm'

# The facts about the real MNIST take some minutes. DATASET_MIRROR or data/raw/mnist has its archives.
test-mnist: environment
	$(PYTEST) -m mnist

# The tests start a Slurm of one node, as root, and take some minutes.
test-slurm: environment
	$(PYTEST) -m slurm

# The campaign draws kills, full disks and damage at random, and takes some minutes; docs/trust.md.
campaign: environment
	$(PYTEST) -m campaign --numprocesses $(CORES) -rP --no-header

# The benchmark measures this project and other libraries on one core and writes docs/benchmark.csv. It
# takes a quarter of an hour and 6 GB; torch.compile needs a C++ compiler. AVX2=--avx2 disables
# AVX-512 for all of them.
benchmark: environment
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r benchmarks/requirements.lock
	PYTHONPATH=scripts $(BIN)/python benchmarks/run.py $(AVX2)
	PYTHONPATH=scripts $(BIN)/python docs/render_tables.py

# The script measures how time, memory and disk of a study grow with it, in some minutes, and writes
# docs/scale.csv and docs/scale.png.
scale: environment
	$(BIN)/python benchmarks/scale.py

check: environment
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/snakefmt --check Snakefile
	$(BIN)/deno fmt --check $(JAVASCRIPT)
	$(BIN)/deno lint --quiet report/explorer/*.js

format: environment
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile
	$(BIN)/deno fmt --quiet $(JAVASCRIPT)

# The commands write what is generated: the table of keys, the schema of config.yaml, and the tables
# of docs/ from the CSV files there (which `PYTHONPATH=scripts python benchmarks/collect.py` renews).
reference: environment
	PYTHONPATH=scripts $(BIN)/python -m descent.config.reference
	PYTHONPATH=scripts $(BIN)/python docs/render_tables.py

# uv keeps each version that a lock file has already.
lock: $(BIN)/uv
	$(BIN)/$(COMPILE) requirements.in -o requirements.lock
	cd benchmarks && ../$(BIN)/$(COMPILE) requirements.in -o requirements.lock
	echo uv | $(BIN)/$(COMPILE) --no-annotate - -o requirements-uv.lock
