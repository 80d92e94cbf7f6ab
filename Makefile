# Every target has a help line; make alone prints them.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN         := .build
OFFICE      := .office
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
export CGO_ENABLED := 1
# huma.Register is compiled anew for each operation, most of what package api is compiled
# to. Without inlining that takes 20 s of processor time in place of 55 under the race
# detector; the labs' builds inherit it.
export GOFLAGS := $(GOFLAGS) -gcflags=github.com/dialtone-pbx/dialtone/provisioner/api=-l
# A program with the race detector sleeps a second at its end, for what still runs then:
# each package's tests would, and each controller of the whole-program tests.
export GORACE := atexit_sleep_ms=100

.PHONY: help
help: ## Print this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

# Thousands of cases in one goroutine each, most of what check would compute: check
# runs them without the race detector, test under it like all others.
PLAIN_TESTS := TestBadInputChangesNothing FuzzNoFieldAddsToAFile TestEveryZoneForTenYears TestCountries \
               TestEmergencyNumbersAsLibphonenumber TestKindsAsLibphonenumber \
               TestShortNumbersAsLibphonenumber TestReadDialledAsLibphonenumber TestPatternsMatchTheSet \
               TestStencilsPrintWhatTemplatesDo TestAFileIsTheState TestNoCountryDialsInPart \
               TestAnyTenantDialsWhole
empty       :=
PLAIN       := ^($(subst $(empty) ,|,$(PLAIN_TESTS)))$$

# Whole-program tests wait for phones to ring and prompts to end, far more than they
# compute: LABS of them run at once in each of PACKAGES, whatever the number of
# processors. Fifteen at once were too many for two processors: phones rang late.
LABS        := 4
PACKAGES    := 3
# Packages that compute for minutes begin first, beside those that wait.
FIRST       := ./provisioner/api ./cmd/dialtone/e2e/calls ./phoneconf

# The end of check and of test says how long it took, builds included.
STARTED     := $(shell date +%s)
TOOK         = took=$$(($$(date +%s) - $(STARTED))); echo "make $@ took $$((took / 60)) min $$((took % 60)) s"

.PHONY: tools
tools:
	@command -v go >/dev/null || { echo "Go is missing: install Go 1.26 or newer, then run make again." >&2; exit 1; }
	@command -v gcc >/dev/null || { echo "gcc is missing (SQLite is compiled from C): apt-get install gcc libc6-dev, then run make again." >&2; exit 1; }

.PHONY: build
build: tools ## Build dialtone, phonesim and sandbox into .build
	@echo "building (the first time compiles SQLite, about a minute)"
	@mkdir -p $(BIN)
	@go build -trimpath -ldflags "-X main.version=$(VERSION)" -o $(BIN)/ ./cmd/dialtone ./cmd/phonesim ./cmd/sandbox

.PHONY: run
run: build ## Open an office: Asterisk and Dialtone until Ctrl-C; installs what is missing
	@exec $(BIN)/sandbox office --binary $(BIN)/dialtone $(OFFICE)

.PHONY: demo
demo: build ## In a second terminal: two people, two phones, a call, a voicemail
	@$(BIN)/sandbox demo $(OFFICE)

.PHONY: sandbox
sandbox: build ## Prepare Asterisk 22 and 16 in this user's cache, once
	@$(BIN)/sandbox require
	@$(BIN)/sandbox prepare --suite all

.PHONY: check
check: tools ## The fast inner loop: format, vet, lint, race; all tests that need no Asterisk
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "not gofmt-ed: $$unformatted"; exit 1; }
	@go vet ./...
	@# ST1005: error texts may begin with a name, and Asterisk is one.
	@go run $(STATICCHECK) -checks=inherit,-ST1005 ./...
	@# vet has looked at all of it.
	@go test -race -vet=off -skip 'RealAsterisk|$(PLAIN)' ./...
	@echo "without the race detector, which make test has on: $(PLAIN_TESTS)"
	@go test -vet=off -run '$(PLAIN)' ./phoneconf ./provisioner/api ./provisioner/asteriskconf ./provisioner/pbx
	@$(TOOK)

.PHONY: test
test: tools sandbox ## Everything: unit, fuzz seeds, real Asterisk 22 and 16, simulated phones; installs what is missing
	@go test -race -count=1 -timeout 60m -p $(PACKAGES) -parallel $(LABS) $(FIRST) ./...
	@$(TOOK)

KILLS       := 1000

.PHONY: soak
soak: tools sandbox ## Kill the controller KILLS times (1000) amid calls, consultations and recordings; not part of test
	@go test -race -count=1 -timeout 4h -v -run '^TestSurvivalRealAsterisk$$' ./cmd/dialtone/e2e/faults -soak $(KILLS)

.PHONY: bench
bench: build ## One table of ratios against references in the same run (about 10 minutes)
	@$(BIN)/sandbox require --load
	@$(BIN)/sandbox bench --binary $(BIN)/dialtone

.PHONY: clean
clean: ## Remove what was built and the office with its data; the Asterisk cache stays
	@rm -rf $(BIN) $(OFFICE)
