# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.multiprocessing: Python's own module. Tensors are sent by value."""

from multiprocessing import *  # noqa: F403
from multiprocessing import __all__  # noqa: F401

from mstorch._errors import module_getattr

__getattr__ = module_getattr("torch.multiprocessing")
