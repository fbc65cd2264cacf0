#!/usr/bin/env bash
# The checks of web/, as `python3 run.py check` makes them.
set -euo pipefail
cd "$(dirname "$0")/.."
for script in lint types test current; do .venv/bin/python -m toolchain.node run "$script"; done
.venv/bin/python -m toolchain.node build
