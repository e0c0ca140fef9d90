# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.utils."""

from mstorch._errors import module_getattr
from mstorch.utils import _pytree, checkpoint, cpp_extension, data, hooks

__all__ = ["_pytree", "checkpoint", "cpp_extension", "data", "hooks"]

__getattr__ = module_getattr("torch.utils")
