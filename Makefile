# Everything is set up inside the clone: three virtual environments, because SAM CLI and the
# local AWS each pin their own boto3. `.installed` in each says that it is complete. Call the
# other targets, not the stamps: `install` says in one sentence what went wrong.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3.11
BIN := .venv/bin
SAM := .venv-sam/bin/sam
STAMPS := .venv/.installed .venv-sam/.installed .venv-aws/.installed
TYPED := layers/wxlive/wxlive $(wildcard functions/*/wxlive_*) cli/wxlive_cli local/wxlive_local \
  tests benchmarks scripts

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export SAM_CLI_TELEMETRY := 0
# `sam build` looks for the runtime's exact Python on the path.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help install demo test test-moto test-fast test-units test-thorough coverage security prove prove-needed docs catalogues bench bench-quick growth costs sizes local build deploy lint lint-types lint-code lint-template format lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ------------------------------------------------------------------- install
install:  ## Set up everything inside the clone; instant when nothing changed
	@mkdir -p build
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { \
	  echo "make: $(PYTHON) is not Python 3.11, which the functions run with; install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(MAKE) --silent -j3 $(STAMPS) 2> build/install.log || { \
	  echo "make: the packages could not be installed; check the network and the package index, then run make again (logs: build/install*.log)" >&2; exit 2; }

.venv/.installed: requirements/dev.txt pyproject.toml
	$(call venv,.venv,requirements/dev.txt)
	$(call pip,.venv,--no-deps --no-build-isolation -e .)
	@touch $@

.venv-sam/.installed: requirements/sam.txt
	$(call venv,.venv-sam,requirements/sam.txt)
	@touch $@

.venv-aws/.installed: requirements/aws.txt requirements/runtime.txt
	$(call venv,.venv-aws,requirements/aws.txt)
	@rm -rf .venv-aws/runtime
	$(call pip,.venv-aws,--no-deps --require-hashes --target .venv-aws/runtime -r requirements/runtime.txt)
	@touch $@

.venv-security/.installed: requirements/security.txt
	$(call venv,.venv-security,requirements/security.txt)
	@touch $@

# venv(directory, requirements): what is installed is exactly what is locked, hash by hash.
# The list is complete, so pip need not resolve anything; older pips stumble over extras if they do.
define venv
	@[ -x $(1)/bin/pip ] || $(PYTHON) -m venv $(1)
	@echo "installing $(2) into $(1)"
	$(call pip,$(1),--no-deps --require-hashes -r $(2))
endef

# pip(directory, arguments)
define pip
	@$(1)/bin/pip install --quiet --retries 2 $(2) > build/install$(1).log 2>&1
endef

# ----------------------------------------------------------------------- run
demo: install  ## Run the main job from follower to report, on this machine, and print the outcome
	@$(BIN)/python -m wxlive_local.demo

local: install  ## Keep the local AWS with the WeChat simulator up until Ctrl-C
	@$(BIN)/wxlive-local up --followers 5000

bench: install  ## Print each benchmark's floor, figure and ratio, or those of BENCH="sync pace"
	@$(BIN)/python benchmarks/run.py $(BENCH)

bench-quick: install  ## Run the short benchmarks, in less than two minutes
	@$(BIN)/python benchmarks/run.py --quick $(BENCH)

growth: install  ## Measure time and memory up to a million followers, and draw them into docs/
	@$(BIN)/python benchmarks/growth.py

costs: install  ## Count what every function uses, and write its price into docs/costs.md
	@$(BIN)/python benchmarks/costs.py

sizes: install  ## Measure the sizes of functions and layer, their imports and cold starts
	@$(BIN)/python benchmarks/sizes.py

# --------------------------------------------------------------------- check
# Some wait for the deployed template; so a third process finds something to do on two cores.
test: lint  ## Run all checks and tests
	@$(BIN)/pytest --numprocesses 3 --dist loadgroup --no-loadscope-reorder -m "not moto"

test-moto: install  ## Hold the stores and the explorer's AWS against moto, besides the local AWS
	@$(BIN)/pytest --numprocesses 2 -m moto

# It doubles a test's time, and the other tests run what these do as well.
coverage: install  ## Measure the branch coverage of what needs no server
	@$(BIN)/pytest --cov --numprocesses 2 --dist loadgroup -m "not (moto or local_aws or e2e or browser or slow)"

test-fast: install  ## Run the checks and the unit tests with few examples: after each edit
	@$(MAKE) --jobs 3 --output-sync lint-types lint-code test-units

test-units: install
	@HYPOTHESIS_PROFILE=quick $(BIN)/pytest --numprocesses 2 --dist loadgroup \
	  -m "not (moto or browser or slow)" tests/property tests/unit --ignore tests/unit/explore

test-thorough: install  ## Run the state machines and properties with a large budget (half an hour)
	@HYPOTHESIS_PROFILE=thorough $(BIN)/pytest --numprocesses 2 --dist loadgroup tests/property tests/contract

security: install .venv-security/.installed  ## Scan the templates and the roles with the scanners of others
	@$(BIN)/pytest -q tests/template/test_security.py

prove: install  ## Explore every order and every fault of push and sync in small worlds, within bounds
	@PYTHONPATH=tests $(BIN)/python -m explore --brief $(WORLDS)

prove-needed: install  ## Look for a small world that breaks without each condition on a write
	@PYTHONPATH=tests $(BIN)/python -m explore ablate --brief $(WORLDS)

lint: install  ## Run the checks alone
	@$(MAKE) --jobs 2 --output-sync lint-types lint-code lint-template

lint-types: install
	@$(BIN)/mypy $(TYPED)

lint-code: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports > build/lint-imports.log || { cat build/lint-imports.log; exit 1; }

lint-template: install
	@.venv-sam/bin/cfn-lint
	@AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint --template template.yaml

format: install  ## Format the code and fix what can be fixed
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .

docs: install  ## Renew the generated pages of docs/: commands and template parameters
	@$(BIN)/python scripts/generate_docs.py

catalogues: install  ## Bring the translations up to date with the code, and compile them
	@$(BIN)/python scripts/catalogues.py

# --------------------------------------------------------------------- cloud
build: install  ## Build for the real cloud, for both architectures
	@$(SAM) build > /dev/null
	@echo "Built. make deploy ENV=staging or make deploy ENV=prod deploys it."

deploy:  ## Build and deploy to your AWS account: ENV=staging or ENV=prod
	@case "$(ENV)" in staging|prod) ;; *) echo "make deploy: name the environment: ENV=staging or ENV=prod" >&2; exit 2;; esac
	@$(MAKE) build
	@$(SAM) deploy --config-env $(ENV)

# -------------------------------------------------------------------- upkeep
# No index address may get into a file: everybody's own pip settings say where packages are.
lock: install  ## Pin every package anew, with hashes
	@for name in layers/wxlive/requirements requirements/dev requirements/sam requirements/aws requirements/runtime requirements/security; do \
	  echo "locking $$name.txt"; \
	  CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe \
	    --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	    --output-file $$name.txt $$name.in; \
	done
	@$(BIN)/python scripts/list_wheels.py

clean:  ## Remove what was built and cached; the installed packages stay
	@rm -rf build .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	@find layers functions cli local tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +
