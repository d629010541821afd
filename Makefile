# make report [ARCHIVE=published] [MIRROR=DIR] [CORES=8] [SETTINGS="key=value ..."]   sets up, then makes results/report.pdf
# make test     all tests            make lint    formatters, linters, types
# make bench    speed and memory     make envs    environments and lock from the scripts' imports and envs/pins.yaml
# make prune    remove fits, scores of feature subsets and searches that no study uses any more

PYTHON ?= python3
CORES ?= 8
ARCHIVE ?=
MIRROR ?=
SETTINGS ?=
PYTEST_ARGS ?= -n 2 --dist worksteal -q

VENV := .venv
BIN := $(VENV)/bin
CONFIG := $(strip $(if $(ARCHIVE),archive=$(ARCHIVE)) $(if $(MIRROR),mirror=$(MIRROR)) $(SETTINGS))
export PYTHONPATH := scripts

.PHONY: report test lint bench envs prune pictures

report: $(VENV)/installed
	@$(BIN)/python -m flaredag.unlocking
	@begun=$$(date +%s); \
	$(BIN)/snakemake --cores $(CORES) $(if $(CONFIG),--config $(CONFIG)) -- results/report.pdf || exit 1; \
	$(BIN)/python -m flaredag.accounting --since $$begun --wall $$(($$(date +%s) - begun)) --cores $(CORES)
	@echo "Done: results/report.pdf, and beside it scores.csv, papers.csv, comparisons.csv, manifest.json"

test: $(VENV)/installed
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint
	$(BIN)/codespell
	$(BIN)/pyright

bench: $(VENV)/installed
	$(BIN)/python tests/bench.py

envs: $(VENV)/installed
	$(BIN)/python -m flaredag.environments

prune: $(VENV)/installed
	$(BIN)/python -m flaredag.pruning results/store results

$(VENV)/installed: envs/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 wanted, this is %d.%d: make PYTHON=python3.11 ..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	touch $@

# The README's pictures, from the run that is there. Wants graphviz and poppler (dot, tred, pdftoppm).
pictures: $(VENV)/installed
	$(BIN)/snakemake --rulegraph $(if $(CONFIG),--config $(CONFIG)) | tred | dot -Tsvg > .readme/rules.svg
	pdftoppm -r 70 -png -f 1 -l 1 -singlefile results/report.pdf .readme/report
