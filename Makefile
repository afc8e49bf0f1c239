# The commands for people and for CI. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STACK ?= local
# Given on the command line or in the environment: HTTP_PORT and HTTPS_PORT move the ports of the load balancer, STATE the state
# folder, CLOUD=local runs any stack on this machine, ALLOW_REPLACE lets a note pass that replaces or deletes what holds data.
# BRANCH and TTL=48h are those of a review environment. Further ones stand in brackets behind the commands; YES=1 answers questions.
# Every variable that commands take.
INPUTS := STACK HTTP_PORT HTTPS_PORT STATE CLOUD ALLOW_REPLACE BRANCH TTL YES PROCESS SINCE GREP FOLLOW WATCH CMD TO RELEASE PORT ON OFF ALLOW FILE \
  PERCENT FROM BASE POST FORCE DRY_RUN NAME SKIP_CONTAINERS
# Commands read them from the environment ("$$TO"), where no shell takes a value for a command. Nor does make itself: a value with $$(shell)
# in it is not expanded, only passed on. Empty ones are not there.
$(foreach v,$(INPUTS),$(eval $(if $(value $(v)),override export $(v) := $$(value $(v)),unexport $(v))))

OPERATOR := bin/laravel-ecs
EMULATOR := bin/emulator
# The stack "local" runs on the emulator, and every other one with CLOUD=local. There, the operator's command gets the environment of
# the emulated account, as aws-vault exec gives it that of a real one. Otherwise it reaches AWS as AWS's own tools do.
HERE := $(filter local,$(STACK) $(CLOUD))
TOOLS := $(OPERATOR) $(if $(HERE),$(EMULATOR) bin/pulumi)
RUN = $(if $(HERE),$(EMULATOR) exec --stack="$$STACK" -- )$(OPERATOR) $(1) --stack="$$STACK"
# Pulumi's question before an update is for what is on AWS.
DEPLOY = $(RUN)$(if $(HERE), --yes)
# Review environments have stacks of their own: on AWS unless CLOUD=local says otherwise.
REVIEW = $(if $(filter local,$(CLOUD)),$(EMULATOR) exec -- )$(OPERATOR) $(1)
REVIEW_TOOLS := $(OPERATOR) $(if $(filter local,$(CLOUD)),$(EMULATOR) bin/pulumi)

.PHONY: help up preview down status logs run shell tunnel sleep wake maintenance releases why rollback unpin release canary promote abort deploy rotate-secret smoke drift preflight cost prices note notes touched test-app layers docker dotenv doctor config-check review-up review-down review-reap reviews rehearse test test-long test-unit test-engine test-up test-race test-images test-releases soak bench-image bench-create lint fmt golden clean $(OPERATOR) $(EMULATOR)

help: ## List the commands
	@echo "make COMMAND [STACK=local|staging|prod] [HTTP_PORT=8080] [HTTPS_PORT=8443]"; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | column -t -s '|'

up: $(TOOLS) ## Deploy: on the emulator (STACK=local), or on AWS with plain `pulumi up`
	@$(if $(HERE),$(EMULATOR),$(OPERATOR)) up --stack="$$STACK"

preview: $(TOOLS) ## Show what `make up` would change
	@$(if $(HERE),$(EMULATOR),$(OPERATOR)) preview --stack="$$STACK"

down: $(TOOLS) ## Delete everything: here containers, networks, volumes and state, but not Docker images and final snapshots; on AWS `pulumi destroy`
	@$(if $(HERE),$(EMULATOR),$(OPERATOR)) down --stack="$$STACK"

status: $(TOOLS) ## Services, tasks with their release and health, and the URL; fails while a service is not steady (WATCH=1)
	@$(call RUN,status)$(if $(filter 1,$(WATCH)), --watch)

logs: $(TOOLS) ## Logs of all tasks (PROCESS=web, SINCE=1h, GREP=text, FOLLOW=1)
	@$(call RUN,logs)$(if $(PROCESS), --process="$$PROCESS")$(if $(SINCE), --since="$$SINCE")$(if $(filter 1,$(FOLLOW)), --follow)

run: $(TOOLS) ## Run a command in a task of its own: CMD="php artisan about" (PROCESS=web); bin/laravel-ecs run ends with its exit code, make with 2
	@$(call RUN,run)$(if $(PROCESS), --process="$$PROCESS")

