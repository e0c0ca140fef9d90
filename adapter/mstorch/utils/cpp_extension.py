# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.utils.cpp_extension: extensions are compiled against PyTorch's headers, so there are none
here. What asks about the machine has its answer.
"""

import os
import shutil

from mstorch._errors import absent_class, absent_function, module_getattr

_PREFIX = "torch.utils.cpp_extension."
_REASON = "its sources need PyTorch's headers; write an operator of MindSpore (docs/operators.md)"

CUDA_HOME = None
ROCM_HOME = None
CUDNN_HOME = None

load = absent_function(_PREFIX + "load", _REASON)
load_inline = absent_function(_PREFIX + "load_inline", _REASON)
include_paths = absent_function(_PREFIX + "include_paths", _REASON)
library_paths = absent_function(_PREFIX + "library_paths", _REASON)
CppExtension = absent_function(_PREFIX + "CppExtension", _REASON)
CUDAExtension = absent_function(_PREFIX + "CUDAExtension", _REASON)
BuildExtension = absent_class(_PREFIX + "BuildExtension", _REASON)


def _get_build_directory(name, verbose):
    """Where an extension would be compiled, away from PyTorch's; nothing is, and it is not made."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "mstorch_extensions", name)


def is_ninja_available():
    """Whether the program ninja can be started."""
    return shutil.which("ninja") is not None


__getattr__ = module_getattr("torch.utils.cpp_extension")
