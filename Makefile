# Two commands do all set-up: `make demo` and `make test`.

GOFUMPT      = go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK  = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI     = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
PACKAGES     = ./... ./testdata/models/...
# Where goroutines share things. Processes that the command's tests start are the test's own binary,
# so the detector looks into them, too. Of the pipeline, the worker and all samples once, which also
# goes through what mesh and textures do side by side; its other tests would take minutes.
RACE         = ./cmd/... ./origin/... ./pipeline ./pipeline/asset/... ./pipeline/cloud/... ./pipeline/intake/... ./pipeline/lambda/... ./pipeline/local/... ./pipeline/metrics/...
RACE_SKIP    = $(shell sed -n '/TestGolden\>/!s/^func \(Test[A-Za-z0-9_]*\).*/\1/p' $(filter-out pipeline/worker% pipeline/account_test.go pipeline/sweep_test.go,$(wildcard pipeline/*_test.go)) | paste -sd '|')
VIEWER       = origin/viewer
DATA         = data
LISTEN       = 127.0.0.1:8080

.PHONY: demo build viewer test infra check vet race pure lint e2e peers aws-test chaos bench fuzz clean

# The shop on localhost: builds the page and the binary, makes the sample
# products, turns them into levels and serves them.
demo: viewer build
	bin/plinth serve --demo --data $(DATA) --listen $(LISTEN)

build:
	go build -o bin/plinth ./cmd/plinth

viewer: $(VIEWER)/dist/index.html

$(VIEWER)/dist/index.html: $(wildcard $(VIEWER)/src/*) $(wildcard $(VIEWER)/*.html) $(VIEWER)/package-lock.json $(VIEWER)/vite.config.js
	cd $(VIEWER) && npm ci --no-audit --no-fund && npm run build

# Needs Go and gcc; no network, no service.
test:
	go test $(PACKAGES)

# The architecture on AWS, a module of its own: it is synthesized without an account. Needs Node.
infra:
	cd infra && go vet ./... && go test ./...

check: vet race

# What can be seen without running anything.
vet:
	@out=$$($(GOFUMPT) -l .) && test -z "$$out" || { echo "gofumpt -w: $$out"; exit 1; }
	go fix -diff $(PACKAGES)
	go mod tidy -diff
	go vet $(PACKAGES)
	$(STATICCHECK) $(PACKAGES)
	cd infra && go fix -diff ./... && go mod tidy -diff && $(STATICCHECK) ./...

# Data races, in an order of tests that changes.
race:
	@echo 'go test -race -shuffle=on $(RACE), of ./pipeline what shares things'
	@go test -race -shuffle=on -skip '^($(RACE_SKIP))$$' $(RACE)

# The build without a C compiler: libwebp is then WebAssembly, and makes the same bytes.
pure:
	CGO_ENABLED=0 go build -tags nodynamic -o bin/plinth-pure ./cmd/plinth
	CGO_ENABLED=0 go test -tags nodynamic ./textures

lint: check
	$(GOLANGCI) run $(PACKAGES)

# The shop in a headless browser; needs Node and Chromium.
e2e: viewer build
	cd $(VIEWER) && node e2e.mjs ../../bin/plinth

# Codecs and readers against the tools of others, which npm installs into a temporary
# folder unless PEERS names one.
peers:
	@dir=$${PEERS:-$$(mktemp -d)}; \
	[ -d "$$dir/node_modules" ] || { cp benchmarks/peers/package.json "$$dir" && (cd "$$dir" && npm install --no-audit --no-fund --silent); } && \
	PEERS=$$dir go test -run Peer ./mesh/meshopt ./mesh/draco ./mesh/glb; code=$$?; \
	[ -n "$$PEERS" ] || rm -rf "$$dir"; exit $$code

# All that talks to AWS, against peers of it on this machine, which are installed to PEERS or
# the user's cache. Needs Node, Java and PostgreSQL 15.
aws-test:
	.ci/peers/with .ci/aws-test

# A thousand jobs on three workers that are killed at random; then the same while calls to
# AWS go wrong.
chaos:
	.ci/peers/with go run ./benchmarks/chaos -jobs 1000
	.ci/peers/with go run ./benchmarks/chaos -jobs 1000 -faults 0.02

# Small benchmarks beside the code. Whole models beside a peer: benchmarks/README.md.
bench:
	go test -run '^$$' -bench . $(PACKAGES)

# Each fuzz target for a minute. Interesting inputs are not minimized: what runs in
# parallel covers other lines each time, and minimizing would never end.
fuzz:
	@for f in mesh/glb:FuzzDecode mesh/glb:FuzzStructure mesh/meshopt:FuzzDecode mesh/draco:FuzzDecode textures:FuzzPNG textures:FuzzJPEG textures:FuzzWebP textures:FuzzInspect pipeline:FuzzProcess pipeline/cloud:FuzzMessage pipeline/doctor:FuzzParse origin:FuzzDecide origin:FuzzRange origin:FuzzDate origin:FuzzDeviceOf origin:FuzzRoute; do \
		go test ./$${f%:*} -run '^$$' -fuzz "^$${f#*:}\$$" -fuzztime 60s -fuzzminimizetime 1x || exit 1; \
	done

clean:
	rm -rf bin data out $(VIEWER)/dist/* $(VIEWER)/node_modules testdata/models/large
