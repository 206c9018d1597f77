# `make help` says what there is.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help

# What `make run` hands to `apus serve`, as in: make run ARGS="--port 9000"
ARGS ?=
# Where the load generator is, for `make bench`.
BENCH_DIR ?= ../shared/bench

CHECK_IMPORTS := --explicit-target-dependency-import-check error

.PHONY: help run test unit acceptance docs lint format bench deb clean build-release build-tests

help:
	@echo 'make run         build Apus and serve on http://127.0.0.1:8080; ARGS="--port 9000" goes to apus serve'
	@echo 'make test        everything that must pass: build, lint, documentation, unit tests, acceptance tests'
	@echo 'make unit        the unit tests only'
	@echo 'make acceptance  the acceptance tests only: the built program, from outside'
	@echo 'make docs        the documentation of ApusClient for browsers'
	@echo 'make lint        check the format of the Swift sources'
	@echo 'make format      put the Swift sources into that format'
	@echo 'make bench       measure the release build; BENCH_DIR=<directory of the load generator>'
	@echo 'make deb         Debian packages of the release build, in .build/package'
	@echo 'make clean       remove what was built; downloaded packages stay'

run: build-release
	exec .build/release/apus serve $(ARGS)

test: build-tests lint docs
	@Scripts/test unit acceptance

unit: build-tests
	@Scripts/test unit

acceptance: build-tests
	@Scripts/test acceptance

docs: build-tests
	@Scripts/docs

lint:
	swift format lint --strict -r Sources Tests Benchmarks Examples Package.swift

format:
	swift format -i -r Sources Tests Benchmarks Examples Package.swift

bench:
	@Scripts/install-packages bench
	@BENCH_DIR='$(BENCH_DIR)' Scripts/bench check
	@$(MAKE) --no-print-directory build-release
	swift build -c release --product ApusBenchmarks
	@BENCH_DIR='$(BENCH_DIR)' Scripts/bench

# The Swift runtime is linked in, so that the packages need nothing but Debian's.
deb:
	@Scripts/install-packages package
	swift build -c release --static-swift-stdlib --product apus
	swift build -c release --static-swift-stdlib --product apus-distributor
	Scripts/deb

clean:
	swift package clean
	rm -rf .build/acceptance .build/logs .build/bench.*

build-release:
	@Scripts/install-packages build
	swift build -c release --product apus

build-tests:
	@Scripts/install-packages test
	swift build --build-tests $(CHECK_IMPORTS)
