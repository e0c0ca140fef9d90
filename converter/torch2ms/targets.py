# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a conversion can be for, see `torch2ms convert --help`; and what can become of an API of
torch, see `torch2ms api --help`.
"""

TARGETS = ("adapter", "native", "torch")
STATUSES = ("native", "composed", "adapter", "unsupported")
