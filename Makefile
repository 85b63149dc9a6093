# Everything that a person types. `make` alone lists it.
SHELL := /bin/bash
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export CDK_DISABLE_CLI_TELEMETRY := 1

.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' $(MAKEFILE_LIST))

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-18s %s\n", $$1, $$2}'

setup:  ## install everything from uv.lock into .venv
	@$(PYTHON) infra/bootstrap.py

demo: setup  ## the whole chain on this machine: embedded AWS, sources, a night's run, scores (ARGS="--customers 1000")
	@holdfast demo $(ARGS)

down: setup  ## stop what `make demo` started
	@holdfast down

bench-report: setup  ## the executives' page of 1,000, 10,000 and 50,000 customers in Chromium (ARGS="--customers 50000")
	@.uv/bin/uv sync --locked --quiet --inexact --group browser
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.report $(ARGS)

test-browser: setup  ## the executives' page in a real browser: each click, each world, axe-core (wants Chromium)
	@.uv/bin/uv sync --locked --quiet --inexact --group browser
	@pytest tests/browser $(ARGS)

test: setup  ## every test, two at a time: unit, infrastructure for both targets, integration, end to end
	@.uv/bin/uv sync --locked --quiet --inexact --group browser
	@pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder $(ARGS)

fuzz: setup  ## coverage-guided fuzzing of everything that reads what others wrote (ARGS="--seconds 60 --only logs")
	@.uv/bin/uv sync --locked --quiet --inexact --group fuzz
	@PYTHONPATH=.:functions:layers/common/python python -m tests.fuzz.guided $(ARGS)

unit: setup  ## the quick tests alone
	@pytest tests/unit tests/infra $(ARGS)

faults: setup  ## 200 seeded fault schedules: what lands and is held is the same row for row
	@pytest tests/integration/test_fault_schedules.py --fault-schedules 200 $(ARGS)

bench-ingest: setup  ## usage logs to committed tables beside DuckDB, Polars, pyarrow, dlt (ARGS="--events 50000000 --compression zst")
	@.uv/bin/uv sync --locked --quiet --inexact --group bench
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.ingest $(ARGS)

bench-quality: setup  ## a suite of twenty rules beside Great Expectations, pandera, pointblank (ARGS="--rounds 3")
	@.uv/bin/uv sync --locked --quiet --inexact --group bench
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.quality $(ARGS)

bench-features: setup  ## features of 20,000 customers beside Featuretools and getML, up to 10 million events (ARGS="--rounds 3")
	@$(foreach each,featuretools getml,UV_PROJECT_ENVIRONMENT=.build/$(each) .uv/bin/uv sync --locked --quiet --only-group $(each) &&) true
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.features $(ARGS)

bench-score: setup  ## one score with reasons beside XGBoost, and FastAPI with shap; in batch (ARGS="--rounds 1 --calls 10000")
	@.uv/bin/uv sync --locked --quiet --inexact --group bench
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.score $(ARGS)

bench-score-all: setup  ## the nightly state on a million customers of 200 features (ARGS="--customers 100000")
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.score_all $(ARGS)

bench-train: setup  ## the whole training job beside plain XGBoost on 100,000 rows of 500 features (ARGS="--rounds 3")
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.train $(ARGS)

bench-cost: setup  ## what nights of three sizes use, and the model of `holdfast cost` from it (twenty minutes; ARGS="--customers 300,1500")
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.costs $(ARGS)

load: setup  ## the whole chain at multiples of the demo world: completes, grows in proportion, fits its memory (ARGS="--times 1,3")
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.load $(ARGS)

test-featuretools: setup  ## each primitive against Featuretools itself, on random entity sets with random cutoffs
	@UV_PROJECT_ENVIRONMENT=.build/featuretools .uv/bin/uv sync --locked --quiet --only-group featuretools
	@HOLDFAST_EXAMPLES=$${HOLDFAST_EXAMPLES:-60} pytest tests/featuretools $(ARGS)

