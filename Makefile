# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
COMMA := ,

# An environment holds what has been asked of it; each extra of pyproject.toml has its stamp.
extras = $(subst $(COMMA), ,$(EXTRAS))
installed = $(patsubst %,$(VENV)/.installed-%,$(if $(filter all,$(extras)),all,$(1) $(extras)))
flag = $(if $(filter-out 0,$($(1))),$(2))

export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The configurations whose clock and area README.md shows.
ROUTED = ecp5_85f ecp5_25f gw2a18 up5k gw1nr9

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help sim test test-full fuzz prove bench synth lanes figures bitstream tables docs lint format doctor clean distclean

help: ## List what can be made
	@echo "Macaw. make TARGET, where TARGET is one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "Variables:"
	@echo "  PYTHON=python3.12   the interpreter that the environment is made with"
	@echo "  VENV=.venv          the folder of the environment"
	@echo "  EXTRAS=torch,onnx   further extras of pyproject.toml to install; EXTRAS=all for all"

sim: $(call installed,photo $(filter torch,$(ORACLE)) $(if $(MODEL),tflite)) ## Run the main job, or MODEL=file, on the RTL (ORACLE=torch, WAVES=1, PRESET=ecp5_85f)
	$(BIN)/macaw $(if $(MODEL),verify "$(MODEL)" $(if $(PRESET),--config $(PRESET)),sim $(if $(ORACLE),--oracle $(ORACLE)) $(call flag,WAVES,--waves) $(if $(PRESET),--preset $(PRESET)))

test: $(call installed,dev) ## Run the tests, in some half an hour on two cores (COVERAGE=1, PYTEST_ARGS=...)
	$(BIN)/python -m pytest -n auto -m "not full" $(call flag,COVERAGE,--cov --cov-report=term) $(PYTEST_ARGS)

test-full: $(call installed,dev) ## Run all the tests, the long ones too
	$(BIN)/python -m pytest -n auto $(call flag,COVERAGE,--cov --cov-report=term) $(PYTEST_ARGS)

fuzz: $(call installed,dev) ## Run random graphs on the machine in Python, every RTL-th on the RTL (SEEDS=0:300, RTL=10)
	$(BIN)/python tests/machine/machine_fuzz.py $(or $(SEEDS),0:300) $(RTL)

prove: $(call installed,flow) ## Prove what the hardware promises, into build/prove.json (COMPONENTS=..., FAST=1)
	$(BIN)/python -m benchmarks prove $(call flag,FAST,--fast) $(COMPONENTS)

bench: $(call installed,photo) ## Measure cycles and times into build/bench.json (BENCH="core ..." for some only)
	$(BIN)/python -m benchmarks run $(BENCH)

synth: $(call installed,flow) ## Synthesise, place and route into build/synth.json (SEEDS=3, PRESET=ecp5_85f, TIME_LIMIT=45)
	$(BIN)/python -m benchmarks synth $(if $(SEEDS),--seeds $(SEEDS)) $(if $(TIME_LIMIT),--time-limit $(TIME_LIMIT)) $(if $(PRESET),--preset $(PRESET))

lanes: $(call installed,flow) ## Measure a requantiser lane in each mode on each device, and the elementwise pass, into build/synth.json (SEEDS=1)
	$(BIN)/python -m benchmarks lanes $(if $(SEEDS),--seeds $(SEEDS)) $(if $(TIME_LIMIT),--time-limit $(TIME_LIMIT))

figures: $(call installed,photo torch flow) ## Measure all that the pages show, and write their tables; takes hours
	$(BIN)/python -m benchmarks run
	$(BIN)/python -m benchmarks synth $(foreach name,$(or $(PRESET),$(ROUTED)),--preset $(name))
	$(BIN)/python -m benchmarks lanes
	$(BIN)/python -m benchmarks tables

bitstream: $(call installed,flow boards) ## Build a self-test of the core for a board (BOARD=ulx3s_85f, PRESET=ecp5_85f, SEED=2, TIME_LIMIT=45)
	$(BIN)/macaw bitstream "$(BOARD)" $(if $(PRESET),--preset $(PRESET)) $(if $(SEED),--seed $(SEED)) $(if $(TIME_LIMIT),--time-limit $(TIME_LIMIT))

tables: $(call installed,photo) ## Write the figures of build/bench.json and build/synth.json, and the help, into README.md and docs
	$(BIN)/python -m benchmarks tables

docs: $(call installed,flow) ## Write the reference of the blocks to build/docs/blocks.md (PRESET=ecp5_85f, COSTS=0)
	$(BIN)/python -m benchmarks docs $(if $(PRESET),--preset $(PRESET)) $(if $(filter 0,$(COSTS)),--no-costs)

lint: $(call installed,dev) build/types/macaw ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(call installed,dev) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

doctor: ## Check that the system has what Macaw builds on
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install Python 3.11 or newer (Debian: python3 and python3-venv; Fedora: python3; macOS: brew install python), or name one with PYTHON=." >&2; exit 1; }
	@$(PYTHON) -I cli/doctor.py $(if $(filter doctor,$(MAKECMDGOALS)),,--quiet) $(if $(filter command environment,$(firstword $(origin PYTHON))),--environment $(VENV))

clean: ## Remove what was built
	rm -rf build dist .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## Remove the environment as well
	rm -rf $(VENV) macaw.egg-info

$(VENV)/bin/pip: | doctor
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-%: pyproject.toml | $(VENV)/bin/pip
	@echo "Installing Macaw with the extra $* into $(VENV) ..."
	@$(BIN)/pip install --quiet --editable ".[$*]"
	@touch $@

# mypy needs to see the folders under their import names.
build/types/macaw:
	mkdir -p build/types
	ln -sfn ../.. $@
