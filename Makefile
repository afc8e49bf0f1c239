# One entrance for people and for CI. `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STACK ?= local
# Given on the command line or in the environment: HTTP_PORT and HTTPS_PORT move the front door, STATE the state folder,
# CLOUD=local runs any stack on this machine, ALLOW_REPLACE lets a note pass that replaces or deletes what holds data.
# BRANCH and TTL=48h are those of a review environment.
export HTTP_PORT HTTPS_PORT STATE CLOUD ALLOW_REPLACE BRANCH TTL

LOCAL := bin/laravel-ecs
# The local stack runs on the embedded cloud, with CLOUD=local every stack; else it is plain Pulumi, after a look at what AWS needs.
ON = $(if $(filter local,$(STACK) $(CLOUD)),$(LOCAL) $(1) --stack $(STACK),$(LOCAL) aws $(2) --stack $(STACK))

.PHONY: help up down note notes touched deploy drift test-app layers smoke docker dotenv config-check status logs shell releases rollback unpin canary promote abort preview review-up review-down review-reap reviews rehearse test test-unit test-engine test-containers soak bench-image lint fmt golden clean $(LOCAL)

help: ## List the commands
	@echo "make COMMAND [STACK=local|staging|prod] [HTTP_PORT=8080] [HTTPS_PORT=8443]"; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | column -t -s '|'

up: $(LOCAL) ## Deploy: here (STACK=local), or to AWS with plain `pulumi up`
	@$(call ON,up,up)

preview: $(LOCAL) ## Show what `make up` would change
	@$(call ON,preview,preview --diff)

down: $(LOCAL) ## Take everything away: here containers, networks, volumes and state; on AWS `pulumi destroy`
	@$(call ON,down,destroy)

note: $(LOCAL) ## Preview in Markdown for a merge request: changes, risks, release, environment, cost (FROM=file, BASE=revision, ALLOW_REPLACE=type; POST=1 posts it)
	@$(LOCAL) note --stack $(STACK) $(if $(FROM),--from $(FROM)) $(if $(BASE),--base $(BASE)) $(if $(filter 1,$(POST)),--post)

notes: $(LOCAL) ## In the job of a merge request: the note of every environment that it touches, printed and posted (SINCE=revision, BASE=revision)
	@$(LOCAL) notes $(if $(SINCE),--since $(SINCE)) $(if $(BASE),--base $(BASE))

touched: $(LOCAL) ## List the environments that the changes since SINCE=revision touch
	@$(LOCAL) touched $(if $(SINCE),--since $(SINCE))

deploy: $(LOCAL) ## Run the release that FROM=staging runs, from the very same image, without building (TO=release: another one of its registry)
	@$(LOCAL) deploy --stack $(STACK) $(if $(FROM),--from $(FROM)) $(if $(TO),--to $(TO))

drift: $(LOCAL) ## What differs on AWS from what was deployed; fails where something does (what autoscaling and releases move is left out)
	@$(LOCAL) drift --stack $(STACK)

test-app: $(LOCAL) ## Run the application's own tests in the image of STACK, which is built for that and not pushed (image.test)
	@$(LOCAL) test-app --stack $(STACK)

layers: $(LOCAL) ## For pipelines whose builder begins empty: build the slow stages from the layers of earlier jobs, kept in .cache/layers
	@$(LOCAL) layers --stack $(STACK)

smoke: $(LOCAL) ## Ask a deployed stack for its health check and its page: both must answer 200
	@$(LOCAL) smoke --stack $(STACK)

docker: $(LOCAL) ## See to it that a Docker engine answers; as root on Debian it is installed
	@$(LOCAL) setup --docker

dotenv: $(LOCAL) ## Write the stack's .env for a developer (FILE=.env; FORCE=1 replaces one)
	@$(LOCAL) dotenv --stack $(STACK) $(if $(FILE),--file $(FILE)) $(if $(filter 1,$(FORCE)),--force)

config-check: $(LOCAL) ## Compare the application's .env.example with what the stack provides
	@$(LOCAL) config-check --stack $(STACK)

status: $(LOCAL) ## Tasks, their health and release, and the URL
	@$(LOCAL) status --stack $(STACK)

logs: $(LOCAL) ## Logs of all tasks (FOLLOW=1 goes on)
	@$(LOCAL) logs --stack $(STACK) $(if $(FOLLOW),--follow)

shell: $(LOCAL) ## A shell in a running web task (ECS Exec on AWS)
	@$(LOCAL) shell --stack $(STACK)

releases: $(LOCAL) ## Releases in the registry, and which one runs
	@$(LOCAL) releases --stack $(STACK)

rollback: $(LOCAL) ## Return to the release before, or TO=release, without building
	@$(LOCAL) rollback --stack $(STACK) $(if $(TO),--to $(TO))

unpin: $(LOCAL) ## Take back what a rollback wrote: the next make up deploys the working tree
	@$(LOCAL) unpin --stack $(STACK)

canary: $(LOCAL) ## Blue/green: PERCENT=10 of the requests go to the working tree, or to TO=release
	@$(LOCAL) canary --stack $(STACK) $(if $(PERCENT),--percent $(PERCENT)) $(if $(TO),--to $(TO))