bench-drift: setup  ## 200 years without a change, shifts of a tenth of a standard deviation, and what the retrain is worth (ARGS="--seeds 20 --shifts 20 --loops 2")
	@PYTHONPATH=.:functions:layers/common/python OMP_THREAD_LIMIT=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.drift $(ARGS)

test-mlflow: setup  ## the folder that a bundle is exported as, loaded, scored and registered by MLflow itself
	@UV_PROJECT_ENVIRONMENT=.build/mlflow .uv/bin/uv sync --locked --quiet --only-group mlflow
	@pytest tests/mlflow $(ARGS)

bench-hash: setup  ## what hashing identifiers costs of a transform of 2 million events (ARGS="--keys 2")
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.hashing $(ARGS)

test-quality: setup  ## each expectation against Great Expectations itself, on tables with every nastiness
	@.uv/bin/uv sync --locked --quiet --inexact --group quality
	@HOLDFAST_EXAMPLES=$${HOLDFAST_EXAMPLES:-200} pytest tests/quality $(ARGS)

test-spark: setup  ## the lake's files as PySpark reads them: the same rows as DuckDB's
	@.uv/bin/uv sync --locked --quiet --inexact --group spark
	@pytest tests/spark $(ARGS)

check-api: setup  ## schemathesis against the deployed scoring API and its OpenAPI document, 2,000 cases (four minutes; ARGS="--cases 500")
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.api $(ARGS)

check-privacy: setup  ## nothing personal is said anywhere, and who is forgotten is gone to the last byte (five minutes, a deployment of its own)
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.privacy $(ARGS)

privileges: setup  ## least privilege: a night and all else with IAM enforced, then every right of every role tried (ten minutes)
	@pytest tests/privileges --privileges $(ARGS)

kills: setup  ## writers of the lake killed at request after request: every table is the old or the new (half an hour)
	@pytest tests/integration/test_kills.py --kill-points 50 $(ARGS)

chaos: setup  ## the chain on a stack of its own under RUNS (20) seeded schedules of faults from SEED (0) on: nothing lost, nothing twice (Linux)
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.chaos --runs $(or $(RUNS),20) --seed $(or $(SEED),0) $(ARGS)

recovery: setup  ## everything gone but what is in the buckets, a new stack on them, `holdfast recover`, a night: the same rows and scores (five minutes)
	@HOLDFAST_STATE=$(CURDIR)/.build/recovery PYTHONPATH=.:functions:layers/common/python python -m benchmarks.recovery $(ARGS)

upgrade: setup  ## an older commit, today's code over it in the middle of a night, and back: nothing lost, scores all the while (ARGS="--from HEAD~100")
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.upgrade $(ARGS)

contract: setup  ## record today's messages, documents and tables as the next version, with examples of the demo that runs here
	@PYTHONPATH=.:functions:layers/common/python python -m tests.contract.record

check: setup  ## format, lint and types
	@ruff format --check . && ruff check . && mypy

image: setup  ## build the containers for real and train in one: the same bundle as the process's (Docker, podman, or buildah as root)
	@PYTHONPATH=.:functions:layers/common/python python -m benchmarks.image $(ARGS)

bundles: setup  ## build the aws target's dependency bundles and print their sizes
	@python -m infra.packaging

sbom: bundles  ## bills of materials (CycloneDX) and licences of what ships, into .build/sbom and docs/licences.md
	@python -m infra.sbom

reproducible: setup  ## build every bundle of the aws target twice: the same bytes
	@python -m infra.reproducible

synth: bundles  ## the aws target, in one region and with two further ones: synthesise with cdk-nag, lint templates and state machine
	@cdk synth --quiet --strict -c target=aws -c bases=by-tag
	@cdk synth --quiet --strict -c target=aws -c bases=by-tag -c config=examples/regions/holdfast.toml --output .build/regions
	@python -m infra.lint cdk.out .build/regions

deploy: bundles  ## deploy to the AWS account of your credentials, to all regions that the configuration names
	@cdk deploy --all -c target=aws --require-approval broadening
	@holdfast secret move --target aws

clean: down  ## remove everything that was built or generated
	@rm -rf .build .holdfast cdk.out
