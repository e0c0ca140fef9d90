# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a conversion can be for: see `torch2ms convert --help`."""

TARGETS = ("adapter", "torch")
