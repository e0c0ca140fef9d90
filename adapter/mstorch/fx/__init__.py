# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.fx: there are no traced graphs; the names that code asks tensors for can be asked for."""

from mstorch._errors import absent_class, module_getattr
from mstorch.fx import _pytree

__all__ = ["Graph", "GraphModule", "Node", "Proxy", "Tracer", "_pytree"]

_REASON = "programs are not traced"
Graph = absent_class("torch.fx.Graph", _REASON)
GraphModule = absent_class("torch.fx.GraphModule", _REASON)
Node = absent_class("torch.fx.Node", _REASON)
Proxy = absent_class("torch.fx.Proxy", _REASON)
Tracer = absent_class("torch.fx.Tracer", _REASON)

__getattr__ = module_getattr("torch.fx")
