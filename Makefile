# `make help` lists what there is. Everything is installed into $(VENV), and only when something changed.

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
THREADS ?= 2
OUT := demo
WIDE := $(OUT)/wide
EXPERIMENTS := discriminator_input rate_batch_width gamma ema precision gumbel penalty_every n_critic weight_averaging \
	restarts warm_start atoms_gates
ROWS ?= 1000
TABLE ?= adult
SEED ?= 0

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet $(if $(CONSTRAINTS),-c $(CONSTRAINTS))

ifeq ($(DATA),)
DEMO_DATA := $(OUT)/diabetes.parquet
DEMO_TARGET := progression
else
DEMO_DATA := $(DATA)
DEMO_TARGET := $(TARGET)
endif

# a command, and how long it took
timed = @echo "$(1)"; start=$$(date +%s); $(1) && echo "$(2): $$(($$(date +%s) - start)) s"

.PHONY: help demo demo-wide test test-cluster lint bench bench-tables bench-wide bench-wide-real bench-peers bench-report bench-defaults bench-experiments bench-step bench-gpu bench-laboratory bench-trust bench-scale kill fuzz audit docs clean distclean
.DEFAULT_GOAL := help

help:
	@echo "make demo                              a real table, a model, a synthetic table, a report, in $(OUT)/"
	@echo "make demo DATA=file.parquet TARGET=column   the same on your own table (TARGET may be left out)"
	@echo "make demo-wide                         600 simulated samples x 42,000 genes: fit, sample, report, and how long each took"
	@echo "make test                              ruff, mypy and pytest"
	@echo "make test-cluster                      more tests on a local Ray cluster: studies and reports (minutes)"
	@echo "make lint                              ruff and mypy alone"
	@echo "make bench TABLE=adult                 fit, sample and judge on held-out rows, three seeds (tens of minutes)"
	@echo "make bench-tables                      SynthGAN and its peers on the five tables of the literature, three seeds (a day)"
	@echo "make bench-defaults                    SynthGAN().fit(df) on every mixed table (an hour)"
	@echo "make bench-wide                        600 x 10,000 to 84,000: time, memory, quality beside baselines (an hour or two)"
	@echo "make bench-wide-real                   rice genotypes and single cells, from the folder SYNTHGEN_DATA (an hour)"
	@echo "make bench-peers                       other synthesizers on wide tables, ten minutes and 16 GiB each (hours)"
	@echo "make bench-report                      time of reports, planted faults, false alarms, coverage of intervals (an hour)"
	@echo "make bench-step                        where the time of a training step goes, and its floor (minutes, on a quiet machine)"
	@echo "make bench-gpu                         steps a second on a GPU; without one a small check (tens of minutes)"
	@echo "make bench-experiments                 what SynthGAN's recipe was decided by, from the folder SYNTHGEN_DATA (a night)"
	@echo "make bench-laboratory                  toy problems, Parzen windows, latent access, conditional classes, collapses, VAE (a night)"
	@echo "make kill                              30 fits killed at random moments and taken up: the same bytes? (a quarter of an hour)"
	@echo "make bench-trust                       estimates of memory and time beside what happened (an hour)"
	@echo "make bench-scale                       50 million rows, 20 million samples, teams, 500,000 variants, and the cost model, from the folder SYNTHGEN_DATA (hours, 10 GB)"
	@echo "make fuzz                              10,000 mutated model files, 2,000 mutated inputs, 2,000 made-up tables, secrets in 100,000 rows (an hour)"
	@echo "make audit                             known vulnerabilities of the installed libraries, and code that could run what it reads"
	@echo "make docs                              the documentation as pages, in build/docs/"
	@echo "make clean                             remove $(OUT)/, caches and builds; make distclean: $(VENV) too"
	@echo
	@echo "PYTHON=python3.12 picks the interpreter, CONSTRAINTS= installs the newest versions that pyproject.toml allows."

demo: $(VENV)/.installed
	@mkdir -p $(OUT)
ifeq ($(DATA),)
	$(BIN)/python datasets/diabetes/build.py $(DEMO_DATA)
endif
	$(BIN)/synthgen split "$(DEMO_DATA)" --share 0.2 --seed $(SEED) -o $(OUT)/train.parquet --holdout $(OUT)/holdout.parquet --force
	$(BIN)/synthgen fit $(OUT)/train.parquet -o $(OUT)/model.synthgen --seed $(SEED) --force
	$(BIN)/synthgen sample $(OUT)/model.synthgen -n $(ROWS) -o $(OUT)/synthetic.parquet --seed $(SEED) --force
	$(BIN)/synthgen evaluate $(OUT)/train.parquet $(OUT)/synthetic.parquet --holdout $(OUT)/holdout.parquet$(if $(DEMO_TARGET), --target "$(DEMO_TARGET)") -o $(OUT)/report.html --json $(OUT)/report.json --force
	@echo
	@echo "The synthetic table: $(CURDIR)/$(OUT)/synthetic.parquet"
	@echo "The report:          $(CURDIR)/$(OUT)/report.html"

