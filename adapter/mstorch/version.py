# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.version."""

# The release of torch whose API and numbers mstorch follows.
__version__ = "2.13.0"
cuda = None
hip = None
