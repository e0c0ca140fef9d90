# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torchair, which compiles graphs for Ascend: what libraries register with it when they are
imported. No such graph is made here, and what would make one is not there.
"""

from mstorch._errors import module_getattr
from mstorch.interop.torchair import ge

__all__ = ["ge", "register_fx_node_ge_converter"]


def register_fx_node_ge_converter(operator):
    """A decorator for what writes an operator into a graph; the function stays as it is."""
    return lambda function: function


__getattr__ = module_getattr("torchair")
