# `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps test-deps bench-deps build run proxy-demo test unit check format lint layers gate gate-selftest bench soak fuzz clean

SWIFT ?= swift
PACKAGES := libdpdk-dev libc6-dev libstdc++-12-dev git ca-certificates
TEST_PACKAGES := $(PACKAGES) binutils tshark iproute2 ethtool procps python3 qemu-system-x86 busybox-static cpio kmod \
  nginx-light curl wrk apache2-utils nftables slapd ldap-utils iperf3 redis-server redis-tools openssl openssh-server openssh-client \
  postgresql
BENCH_PACKAGES := $(TEST_PACKAGES) haproxy libnginx-mod-stream
SOURCES := Package.swift Sources Tests

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

deps: ## installs the Debian packages that are missing; the only step that needs root or sudo
	@Scripts/install-packages $(PACKAGES)

test-deps: ## the same, and what the tests need
	@Scripts/install-packages $(TEST_PACKAGES)

build: ## builds .build/release/trafficengine, proxyengine, trafficbench and libtcpstack.so
	$(SWIFT) build -c release --product trafficengine
	$(SWIFT) build -c release --product proxyengine
	$(SWIFT) build -c release --product trafficbench
	$(SWIFT) build -c release --product tcpstack

run: deps ## builds and runs the reference load: 2,000,000 connections, both ends
	$(SWIFT) build -c release --product trafficengine
	.build/release/trafficengine run

proxy-demo: deps ## clients, proxy and servers as three processes joined by memif
	$(SWIFT) build -c release --product trafficengine
	$(SWIFT) build -c release --product proxyengine
	$(SWIFT) build -c release --product trafficbench
	Scripts/proxy-demo

test: test-deps ## runs every check, as CI does
	@Scripts/test

unit: ## unit and engine tests only
	$(SWIFT) test

check: build ## end-to-end checks of the built program only
	Scripts/check-run

format: ## formats the sources
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

lint: ## complains of what `make format` would change
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

layers: ## compiles each layer with only the layers it may know
	Scripts/layers

gate: build ## looks for allocations, locks and reference counts in the machine code of the packet path
	Scripts/gate
	Scripts/gate .build/release/proxyengine proxy

gate-selftest: ## shows that an array append and a class on the packet path are refused (in a copy; builds three times)
	Scripts/gate-selftest

bench-deps: ## the same, and what the proxy is compared with
	@Scripts/install-packages $(BENCH_PACKAGES)

bench: bench-deps build ## measures speed and memory beside a bare loop, and the proxy beside HAProxy and nginx; writes bench.json, bench-proxies.json
	Scripts/bench

soak: test-deps build ## minutes of faults with changing seeds; MINUTES=10
	Scripts/soak $(or $(MINUTES),10)

fuzz: ## libFuzzer on frames, TCP options, a whole engine, a whole proxy, first requests and configuration files, MINUTES=10 each; merges into Tests/Corpus
	Scripts/fuzz $(or $(MINUTES),10)

clean: ## removes what was built
	rm -rf .build bench.json bench-proxies.json