demo-wide: $(VENV)/.installed
	@mkdir -p $(WIDE)
	$(call timed,$(BIN)/python datasets/expression_600x42k/build.py $(WIDE)/train.parquet --holdout $(WIDE)/holdout.parquet --seed $(SEED),Two tables simulated and written)
	$(call timed,$(BIN)/synthgen fit $(WIDE)/train.parquet -o $(WIDE)/model.synthgen --seed $(SEED) --force,Model fitted)
	$(call timed,$(BIN)/synthgen sample $(WIDE)/model.synthgen -n $(ROWS) -o $(WIDE)/synthetic.parquet --seed $(SEED) --force,$(ROWS) rows sampled)
	$(call timed,$(BIN)/synthgen evaluate $(WIDE)/train.parquet $(WIDE)/synthetic.parquet --holdout $(WIDE)/holdout.parquet --target class -o $(WIDE)/report.html --json $(WIDE)/report.json --force,Report made)
	@echo
	@echo "The synthetic table: $(CURDIR)/$(WIDE)/synthetic.parquet"
	@echo "The report:          $(CURDIR)/$(WIDE)/report.html"

# waiting threads must sleep, not spin: the machine may be shared
test: lint
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -n $(THREADS) --dist worksteal -m "not cluster"

test-cluster: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -m cluster

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/mixed.py $(TABLE)
	$(BIN)/python benchmarks/readme_tables.py

bench-tables: $(VENV)/.installed-bench
	-$(BIN)/python benchmarks/peers/venvs.py
	$(BIN)/python benchmarks/tables/run.py --threads $(THREADS)
	$(BIN)/python benchmarks/tables/page.py

bench-wide: $(VENV)/.installed-dev
	OMP_NUM_THREADS=$(THREADS) $(BIN)/python benchmarks/wide.py

bench-wide-real: $(VENV)/.installed-dev
	OMP_NUM_THREADS=$(THREADS) $(BIN)/python benchmarks/wide_real.py

bench-peers: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/peers/venvs.py
	$(BIN)/python benchmarks/peers/run.py --threads $(THREADS)

bench-report: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/report_speed.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/faults.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/reference/detection_coverage.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/reference/membership_coverage.py

bench-defaults: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/defaults.py

bench-step: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/step_time.py

bench-gpu: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/gpu/run.py

bench-experiments: $(VENV)/.installed-dev
	for question in $(EXPERIMENTS); do OMP_NUM_THREADS=1 $(BIN)/python benchmarks/experiments/$$question.py || exit 1; done
	$(BIN)/python benchmarks/experiments/pages.py

bench-laboratory: $(VENV)/.installed-bench
	for part in toys parzen latent conditional collapse vae infogan; do OMP_NUM_THREADS=1 $(BIN)/python benchmarks/laboratory/$$part.py || exit 1; done

kill: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/trust/kill.py
	$(BIN)/python benchmarks/trust/page.py

bench-trust: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/trust/memory.py
	$(BIN)/python benchmarks/trust/page.py

SCALE_ROWS ?= build/scale-rows
bench-scale: $(VENV)/.installed-bench
	$(BIN)/python benchmarks/scale/simulate.py $(SCALE_ROWS) --rows 50_000_000
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python benchmarks/scale/fit_files.py rows $(SCALE_ROWS) --steps 2000 --refine none --in-memory 1e6 --sizes 1e6,5e6,20e6,50e6
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python benchmarks/scale/fit_files.py rows $(SCALE_ROWS) --steps 2000 --judge --in-memory 1e6 --sizes 1e6,50e6 --to benchmarks/results/scale/fit-files-selection.json
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/scale/fit_files.py quality $(SYNTHGEN_DATA)/adult.parquet
	for part in rate workers kill; do OMP_NUM_THREADS=1 $(BIN)/python benchmarks/scale/sample_files.py $$part $(SYNTHGEN_DATA)/adult.parquet || exit 1; done
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/scale/sample_files.py kill $(SYNTHGEN_DATA)/adult.parquet --engine ray
	for part in quality kill allreduce; do OMP_NUM_THREADS=1 $(BIN)/python benchmarks/scale/team.py $$part $(SYNTHGEN_DATA)/adult.parquet || exit 1; done
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/scale/evaluate_files.py $(SCALE_ROWS)
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python benchmarks/scale/genotypes.py --variants 25000 50000 --factors 3 --max-memory 1800MiB
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python benchmarks/scale/genotypes.py --variants 20000 500000
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/scale/constants.py
	$(BIN)/python benchmarks/scale/cost.py
	$(BIN)/python benchmarks/scale/page.py

fuzz: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python benchmarks/trust/fuzz.py

audit: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/trust/audit.py

docs: $(VENV)/.installed-docs
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) -e ".[dev,genomics,coalescent,ray]"
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) -e ".[dev,genomics,coalescent,ray,bench]"
	@touch $@ $(VENV)/.installed $(VENV)/.installed-dev

$(VENV)/.installed-docs: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) -e ".[docs]"
	@touch $@ $(VENV)/.installed
