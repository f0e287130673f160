# make chat   set up, index corpus/ if needed, serve the page at http://127.0.0.1:8501 (PORT= changes it)
# make serve  the same page and the HTTP API for a team at http://127.0.0.1:8600 (API_PORT= changes it)
# make test   set up and run every test
# make index  bring the index up to date
# make check  lint and types
PYTHON ?= python3
PORT ?= 8501
API_PORT ?= 8600
BIN := .venv/bin
INSTALL := $(BIN)/pip install -qq --disable-pip-version-check --no-compile
# Compiled on all cores, where pip takes one; packages hold a few files for other Pythons, which do not compile. A third of
# the code is never imported: tests of packages, Kubernetes of chromadb, other models of transformers than ours.
UNUSED := /(tests|kubernetes)/|/transformers/models/.*/(modeling|modular|convert|image_processing)_(?!auto|bert)
COMPILE := $(BIN)/python -m compileall -q -j 0 -x '$(UNUSED)' .venv/lib >/dev/null || true

.PHONY: chat serve test index check browser clean

.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) --upgrade pip  # the one that comes with an older Python takes twice as long
	$(INSTALL) torch==2.13.0
	$(INSTALL) --editable '.[openai]'
	$(COMPILE)
	touch $@

.venv/ready-dev: .venv/ready
	$(INSTALL) --editable '.[dev]'
	$(COMPILE)
	touch $@

index: .venv/ready
	$(BIN)/python -m ingest

# A file that cannot be read keeps nobody from asking about the others.
INDEX_WHAT_CAN_BE = $(BIN)/python -m ingest || echo '没有全部索引成功，原因见上；页面照常打开。'

chat: .venv/ready
	@$(INDEX_WHAT_CAN_BE)
	$(BIN)/streamlit run server.py --server.port $(PORT)

.venv/ready-api: .venv/ready
	$(INSTALL) --editable '.[api,telemetry]'
	$(COMPILE)
	touch $@

serve: .venv/ready-api
	@$(INDEX_WHAT_CAN_BE)
	$(BIN)/python -m service serve --page --page-port $(PORT) --port $(API_PORT)

browser:
	@sh tests/install_browser.sh

test: .venv/ready-dev browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder  # a core each: more threads wait for each other

check: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv .index build *.egg-info