promote: $(LOCAL) ## Blue/green: the candidate gets all requests
	@$(LOCAL) promote --stack $(STACK)

abort: $(LOCAL) ## Blue/green: the candidate gets no more requests
	@$(LOCAL) abort --stack $(STACK)

review-up: $(LOCAL) ## Make or renew the environment of BRANCH; its URL is the last line (TTL=72h)
	@$(LOCAL) review-up

review-down: $(LOCAL) ## Take the environment of BRANCH away
	@$(LOCAL) review-down

review-reap: $(LOCAL) ## Take away every review environment that has expired (DRY_RUN=1 only tells)
	@$(LOCAL) review-reap $(if $(filter 1,$(DRY_RUN)),--dry-run)

reviews: $(LOCAL) ## List the review environments
	@$(LOCAL) reviews

rehearse: $(LOCAL) ## Try a stack file on the embedded account, without containers: up, refresh, release, destroy
	@$(LOCAL) rehearse --stack $(STACK)

test: test-unit test-engine test-containers ## Everything below; SKIP_CONTAINERS=1 leaves the last out and says so
	@echo "make test: unit and engine tiers passed; container and system tiers $(if $(filter 1,$(SKIP_CONTAINERS)),SKIPPED (SKIP_CONTAINERS=1),passed)"

test-unit: bin/gitlab-ci-local ## Pure functions, components and whole stacks against mocks
	go vet ./...
	go test ./infra/... ./stacks/... ./ops/plan/preview ./ops/plan/cost ./ops/plan/note ./ops/review ./ops/forge ./ops/pipelines

test-engine: bin/pulumi ## Every stack file on the real engine and the embedded account
	go test -race -timeout 30m ./emulator/account/... ./emulator/plugin/... ./emulator/engine/... ./cmd/...

# The load under which releases are tried is checked for races on its own: in the trial it must leave the machine to the releases.
test-containers: $(LOCAL) bin/pulumi bin/gitlab-ci-local ## The image, the container runtime, and `make up` end to end
	@if [ "$${SKIP_CONTAINERS:-}" = 1 ]; then echo "container and system tiers: skipped, SKIP_CONTAINERS=1"; else \
	  $(LOCAL) setup && mkdir -p .local && \
	  go test -race -count=1 -timeout 40m -p 1 ./docker/... ./ops/layers ./emulator/runtime/... && go test -race -count=1 -run LoadSees ./emulator/system && \
	  SYSTEM_REPORT=$(CURDIR)/.local/releases.md go test -count=1 -timeout 75m ./emulator/system/... && \
	  cat .local/releases.md; fi

soak: $(LOCAL) bin/pulumi ## Everything that may happen to a release, under load and at length: about an hour
	$(LOCAL) setup
	SOAK=1 go test -count=1 -v -timeout 3h -run Releases ./emulator/system

bench-image: $(LOCAL) ## Measure the image against the article's, ten minutes; writes docs/benchmarks.md
	@$(LOCAL) setup && go run ./docker/bench

lint: bin/golangci-lint bin/actionlint ## gofmt, golangci-lint, and actionlint for the workflows of GitHub
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	bin/golangci-lint run ./...
	bin/actionlint

fmt: ## Format the Go code
	gofmt -w $$(git ls-files '*.go')

golden: ## Rewrite the golden files after a change that is meant
	go test ./stacks -run 'Inventory|Dotenv' -update
	go test ./ops/plan/note -update

clean: ## Remove what was built; `make down` removes what runs
	rm -rf bin .cache/layers

$(LOCAL):
	@command -v go >/dev/null || { echo "Go is not installed: https://go.dev/dl (1.24 or later)"; exit 1; }
	@test -x $@ || echo "Building the local command; the first time takes about 5 minutes on two cores (the AWS SDK of Pulumi is large)" >&2
	@go build -o $@ ./cmd/laravel-ecs

# The CLI is built from its module where no fitting one is on PATH; `up` does the same on its own.
bin/pulumi: $(LOCAL)
	@$(LOCAL) setup --cli

bin/golangci-lint: tools/lint/go.mod
	@echo "Building golangci-lint; the first time takes about 5 minutes on two cores"
	@cd tools/lint && go build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

bin/actionlint: tools/lint/go.mod
	@cd tools/lint && go build -o ../../$@ github.com/rhysd/actionlint/cmd/actionlint

# Runs .gitlab-ci.yml on this machine, for the tests.
bin/gitlab-ci-local: tools/ci/package-lock.json
	@missing=; command -v npm >/dev/null || missing="nodejs npm"; command -v rsync >/dev/null || missing="$${missing:+$$missing }rsync"; \
	if [ -n "$$missing" ]; then \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { echo "the tests of the pipelines need npm and rsync: apt-get install $$missing"; exit 1; }; \
	  echo installing $$missing with apt-get, for the tests of the pipelines; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; fi
	@cd tools/ci && npm ci --silent --no-audit --no-fund && mkdir -p ../../bin && ln -sf ../tools/ci/node_modules/.bin/gitlab-ci-local ../../$@
