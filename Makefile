# One entrance for people and for CI. `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STACK ?= local
# Given on the command line or in the environment: HTTP_PORT and HTTPS_PORT move the front door, STATE the state folder.
export HTTP_PORT HTTPS_PORT STATE

LOCAL := bin/laravel-ecs-local
# The local stack runs on the embedded cloud; every other one is plain Pulumi, after a look at what AWS needs.
ON = $(if $(filter local,$(STACK)),$(LOCAL) $(1) --stack $(STACK),$(LOCAL) aws $(2) --stack $(STACK))

.PHONY: help up down status logs preview rehearse test test-unit test-engine test-containers bench-image lint fmt golden clean $(LOCAL)

help: ## List the commands
	@echo "make COMMAND [STACK=local|staging|prod] [HTTP_PORT=8080] [HTTPS_PORT=8443]"; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | column -t -s '|'

up: $(LOCAL) ## Deploy: here (STACK=local), or to AWS with plain `pulumi up`
	@$(call ON,up,up)

preview: $(LOCAL) ## Show what `make up` would change
	@$(call ON,preview,preview --diff)

down: $(LOCAL) ## Take everything away: here containers, networks, volumes and state; on AWS `pulumi destroy`
	@$(call ON,down,destroy)

status: $(LOCAL) ## Tasks, their health and release, and the URL
	@$(LOCAL) status --stack $(STACK)

logs: $(LOCAL) ## Logs of all tasks (FOLLOW=1 goes on)
	@$(LOCAL) logs --stack $(STACK) $(if $(FOLLOW),--follow)

rehearse: $(LOCAL) ## Try a stack file on the embedded account, without containers: up, refresh, release, destroy
	@$(LOCAL) rehearse --stack $(STACK)

test: test-unit test-engine test-containers ## Everything below; SKIP_CONTAINERS=1 leaves the last out and says so
	@echo "make test: unit and engine tiers passed; container and system tiers $(if $(filter 1,$(SKIP_CONTAINERS)),SKIPPED (SKIP_CONTAINERS=1),passed)"

test-unit: ## Pure functions, components and whole stacks against mocks
	go vet ./...
	go test ./infra/... ./stacks/...

test-engine: bin/pulumi ## Every stack file on the real engine and the embedded account
	go test -race -timeout 30m ./local/account/... ./local/plugin/... ./local/engine/... ./local/cmd/...

test-containers: $(LOCAL) bin/pulumi ## The image, the container runtime, and `make up` end to end
	@if [ "$${SKIP_CONTAINERS:-}" = 1 ]; then echo "container and system tiers: skipped, SKIP_CONTAINERS=1"; else \
	  $(LOCAL) setup && \
	  go test -race -count=1 -timeout 40m -p 1 ./docker/... ./local/runtime/... ./local/system/...; fi

bench-image: $(LOCAL) ## Measure the image against the article's, ten minutes; writes docs/benchmarks.md
	@$(LOCAL) setup && go run ./docker/bench

lint: bin/golangci-lint ## gofmt, go vet and golangci-lint
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	bin/golangci-lint run ./...

fmt: ## Format the Go code
	gofmt -w $$(git ls-files '*.go')

golden: ## Rewrite the golden files after a change that is meant
	go test ./stacks -run Inventory -update

clean: ## Remove what was built; `make down` removes what runs
	rm -rf bin

$(LOCAL):
	@command -v go >/dev/null || { echo "Go is not installed: https://go.dev/dl (1.24 or later)"; exit 1; }
	@test -x $@ || echo "Building the local command; the first time takes about 5 minutes on two cores (the AWS SDK of Pulumi is large)"
	@go build -o $@ ./local/cmd/laravel-ecs-local

# The CLI is built from its module where no fitting one is on PATH; `up` does the same on its own.
bin/pulumi: $(LOCAL)
	@$(LOCAL) setup --cli

bin/golangci-lint: tools/lint/go.mod
	@echo "Building golangci-lint; the first time takes about 5 minutes on two cores"
	@cd tools/lint && go build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
