# Every target sets up what it needs, is quick the second time, and ends with a line that says what it did.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SAM := .venv-sam/bin/sam
SAM_VERSION := 1.170.0
VIDEO_PEER := backgroundremover==0.4.5
PHOTO_PEER := rembg[cpu]==2.0.86
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
check: .venv/installed .venv-sam/installed  ## format, lint, types, import contracts, templates
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/cfn-lint template.yaml infra/video.yaml infra/network.yaml
	@mkdir -p .cache && $(BIN)/python -m infra.local.template template.yaml > .cache/translated.json
	@$(BIN)/cfn-lint .cache/translated.json
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 timeout 300 $(SAM) validate --lint
	@echo "make check: format, lint, types, import contracts, source and translated templates are clean."

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

.venv/installed: pyproject.toml
	@echo "Setting up .venv, about 2 GB with torch; this takes a few minutes."
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

.venv-sam/installed: Makefile
	@echo "Setting up .venv-sam for the SAM command line."
	@test -x .venv-sam/bin/pip || $(PYTHON) -m venv --clear .venv-sam
	@.venv-sam/bin/pip install --quiet --disable-pip-version-check aws-sam-cli==$(SAM_VERSION)
	@touch $@

.venv-peer/installed: Makefile
	@echo "Setting up .venv-peer, 7 GB with torch, for the benchmark alone."
	@command -v ffprobe >/dev/null || { apt-get update -qq && apt-get install -y -qq ffmpeg; }
	@test -x .venv-peer/bin/pip || $(PYTHON) -m venv --clear .venv-peer
	@.venv-peer/bin/pip install --quiet --disable-pip-version-check $(VIDEO_PEER) torch==2.14.1 torchvision==0.29.1
	@touch $@

# The first import compiles with numba, for a minute, and keeps what it made.
.venv-rembg/installed: Makefile
	@echo "Setting up .venv-rembg, 0.9 GB, for the comparison alone."
	@test -x .venv-rembg/bin/pip || $(PYTHON) -m venv --clear .venv-rembg
	@.venv-rembg/bin/pip install --quiet --disable-pip-version-check '$(PHOTO_PEER)' 'matplotlib>=3.10,<4'
	@.venv-rembg/bin/python -c 'import rembg'
	@touch $@