shell: $(TOOLS) ## Open a shell in a running task by ECS Exec (PROCESS=web)
	@$(call RUN,shell)$(if $(PROCESS), --process="$$PROCESS")

tunnel: $(TOOLS) ## Open a local port to the database or the cache: TO=database, TO=cache (PORT=13306)
	@$(call RUN,tunnel)$(if $(TO), --to="$$TO")$(if $(PORT), --port="$$PORT")

sleep: $(TOOLS) ## Stop tasks, instances and database, until the next "up" of environment.schedule
	@$(call RUN,sleep)

wake: $(TOOLS) ## Start an environment that sleeps, until the next "down" of environment.schedule
	@$(call RUN,wake)

maintenance: $(TOOLS) ## The load balancer answers 503: ON=1 or OFF=1 (ALLOW=203.0.113.7/32 lets an address in, FILE=page.html)
	@$(call RUN,maintenance $(if $(filter 1,$(ON)),on,$(if $(filter 1,$(OFF)),off,status)))$(if $(ALLOW), --allow="$$ALLOW")$(if $(FILE), --file="$$FILE")

releases: $(TOOLS) ## Releases in the registry, which one runs, and which ones served before
	@$(call RUN,releases)

why: $(TOOLS) ## What is known of the last release that failed, or of RELEASE=release: events, exit codes, last log lines, health answers
	@$(call RUN,why)$(if $(RELEASE), --release="$$RELEASE")

rollback: $(TOOLS) ## Return to the release that served before, or TO=release, without building (YES=1 does not ask)
	@$(call RUN,rollback)$(if $(TO), --to="$$TO")

unpin: $(TOOLS) ## Remove the release that a rollback wrote into the stack file: the next make up deploys the working tree
	@$(call RUN,unpin)

release: $(TOOLS) ## Blue/green: the working tree, or TO=release, gets the visitors in steps, and is taken back if it is worse than the live release (YES=1 does not ask)
	@$(call DEPLOY,release)$(if $(TO), --to="$$TO")

canary: $(TOOLS) ## Blue/green: PERCENT=10 of the visitors get the working tree, or TO=release
	@$(call DEPLOY,canary)$(if $(TO), --to="$$TO")

promote: $(TOOLS) ## Blue/green: the candidate gets all requests
	@$(call DEPLOY,promote)

abort: $(TOOLS) ## Blue/green: the candidate gets no more requests
	@$(call DEPLOY,abort)

deploy: $(TOOLS) ## Deploy the release that FROM=staging runs: the same image, copied by digest, without a build (TO=release: another one of its registry)
	@$(call DEPLOY,deploy)$(if $(FROM), --from="$$FROM")$(if $(TO), --to="$$TO")

rotate-secret: $(TOOLS) ## A new value for a secret, deployed while running tasks keep working: NAME=DB_PASSWORD, APP_KEY, ... (YES=1 does not ask)
	@$(call RUN,rotate-secret)

smoke: $(TOOLS) ## Request the health check and the page of a deployed stack: both must answer 200
	@$(call RUN,smoke)

drift: $(TOOLS) ## Compare AWS with what was deployed, and fail if they differ (changes by autoscaling and releases are ignored)
	@$(call RUN,drift)

preflight: $(OPERATOR) $(EMULATOR) bin/pulumi ## Before the first deployment: compare what the stack needs with the quotas of the AWS account
	@$(call RUN,preflight)

prices: $(OPERATOR) $(EMULATOR) bin/pulumi ## Read the prices of the stack's instance classes from AWS's price list, for the costs in notes
	@$(call RUN,prices)

note: $(TOOLS) $(if $(BASE),$(EMULATOR) bin/pulumi) ## Preview in Markdown for a merge request: changes, risks, release, environment, cost (FROM=file, BASE=revision, ALLOW_REPLACE=type; POST=1 posts it)
	@$(if $(FROM)$(BASE),$(OPERATOR) note --stack="$$STACK",$(call RUN,note))$(if $(FROM), --from="$$FROM")$(if $(BASE), --base="$$BASE")$(if $(filter 1,$(POST)), --post)

cost: $(OPERATOR) $(EMULATOR) bin/pulumi ## What the stack costs in a month, by component; BASE=revision: beside it, what the stack file of that revision costs (FILE=cost.svg draws it)
	@$(OPERATOR) cost --stack="$$STACK"$(if $(BASE), --base="$$BASE")$(if $(FILE), --file="$$FILE")

