# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_class, module_getattr

SavePlan = absent_class("torch.distributed.checkpoint.planner.SavePlan")
SavePlanner = absent_class("torch.distributed.checkpoint.planner.SavePlanner")
LoadPlan = absent_class("torch.distributed.checkpoint.planner.LoadPlan")
LoadPlanner = absent_class("torch.distributed.checkpoint.planner.LoadPlanner")
WriteItem = absent_class("torch.distributed.checkpoint.planner.WriteItem")
ReadItem = absent_class("torch.distributed.checkpoint.planner.ReadItem")
WriteItemType = absent_class("torch.distributed.checkpoint.planner.WriteItemType")

__getattr__ = module_getattr("torch.distributed.checkpoint.planner")
