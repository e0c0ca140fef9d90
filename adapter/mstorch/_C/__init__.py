# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch._C: the few names that Python code asks for."""

from mstorch._errors import module_getattr

__getattr__ = module_getattr("torch._C")
