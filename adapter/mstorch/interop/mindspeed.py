# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What recipes put in the place of the C++ that MindSpeed compiles when an operator is called.

Each module that it would load, by the name that it has there, with the functions that mstorch has
for it. Formulas are those of the sources: `mindspeed/ops/csrc`.
"""

import types

import msops
from mstorch._autograd import unrecorded
from mstorch._errors import missing
from mstorch._ops import fused_optimizers, weight_gradients
from mstorch._tensor import dense, wrap
from mstorch.interop import torch_npu
from mstorch.interop.torch_npu._lengths import group_sizes


def load(name):
    """The module that MindSpeed names so; NotImplementedError where mstorch has none for it."""
    if name not in _MODULES:
        raise missing(
            f"MindSpeed's operator {name}", "leave the option that asks for it; docs/operators.md"
        )
    return types.SimpleNamespace(**_MODULES[name])


def _ring_attention_update(*operands):
    *parts, ends, layout = operands
    return torch_npu.npu_ring_attention_update(*parts, actual_seq_qlen=ends, input_layout=layout)


# In this order MindSpeed gives what is no tensor, by position.
_OPTIONS = (
    *("pse", "padding_mask", "atten_mask", "scale", "keep_prob", "pre_tokens", "next_tokens"),
    *("inner_precise", "prefix", "actual_seq_qlen", "actual_seq_kvlen", "sparse_mode"),
    *("gen_mask_parallel", "sync", "pse_type", "q_start_idx", "kv_start_idx"),
)
_GRADIENT_OPTIONS = (
    *("pse", "padding_mask", "atten_mask", "softmax_max", "softmax_sum", "softmax_in"),
    *("attention_in", "scale_value", "keep_prob", "pre_tockens", "next_tockens", "inner_precise"),
    *("seed", "offset", "numels", "prefix", "actual_seq_qlen", "actual_seq_kvlen", "sparse_mode"),
    *("gen_mask_parallel", "sync", "pse_type", "q_start_idx", "kv_start_idx"),
)


def _attention(query, key, value, head_num, layout, *options):
    named = dict(zip(_OPTIONS, options, strict=True))
    return torch_npu.npu_fusion_attention_v2(query, key, value, head_num, layout, **named)


def _attention_gradients(query, key, value, dy, head_num, layout, *options):
    named = dict(zip(_GRADIENT_OPTIONS, options, strict=True))
    for unserved in ("q_start_idx", "kv_start_idx"):
        if named.pop(unserved) is not None:
            raise missing("MindSpeed's npu_fusion_attention", unserved)
    return torch_npu.npu_fusion_attention_grad(query, key, value, dy, head_num, layout, **named)


def _matmul_add(x, weight, main):
    """`main += x' @ weight`."""
    weight_gradients.accumulate(weight, x, main)


def _grouped_matmul_add(x, dy, ends, main):
    """`main[e] += x[rows of e]' @ dy[rows of e]`; rows end at `ends`."""
    groups = main.view(len(ends), x.shape[1], dy.shape[1])
    weight_gradients.accumulate_groups(x, dy, ends.tolist(), groups)


def _grouped_matmul(x, weight, bias, group_list, group_type, group_list_type):
    return torch_npu.npu_grouped_matmul(
        x,
        weight,
        bias=bias,
        group_list=group_list,
        split_item=3,
        group_type=group_type,
        group_list_type=group_list_type,
    )


def _gradient_of_rows(dy, weight, group_list, group_list_type):
    counts = wrap(group_sizes(group_list, group_list_type))
    dx = unrecorded(msops.grouped_matmul, dense(dy[0].detach()), dense(weight[0]), counts, True)
    return [dx], [], []


def _gradients(dy, x, weight, group_list, group_list_type):
    dx, _, _ = _gradient_of_rows(dy, weight, group_list, group_list_type)
    counts = wrap(group_sizes(group_list, group_list_type))
    operands = (dense(dy[0].detach()), dense(x[0].detach()), dense(weight[0].detach()), counts)
    dw = unrecorded(msops.parts.grouped_matmul_grad_weight, *operands)
    return dx, [dw], []


def _adamw(param, grad, average, squares, _, step, lr, beta1, beta2, decay, eps, amsgrad, maximize):
    if amsgrad:
        raise missing("MindSpeed's npu_apply_fused_adamw_v2", "amsgrad")
    fused_optimizers.adam_step(
        [param],
        [grad],
        [average],
        [squares],
        lr=lr,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        weight_decay=decay,
        step=step,
        maximize=maximize,
    )


_GROUPED = {
    "npu_gmm": _grouped_matmul,
    "npu_gmm_backward": _gradients,
    "npu_gmm_backward_fusion": _gradient_of_rows,
}
_MODULES = {
    "npu_rotary_position_embedding": {
        "npu_rotary_position_embedding": torch_npu.npu_rotary_position_embedding
    },
    "npu_moe_token_permute": {"npu_moe_token_permute": torch_npu.npu_moe_token_permute},
    "npu_moe_token_unpermute": {"npu_moe_token_unpermute": torch_npu.npu_moe_token_unpermute},
    "npu_ring_attention_update": {"npu_ring_attention_update": _ring_attention_update},
    "fusion_attention_v2": {
        "npu_fusion_attention_v2": _attention,
        "npu_fusion_attention_grad_v2": _attention_gradients,
    },
    "npu_matmul_add_fp32": {"npu_matmul_add_fp32": _matmul_add},
    "npu_groupmatmul_add_fp32": {"npu_groupmatmul_add_fp32": _grouped_matmul_add},
    "grouped_matmul": _GROUPED,
    "grouped_matmul_v2": _GROUPED,
    "npu_apply_fused_adamw_v2": {"npu_apply_fused_adamw_v2": _adamw},
}
