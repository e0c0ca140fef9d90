# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m torch2ms`."""

import sys

from torch2ms.cli import main

if __name__ == "__main__":
    sys.exit(main())
