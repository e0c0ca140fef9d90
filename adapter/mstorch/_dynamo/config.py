# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch._dynamo.config: settings of a compiler that is not here. They can be read and set, and
change nothing; each has torch's default.
"""

from mstorch._errors import module_getattr

accumulated_cache_size_limit = 256
accumulated_recompile_limit = 256
assume_static_by_default = True
automatic_dynamic_shapes = True
cache_size_limit = 8
capture_dynamic_output_shape_ops = False
capture_scalar_outputs = False
disable = False
dynamic_shapes = True
error_on_recompile = False
optimize_ddp = True
recompile_limit = 8
suppress_errors = False
verbose = False


__getattr__ = module_getattr("torch._dynamo.config")
