# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch_npu for tensors of mstorch: what code written for Ascend calls beside torch.

Formulas and results are those that torch_npu 2.9 documents; what is computed on this machine's
device has PyTorch's precision, which is at least the one there. A name that is not here raises
NotImplementedError with that name.
"""

import mstorch
from mstorch._errors import missing
from mstorch.interop.torch_npu import contrib, npu
from mstorch.interop.torch_npu._attention import (
    npu_fusion_attention,
    npu_fusion_attention_grad,
    npu_fusion_attention_v2,
    npu_ring_attention_update,
)
from mstorch.interop.torch_npu._experts import (
    npu_grouped_matmul,
    npu_moe_gating_top_k,
    npu_moe_gating_top_k_softmax,
    npu_moe_token_permute,
    npu_moe_token_permute_with_routing_map,
    npu_moe_token_unpermute,
    npu_moe_token_unpermute_with_routing_map,
)
from mstorch.interop.torch_npu._layers import (
    fast_gelu,
    npu_add_rms_norm,
    npu_cross_entropy_loss,
    npu_fast_gelu,
    npu_rms_norm,
    npu_rotary_mul,
    npu_rotary_position_embedding,
    npu_swiglu,
    npu_swiglu_backward,
)
from mstorch.interop.torch_npu._optimizer import npu_apply_adam_w

__all__ = [
    "contrib",
    "fast_gelu",
    "npu",
    "npu_add_rms_norm",
    "npu_apply_adam_w",
    "npu_cross_entropy_loss",
    "npu_fast_gelu",
    "npu_fusion_attention",
    "npu_fusion_attention_grad",
    "npu_fusion_attention_v2",
    "npu_grouped_matmul",
    "npu_moe_gating_top_k",
    "npu_moe_gating_top_k_softmax",
    "npu_moe_token_permute",
    "npu_moe_token_permute_with_routing_map",
    "npu_moe_token_unpermute",
    "npu_moe_token_unpermute_with_routing_map",
    "npu_ring_attention_update",
    "npu_rms_norm",
    "npu_rotary_mul",
    "npu_rotary_position_embedding",
    "npu_swiglu",
    "npu_swiglu_backward",
]

# As there: importing torch_npu makes torch.npu, and tensors and modules get a method.
mstorch.npu = npu
mstorch.Tensor.npu = mstorch.Tensor.cuda
mstorch.nn.Module.npu = mstorch.nn.Module.cuda


def __getattr__(name):
    if name.startswith("__") and name.endswith("__"):
        raise AttributeError(f"module 'torch_npu' has no attribute {name!r}")
    raise missing(
        f"torch_npu.{name}", "compose it of torch's operators; docs/operators.md lists what is here"
    )