# The notes of production, and all of them without a role on AWS, compare stack files on an account in memory.
notes: $(OPERATOR) $(EMULATOR) bin/pulumi ## In the job of a merge request: the note of every environment that it touches, printed and posted (SINCE=revision, BASE=revision)
	@$(call REVIEW,notes)$(if $(SINCE), --since="$$SINCE")$(if $(BASE), --base="$$BASE")

touched: $(OPERATOR) ## List the environments that the changes since SINCE=revision touch
	@$(OPERATOR) touched$(if $(SINCE), --since="$$SINCE")

test-app: $(OPERATOR) ## Run the application's own tests in the image of STACK, which is built for that and not pushed (image.test)
	@$(OPERATOR) test-app --stack="$$STACK"$(if $(HERE), --local)

layers: $(OPERATOR) ## For pipelines whose builder starts empty: build the slow stages from the layers of earlier jobs, kept in .cache/layers
	@$(OPERATOR) layers --stack="$$STACK"$(if $(HERE), --local)

docker: $(OPERATOR) ## Ensure Docker is running; as root on Debian, install it if it is missing
	@$(OPERATOR) docker

dotenv: $(TOOLS) ## Write the stack's .env for a developer (FILE=.env; FORCE=1 replaces one)
	@$(call RUN,dotenv)$(if $(FILE), --file="$$FILE")

doctor: $(OPERATOR) ## Before the first `make up`: what will stop it, or surprise you later (application, packages, Git, Docker, disk, ports)
	@$(OPERATOR) doctor --stack="$$STACK" --build$(if $(HERE), --local)

config-check: $(OPERATOR) $(EMULATOR) bin/pulumi ## Compare the variables that the application reads with what the stack provides, and say what its packages need
	@$(OPERATOR) config-check --stack="$$STACK"

review-up: $(REVIEW_TOOLS) ## Create or renew the environment of BRANCH; its URL is the last line (TTL=72h)
	@$(call REVIEW,review-up)

review-down: $(REVIEW_TOOLS) ## Destroy the environment of BRANCH
	@$(call REVIEW,review-down)

review-reap: $(REVIEW_TOOLS) ## Destroy every review environment that has expired (DRY_RUN=1 only lists them)
	@$(call REVIEW,review-reap)$(if $(filter 1,$(DRY_RUN)), --dry-run)

reviews: $(REVIEW_TOOLS) ## List the review environments
	@$(call REVIEW,reviews)

rehearse: $(EMULATOR) bin/pulumi ## Try a stack file on the emulated account, without containers: preview, up, refresh, release, destroy
	@$(EMULATOR) rehearse --stack="$$STACK"

test: test-unit test-engine test-up ## Unit tests, every stack file on the engine, one `make up` with a release under load; SKIP_CONTAINERS=1 leaves the last out
	@echo "make test: unit and engine tests passed; make up $(if $(filter 1,$(SKIP_CONTAINERS)),SKIPPED (SKIP_CONTAINERS=1),passed)"

test-long: test-race test-images test-releases ## The long tests: races, the image, the container runtime, bad releases under load, pipelines, review environments
	@echo "make test-long: passed$(if $(filter 1,$(SKIP_CONTAINERS)),; what needs containers SKIPPED (SKIP_CONTAINERS=1))"

test-unit: bin/gitlab-ci-local tools/iam/node_modules/.package-lock.json ## Pure functions, components and whole stacks against mocks, the operator's command
	go vet ./...
	go test . ./infra/... ./stacks/... $$(go list ./ops/... | grep -v ops/layers)

# The emulator's packages whose tests need no containers.
PARTS = $$(go list ./emulator/... | grep -v -e emulator/runtime$$ -e emulator/system)

# What `make test` leaves to test-race: the same life of further stack files, and five scripts.
LONG := ^TestRehearsals$$/^(account|local|review|staging)$$|^TestBlueGreen$$/^prod$$|^TestDatabaseUpgrade$$/^staging$$|^TestScript$$/^(candidate|gradual|nights|permissions|pulumi)$$

# The tests wait for Pulumi's processes and for the pauses of commands: four at a time keep two cores busy.
test-engine: bin/pulumi ## Every stack file on the real engine and the emulated account; the commands as scripts over its API
	go test -skip '$(LONG)' -parallel 4 -timeout 20m $(PARTS) ./cmd/...
	@echo 'test-engine: left to make test-long: $(subst $$,,$(subst ^,,$(LONG)))'

