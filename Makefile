# Sallyport. `make` lists the targets; `make run` shows the demo; `make test` proves everything.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)

# One way to compile for everything but the tests: build, vet, staticcheck and the generators share what the compiler has
# done. The binary needs no C. The race detector does: tests are compiled a second time, with it, where there is a C compiler.
GOENV     := CGO_ENABLED=0 GOFLAGS="$(strip $(shell go env GOFLAGS 2>/dev/null) -trimpath)"
GO        := $(GOENV) go
CCOMPILER := $(shell command -v "$$(go env CC 2>/dev/null)" 2>/dev/null)
ifeq ($(CCOMPILER),)
TESTENV := CGO_ENABLED=0
RACE    :=
else
TESTENV := CGO_ENABLED=1
# SQLite's engine is C that was translated: no race of ours is in it, and watching its every read makes tests twice as slow.
RACE    := -race -gcflags='modernc.org/...=-race=false -d=checkptr=0'
endif
# Tests' databases lie in memory where there is enough of it: thousands of commits that wait for a disk prove nothing more.
SCRATCH := $(shell [ -w /dev/shm ] && [ "$$(df -Pk /dev/shm | awk 'NR == 2 {print $$4}')" -gt 4000000 ] && echo /dev/shm || echo "$${TMPDIR:-/tmp}")
STATICCHECK := $(GO) tool -modfile=tools/go.mod staticcheck

DIST  := backend/internal/web/dist
PAGES := $(shell find frontend/src frontend/public frontend/scripts -type f 2>/dev/null) $(wildcard frontend/*.html frontend/*.json frontend/*.ts)
STAMP := frontend/node_modules/.package-lock.json

.PHONY: help run build test setup check check-backend check-contract check-frontend unit-frontend unit-backend e2e bench generate clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, and serve the demo on http://127.0.0.1:8080 (data in ./data)
	@SALLYPORT_DEMO=true SALLYPORT_DATA_DIR=./data exec bin/sallyport serve

build: $(DIST)/index.html ## leave one binary, bin/sallyport, with the pages inside
	@mkdir -p bin
	cd backend && $(GO) build -ldflags "-s -w -X sallyport/internal/app.Version=$(VERSION)" -o ../bin/sallyport ./cmd/sallyport

test: ## everything: what is missing is installed; checks, unit tests, real databases, the binary, the browser
	@$(MAKE) --no-print-directory setup
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory unit-frontend
	@$(MAKE) --no-print-directory unit-backend
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory e2e

setup: ## install what the tests need and is not there (PostgreSQL, Chromium, npm packages)
	@scripts/setup
	@$(MAKE) --no-print-directory $(STAMP)

$(STAMP): frontend/package.json frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund
	@touch $@

frontend/dist/index.html: $(STAMP) $(PAGES)
	cd frontend && npm run --silent build

$(DIST)/index.html: frontend/dist/index.html
	@find $(DIST) -mindepth 1 ! -name .gitkeep -delete
	@cp -R frontend/dist/. $(DIST)/

check: check-backend check-contract check-frontend ## forms, vet, staticcheck, the house's own rules, the contract, generated code

check-backend:
	@wrong="$$(cd backend && gofmt -l cmd internal)"; if [ -n "$$wrong" ]; then printf 'run gofmt -w on:\n%s\n' "$$wrong"; exit 1; fi
	cd backend && $(GO) vet ./...
	cd backend && $(STATICCHECK) ./...

# The rules of imports, clocks and environment, and of the contract, are a Go test: internal/house. What requests are held against is one too.
check-contract: $(STAMP)
	cd backend && $(GO) test -vet=off -count=1 ./internal/house
	cd backend && $(GO) test -vet=off -count=1 -run TestRequestsAreHeldAgainstTheWholeContract ./internal/api
	@new="$$(mktemp)"; trap 'rm -f "$$new"' EXIT; \
	(cd backend && $(GO) tool oapi-codegen -config internal/api/openapi/config.yaml -o "$$new" ../openapi.yaml) && \
	diff -u --label openapi.gen.go --label 'generated anew' backend/internal/api/openapi/openapi.gen.go "$$new" >&2 && \
	diff -u openapi.yaml backend/internal/api/openapi/openapi.yaml >&2 || { echo 'generated code is behind openapi.yaml: run make generate'; exit 1; }
	cd frontend && npm run --silent generate:check

check-frontend: $(STAMP)
	cd frontend && npm run --silent check

unit-frontend: $(STAMP)
	cd frontend && npm test

# vet has run; -count=1, since these tests use databases and processes that the test cache does not see.
GOTEST = $(GO) tool gotestsum --format pkgname --raw-command -- env $(1) GOTMPDIR="$${GOTMPDIR:-$${TMPDIR:-/tmp}}" TMPDIR=$(SCRATCH) \
	go test -json -vet=off -count=1 -timeout 25m

# Watched for races, the whole portal is three times as slow: of its tests from outside, those are watched whose name says that
# things happen at the same time, but for the large table of what is in flight. The others run as the binary is built. All packages
# within are watched.
RACING := AtOnce|EachOther|Replica|Meanwhile|While

unit-backend:
ifeq ($(RACE),)
	@echo 'no C compiler: the tests run without the race detector'
endif
	cd backend && $(call GOTEST,$(TESTENV)) $(RACE) $$($(GO) list ./... | grep -v '/blackbox$$')
	cd backend && $(call GOTEST,$(TESTENV)) $(RACE) -run '$(RACING)' ./internal/blackbox
	cd backend && $(call GOTEST,CGO_ENABLED=0) -skip '$(RACING)' ./internal/blackbox

e2e: build
	@ls frontend/e2e/*.spec.ts >/dev/null 2>&1 || { echo 'frontend/e2e holds no browser tests'; exit 1; }
	cd backend && $(GO) build -o ../bin/pgtemp ./cmd/pgtemp
	cd frontend && TMPDIR=$(SCRATCH) CHROMIUM="$$(../scripts/setup --chromium)" npm run --silent e2e

bench: build ## measure: three runs, medians, ratios to floors of the same run (about twenty minutes; BENCH=… for less, see docs/performance.md)
	cd backend && $(GO) build -o ../bin/bench ./cmd/bench
	bin/bench -binary bin/sallyport $(BENCH)

generate: $(STAMP) ## write anew the code that comes from openapi.yaml, and docs/roles.md
	cp openapi.yaml backend/internal/api/openapi/openapi.yaml
	cd backend && $(GO) tool oapi-codegen -config internal/api/openapi/config.yaml -o internal/api/openapi/openapi.gen.go ../openapi.yaml
	cd frontend && npm run --silent generate
	@touch backend/internal/api/openapi/requests.json
	cd backend && $(GO) test -vet=off -count=1 -run TestRequestsAreHeldAgainstTheWholeContract ./internal/api -write
	cd backend && $(GO) test -vet=off -count=1 -run TestRolesAreWrittenDown ./internal/actor -write

clean: ## remove what was built (the demo's ./data stays)
	rm -rf bin frontend/dist frontend/node_modules frontend/test-results frontend/playwright-report
	@find $(DIST) -mindepth 1 ! -name .gitkeep -delete
