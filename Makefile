# Every target sets up what it needs, is quick the second time, and ends with a line that says what it did.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SAM := .venv-sam/bin/sam
VIDEO_PEER := backgroundremover==0.4.5
PHOTO_PEER := rembg[cpu]==2.0.86
PIP_INSTALL := install --quiet --disable-pip-version-check
# A lock is whole: pip has nothing to resolve.
INSTALL_LOCK := $(PIP_INSTALL) --no-deps --require-hashes --requirement
AUDIT := .venv-audit/bin
export FILE PHOTOS

.PHONY: help
help:  ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: demo
demo: weights  ## a photo and a clip through the embedded AWS; FILE=my.jpg or my.mp4 takes yours
	@$(BIN)/python -m infra.local.demo "$${FILE:-}"

.PHONY: test
test: weights .venv-sam/installed  ## all tests
	@$(BIN)/python -m pytest
	@echo "make test: all tests passed."

.PHONY: chaos
chaos: .venv/installed  ## hundreds of uploads through the embedded AWS while everything fails; CHAOS_OPTIONS="--seed 2"
	@$(BIN)/python -m infra.local.chaos $(CHAOS_OPTIONS)

.PHONY: fuzz
fuzz: .venv/installed  ## damaged photos and videos through the decoders, five minutes each; FUZZ_SECONDS, FUZZ_SEED
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-300} $(BIN)/python -m pytest -q tests/test_fuzz.py
	@echo "make fuzz: whatever was damaged was read or refused by name."

.PHONY: check
check: .venv/installed .venv-sam/installed .venv-audit/installed  ## format, lint, types, import contracts, templates, holes in packages
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/cfn-lint template.yaml infra/video.yaml infra/network.yaml
	@mkdir -p .cache && $(BIN)/python -m infra.local.template template.yaml > .cache/translated.json
	@$(BIN)/cfn-lint .cache/translated.json
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 timeout 300 $(SAM) validate --lint
	@$(AUDIT)/checkov --quiet --compact --skip-download --framework cloudformation dockerfile secrets --directory . \
	  --skip-path '/\.[^/]+/'
	@$(BIN)/python -m infra.audit $(AUDIT)/pip-audit requirements/{build,dev,sam,audit}.txt
	@echo "make check: format, lint, types, import contracts, source and translated templates are clean."

# What ships is what the tests run on: all locks of images are parts of dev.txt. Torch, where it compiles nets, is of
# another version, and in none.
LOCK = $(AUDIT)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
  --no-annotate --no-emit-index-url $(UPGRADE)
LOCK_PART = $(LOCK) --constraint requirements/dev.txt
CUDA := cuda-bindings cuda-toolkit nvidia-cudnn-cu13 nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvshmem-cu13 triton

.PHONY: lock
lock: .venv-audit/installed  ## lock what pyproject.toml newly asks for; UPGRADE=--upgrade renews all
	@$(LOCK) pyproject.toml requirements/build.in --extra dev --output-file requirements/dev.txt
	@$(LOCK_PART) pyproject.toml --output-file requirements/library.txt
	@$(LOCK_PART) pyproject.toml --extra function --output-file requirements/function.txt
	@$(LOCK_PART) pyproject.toml --extra torch --extra video --extra job --output-file requirements/video.txt
	@for name in build stand-in; do $(LOCK_PART) requirements/$$name.in --output-file requirements/$$name.txt; done
	@$(LOCK) pyproject.toml --extra compile --extra kernels --output-file requirements/nets.txt \
	  --no-emit-package torch --override <(printf '%s; python_version < "3"\n' $(CUDA)) \
	  --constraint <(grep == requirements/dev.txt | grep -v ^torch== | tr -d '\\')
	@for name in sam audit; do $(LOCK) requirements/$$name.in --output-file requirements/$$name.txt; done
	@echo "make lock: the packages are locked in requirements/."

include infra/docker/docker.mk

.PHONY: bench
bench: weights .venv-rembg/installed  ## photos through cutout and through its peer, as ratios; takes minutes
	@$(BIN)/python -m tests.benchmarks.photo_peer $(BENCH_OPTIONS)

.PHONY: bench-video
bench-video: weights .venv-peer/installed  ## a clip through cutout and through its peer, as ratios; takes minutes
	@$(BIN)/python -m tests.benchmarks.video_peer $(BENCH_OPTIONS)
	@echo "make bench-video: the figures are above."

.PHONY: gallery
gallery: weights .venv-rembg/installed  ## photos as cutout and its peer cut them out, on a page; PHOTOS=folder takes yours
	@$(BIN)/python -m tests.benchmarks.gallery "$${PHOTOS:-}"

.PHONY: weights
weights: .venv/installed  ## the pretrained weights, checked by hash and compiled
	@$(BIN)/cutout weights fetch
	@$(BIN)/cutout weights compile

.PHONY: setup
setup: .venv/installed  ## the environment alone
	@echo "make setup: the environment is in .venv; try $(BIN)/cutout --help"

.venv/installed: pyproject.toml requirements/dev.txt
	@echo "Setting up .venv, about 2 GB with torch; this takes a few minutes."
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	@$(BIN)/pip $(INSTALL_LOCK) requirements/dev.txt
	@$(BIN)/pip $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv-sam/installed: requirements/sam.txt
	@echo "Setting up .venv-sam for the SAM command line."
	@test -x .venv-sam/bin/pip || $(PYTHON) -m venv --clear .venv-sam
	@.venv-sam/bin/pip $(INSTALL_LOCK) requirements/sam.txt
	@touch $@

.venv-audit/installed: requirements/audit.txt
	@echo "Setting up .venv-audit, 350 MB, for what looks through templates and packages."
	@test -x .venv-audit/bin/pip || $(PYTHON) -m venv --clear .venv-audit
	@.venv-audit/bin/pip $(INSTALL_LOCK) requirements/audit.txt
	@touch $@

.venv-peer/installed: Makefile
	@echo "Setting up .venv-peer, 7 GB with torch, for the benchmark alone."
	@command -v ffprobe >/dev/null || { apt-get update -qq && apt-get install -y -qq ffmpeg; }
	@test -x .venv-peer/bin/pip || $(PYTHON) -m venv --clear .venv-peer
	@.venv-peer/bin/pip $(PIP_INSTALL) $(VIDEO_PEER) torch==2.14.1 torchvision==0.29.1
	@touch $@

# The first import compiles with numba, for a minute, and keeps what it made.
.venv-rembg/installed: Makefile
	@echo "Setting up .venv-rembg, 0.9 GB, for the comparison alone."
	@test -x .venv-rembg/bin/pip || $(PYTHON) -m venv --clear .venv-rembg
	@.venv-rembg/bin/pip $(PIP_INSTALL) '$(PHOTO_PEER)' 'matplotlib>=3.10,<4'
	@.venv-rembg/bin/python -c 'import rembg'
	@touch $@
