#!/usr/bin/env bash
# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
#
# Trains with the packages of this bundle. PYTHON names the interpreter they are installed in
# (default: python3 on the path); all arguments go to `mstrain pretrain`.
set -euo pipefail

python="${PYTHON:-python3}"
if ! "$python" -c 'import mstrain' 2>/dev/null; then
  echo "pretrain.sh: $python does not find mstrain; install the wheels as README.md says" \
    "or set PYTHON to the interpreter of that environment" >&2
  exit 1
fi
exec "$python" -m mstrain pretrain "$@"
