# The commands of this house. `make demo` and `make test` need nothing prepared
# but Debian with Python 3.11, Node 20, npm and make.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= $(firstword $(foreach name,python3.11 python3,$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
INSTALL := $(BIN)/python -m pip install --quiet --require-hashes --only-binary :all:
PROCESSES ?= 2
PORT ?= 8000

help: ## この一覧 (this list)
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

# --- environment -----------------------------------------------------------------

.venv/made:
	@echo "[環境] Python の環境を作ります (virtual environment)"
	@test -n "$(PYTHON)" || { echo "Python 3.11 以上が必要ですが、見つかりません。python3.11 を入れてから、もう一度実行してください。" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || bin/lacking python3-venv
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/runtime: .venv/made requirements/runtime.lock requirements/build.lock pyproject.toml
	@echo "[環境] 固定した版の部品を入れます (locked install)"
	@$(INSTALL) -r requirements/runtime.lock -r requirements/build.lock
	@$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/runtime requirements/dev.lock
	@echo "[環境] 検査の道具を入れます (development tools)"
	@$(INSTALL) -r requirements/dev.lock
	@touch $@

env: .venv/dev ## 環境を用意する (virtual environment with everything in it)

assets: .venv/runtime ## 画面の部品を作る (browser assets, only if something changed)
	@echo "[画面] 画面の部品を確かめます (browser assets)"
	@$(BIN)/python hatch_build.py

# --- running ---------------------------------------------------------------------

demo: .venv/runtime assets ## 見本の町を動かす (a synthetic town on this machine)
	@echo "[見本] 見本の町を用意して動かします (demo town)"
	@exec $(BIN)/tsunagi demo --port $(PORT)

serve: .venv/runtime assets ## 画面だけを動かす (the web server, with your settings)
	@exec $(BIN)/tsunagi serve --port $(PORT)

# --- checking --------------------------------------------------------------------

needs:
	@bin/lacking --tests

check: .venv/dev ## 書き方・型・依存の向き・表の履歴を調べる (lint, types, imports, schema)
	@echo "[検査] 書き方 (ruff)"
	@$(BIN)/ruff check .
	@echo "[検査] 型 (mypy --strict)"
	@$(BIN)/mypy
	@echo "[検査] 依存の向き (import-linter)"
	@$(BIN)/lint-imports
	@echo "[検査] 表の履歴 (alembic check)"
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	  export TSUNAGI_DATABASE_URL="sqlite:///$$folder/check.sqlite" TSUNAGI_KEYS="$$folder/keys.json"; \
	  $(BIN)/tsunagi migrate && $(BIN)/tsunagi migrate --check

test: needs env assets check ## すべてを検査する (everything: lint, types, both databases, browser)
	@echo "[検査] 画面の部品 (node --test)"
	@npm test --silent
	@echo "[検査] SQLite と PostgreSQL (pytest)"
	@$(BIN)/python -m pytest -q -n $(PROCESSES) -m "not browser"
	@echo "[検査] ブラウザー (pytest, Chromium)"
	@$(BIN)/python -m pytest -q -n $(PROCESSES) -m browser

tck: .venv/dev ## DMN の適合性検査 (make tck TCK=folder)
	@test -n "$(TCK)" || { echo "検査の例を置いたフォルダーが必要です。make tck TCK=フォルダー としてください。" >&2; exit 2; }
	@$(BIN)/python -m tests.tck "$(TCK)"

bench: .venv/dev ## 速さを測る (benchmarks)
	@$(BIN)/python -m pytest -q -s benchmarks
	@$(BIN)/python benchmarks/bulk.py

# --- delivering ------------------------------------------------------------------

bundle: .venv/runtime assets ## インターネットのない場所へ渡す一式 (wheels in dist/bundle)
	@echo "[配布] dist/bundle に一式を作ります (wheels)"
	@rm -rf dist/bundle && mkdir -p dist/bundle
	@$(BIN)/python -m pip download --quiet --require-hashes --only-binary :all: --dest dist/bundle -r requirements/runtime.lock
	@$(BIN)/python -m pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir dist/bundle .
	@cp requirements/runtime.lock dist/bundle/
	@echo "[配布] できました。渡す先では: pip install --no-index --find-links フォルダー tsunagi"

lock: ## 部品の版を固定し直す (requirements/*.lock)
	@$(PYTHON) -m venv .cache/lock
	@.cache/lock/bin/pip install --quiet pip-tools
	@env -u PIP_FIND_LINKS bin/lock .cache/lock/bin/pip-compile

clean: ## 作ったものを消す (all but the databases in var/)
	rm -rf .venv .cache dist node_modules web/static/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.PHONY: help env assets demo serve needs check test tck bench bundle lock clean
