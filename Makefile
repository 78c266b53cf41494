# The tasks of this repository, each over all of its modules. `.ci/run` runs what
# must pass before a change lands.

.PHONY: build test lint fuzz bench e2e licenses

build: ## bin/licensekey and bin/example
	go build -o bin/ ./example
	cd cmd/licensekey && go build -o ../../bin/ .

test: ## every test, under the race detector and in a random order
	.ci/each go test -race -shuffle=on -count=1 -timeout 30m ./...

lint: ## format, vet, staticcheck, dependencies, licenses, known vulnerabilities
	.ci/lint

fuzz: ## every fuzz test for 50,000 inputs
	.ci/each "$(CURDIR)/.ci/fuzz"

bench: ## every benchmark once, to see that it runs
	.ci/each go test -run '^$$' -bench . -benchtime 1x -timeout 40m ./...

e2e: build ## the built programs with curl and Polar's SDKs, and generated clients
	.ci/e2e

licenses: ## the license texts that the program prints
	.ci/licenses >cmd/licensekey/third_party_licenses.txt
