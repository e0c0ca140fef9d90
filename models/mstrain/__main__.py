# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m mstrain`."""

import sys

from mstrain.cli import main

if __name__ == "__main__":
    sys.exit(main())