# The tests of `make test` that need containers; test-releases runs the others.
UP := ^(TestMakeUp|TestPortTaken|TestBadInput)$$

test-up: $(TOOLS) bin/pulumi ## `make up`, its page, a release under load, `make down`
	@$(call CONTAINERS,go test -count=1 -timeout 20m -run '$(UP)' ./emulator/system)

# What runs of cmd/emulator with the race detector, which makes it three times as long. All of it: make test-race RACED=.
RACED = $(LONG)|^TestCutOffAnywhere$$|^TestScript$$/^(deploy|rollback|review|maintenance|logs)$$

test-race: bin/pulumi ## The engine's packages with the race detector; of cmd/emulator what make test leaves, and some of the others
	go test -race -timeout 20m $(PARTS)
	go test -race -timeout 40m -run '$(RACED)' ./cmd/emulator

test-images: $(EMULATOR) ## The image, the layers between jobs, and the container runtime
	@$(call CONTAINERS,go test -race -count=1 -timeout 40m -p 1 ./docker/... ./ops/layers ./emulator/runtime)

# The load generator is checked for races separately: during the releases it must not use more CPU than it needs.
LOAD := ^TestLoadSees$$

test-releases: $(TOOLS) bin/pulumi bin/gitlab-ci-local ## Releases, good and bad, under load; pipelines; review environments
	@$(call CONTAINERS,go test -race -count=1 -run '$(LOAD)' ./emulator/system && \
	  SYSTEM_REPORT=$(CURDIR)/.local/releases.md go test -count=1 -timeout 75m -skip '$(UP)|$(LOAD)' ./emulator/system/... && cat .local/releases.md)

# Runs a test that needs Docker, or says that it is skipped.
CONTAINERS = if [ "$${SKIP_CONTAINERS:-}" = 1 ]; then echo "$@: skipped, SKIP_CONTAINERS=1"; else $(EMULATOR) setup && mkdir -p .local && $(1); fi

soak: $(TOOLS) bin/pulumi ## Releases under load, all cases at length: about an hour
	$(EMULATOR) setup
	SOAK=1 go test -count=1 -v -timeout 3h -run Releases ./emulator/system

bench-image: $(EMULATOR) ## Measure the image against the article's, ten minutes; writes docs/benchmarks.md
	@$(EMULATOR) setup && go run ./docker/bench

bench-create: $(EMULATOR) bin/pulumi ## Compute how long AWS takes to make staging and prod; writes docs/creation.md
	@$(EMULATOR) creation staging prod > docs/creation.md.new && mv docs/creation.md.new docs/creation.md
	@sed -n '/^| stack/,/^$$/p' docs/creation.md

lint: bin/golangci-lint bin/actionlint ## gofmt, golangci-lint, and actionlint for the workflows of GitHub
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	bin/golangci-lint run ./...
	bin/actionlint

fmt: ## Format the Go code
	gofmt -w $$(git ls-files '*.go')

golden: ## Rewrite the golden files after an intended change
	go test ./stacks -run 'Inventory|Dotenv' -update
	go test ./cmd/emulator -run TestNotes -record
	go test ./ops/plan/note -update
	$(MAKE) cost STACK=prod FILE=docs/cost.svg

clean: ## Remove what was built; `make down` removes what runs
	rm -rf bin .cache/layers

HAVE_GO := command -v go >/dev/null || { echo "Go is not installed: https://go.dev/dl (1.26 or later)"; exit 1; }

$(OPERATOR):
	@$(HAVE_GO)
	@test -x $@ || echo "Building $@; the first time takes about a minute on two cores" >&2
	@go build -o $@ ./cmd/laravel-ecs

$(EMULATOR):
	@$(HAVE_GO)
	@test -x $@ || echo "Building $@; the first time takes about 5 minutes on two cores (the AWS SDK of Pulumi is large)" >&2
	@go build -o $@ ./cmd/emulator

# Builds the CLI from its module if PATH has no suitable one; `up` does the same.
bin/pulumi: $(EMULATOR)
	@$(EMULATOR) setup --cli

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

# Evaluates IAM policies, for the tests.
tools/iam/node_modules/.package-lock.json: tools/iam/package-lock.json bin/gitlab-ci-local
	@cd tools/iam && npm ci --silent --no-audit --no-fund && touch node_modules/.package-lock.json
