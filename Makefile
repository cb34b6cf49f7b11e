# `make` sets everything up, runs the digits study and writes its report (make STUDY=all: every
# study); `make test` sets everything up and runs the tests.

PYTHON ?= python3
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
BIN := .venv/bin
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES)

STUDY ?= digits
PAGE_all := results/index.html
PAGE_figures :=
PAGE = $(if $(filter undefined,$(origin PAGE_$(STUDY))),results/$(STUDY)/explorer.html,$(PAGE_$(STUDY)))
JAVASCRIPT := --line-width 100 report/explorer/*.js report/explorer/*.css

.PHONY: report environment test test-mnist test-slurm campaign benchmark gpu scale check format reference lock

report: environment
	$(SNAKEMAKE) $(STUDY)
	$(BIN)/snakemake $(STUDY) --report results/.report-$(STUDY).html
	mv results/.report-$(STUDY).html results/report-$(STUDY).html
	@ls -d results/$(if $(filter all figures,$(STUDY)),*,$(STUDY))/figures/*.png
	@ls -d $(PAGE) results/report-$(STUDY).html

environment: .venv/installed

.venv/installed: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	touch $@

test: environment
	$(BIN)/python -m pytest --numprocesses $(CORES)

# the facts about the real MNIST, which must be there or in DATASET_MIRROR (some minutes)
test-mnist: environment
	$(BIN)/python -m pytest -m mnist

# a Slurm of one node, which the tests start (as root; some minutes)
test-slurm: environment
	$(BIN)/python -m pytest -m slurm

# kills, full disks and damage drawn at random (some minutes); docs/trust.md
campaign: environment
	$(BIN)/python -m pytest -m campaign --numprocesses $(CORES) -rP --no-header

# this project beside its peers, on one core (a quarter of an hour, 6 GB; torch.compile needs a C++
# compiler); writes docs/benchmark.md. AVX2=--avx2: everybody without AVX-512
benchmark: environment
	$(BIN)/python -m pip install --quiet --require-hashes -r benchmarks/requirements.lock
	PYTHONPATH=scripts $(BIN)/python benchmarks/run.py $(AVX2)

# tests the kernels on a GPU and measures them (less than ten minutes with eight cores); writes
# docs/gpu.md and prints what scripts/pipeline/cost.py should say
gpu: environment
	PYTHONPATH=scripts $(BIN)/python benchmarks/gpu.py

# how time, memory and disk of a study grow with it (some minutes); writes docs/scale.csv and .png
scale: environment
	$(BIN)/python benchmarks/scale.py

check: environment
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile
	$(BIN)/snakemake --lint
	$(BIN)/deno fmt --check $(JAVASCRIPT)
	$(BIN)/deno lint --quiet report/explorer/*.js

format: environment
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/Snakefile
	$(BIN)/deno fmt --quiet $(JAVASCRIPT)

# the table of keys and the schema of config.yaml, from their declarations
reference: environment
	PYTHONPATH=scripts $(BIN)/python -m pipeline.reference

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.lock
	cd benchmarks && uv pip compile --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.lock
