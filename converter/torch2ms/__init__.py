# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch2ms turns PyTorch source into MindSpore source, byte for byte except for what must change.

It needs the Python standard library alone: neither torch nor mindspore is imported to convert.
"""

__version__ = "0.1.0"
