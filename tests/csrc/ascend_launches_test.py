# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What the launches for Ascend pass to CANN, without CANN: names, order, the two calls of each.

The module is that of Ascend, linked with a stand-in for MindSpore's plugin, on tensors in the
memory of the CPU. Nothing is computed here; ascend_values_test.py does that. A tensor in the record
is named by its address and size if it is one of the test's, or else told by its shape; an absent
one is 0.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import mindspore
import numpy as np
import pytest

import imperative
import msops
from cann_stand_in import TABLE, arguments_of, module_of_ascend, recorded_calls


@pytest.fixture(autouse=True)
def ascend(monkeypatch):
    with module_of_ascend(monkeypatch):
        yield


KINDS = {
    "tensor": lambda value: value == 0 or "address" in value,
    "tensors": lambda value: isinstance(value, list),
    "scalar": lambda value: "scalar" in value,
    "ints": lambda value: value == 0 or isinstance(value, list),
    "bools": lambda value: isinstance(value, list),
    "int": lambda value: isinstance(value, int),
    "bool": lambda value: value & 0xFF in (0, 1),
    "dtype": lambda value: isinstance(value, int),
    "string": lambda value: isinstance(value, str),
    "double": lambda value: isinstance(value, int | float),
    "float": lambda value: isinstance(value, int | float),
}


def text_of(kind: str, value, names: dict[tuple[int, int], str]) -> str:
    """An argument as the expectations below write it."""
    if kind == "tensor" and value != 0:
        return names.get((value["address"], math.prod(value["shape"])), str(value["shape"]))
    if kind == "tensors":
        return f"[{', '.join(text_of('tensor', one, names) for one in value)}]"
    if kind == "scalar":
        return f"{value['scalar']:g}"
    if kind == "bool":
        return str(bool(value & 0xFF)).lower()
    if kind in ("dtype", "int"):
        return str(value & 0xFFFFFFFF if kind == "dtype" else value)
    return f"{value:g}" if kind in ("double", "float") else str(value)


def calls(**tensors: mindspore.Tensor) -> list[str]:
    """The operators that were called since the last time, with the names of the tensors given.

    Each was asked for its workspace with arguments of the documented kinds, and then run with that
    workspace and with the executor that it had given.
    """
    names = {(tensor._data_ptr(), tensor.size): name for name, tensor in tensors.items()}
    found = []
    for asked, arguments, name, handed in recorded_calls():
        assert asked == f"{name}GetWorkspaceSize"
        assert handed == ["workspace", 64, f"executor of {name}", "stream"]
        kinds = [kind for kind, _ in arguments_of(name)]
        assert len(kinds) == len(arguments)
        for kind, value in zip(kinds, arguments, strict=True):
            assert KINDS[kind](value), (name, kind, value)
        values = zip(kinds, arguments, strict=True)
        found.append(f"{name}({', '.join(text_of(*pair, names) for pair in values)})")
    return found


def tensor(*shape: int, dtype=mindspore.float32) -> mindspore.Tensor:
    return imperative.leaf(np.ones(shape, np.float32), dtype)


def both(call, *gradients: mindspore.Tensor):
    """The result of an operator after its backward pass."""
    with imperative.recording():
        result = call()
        imperative.backward(result, gradients[0])
    return result


def test_rms_norm():
    x, w, dy = tensor(2, 3, 4), tensor(4), tensor(2, 3, 4)
    y = both(lambda: msops.rms_norm(x, w, 1e-6), dy)
    assert calls(x=x, w=w, dy=dy, y=y, dx=x._grad, dw=w._grad) == [
        "aclnnRmsNorm(x, w, 1e-06, y, [2, 3, 1])",
        "aclnnRmsNormGrad(dy, x, [2, 3, 1], w, dx, dw)",
    ]


def test_add_rms_norm():
    x, r, w = tensor(2, 4), tensor(2, 4), tensor(4)
    y, total = msops.add_rms_norm(x, r, w, 1e-6)
    assert calls(x=x, r=r, w=w, y=y, total=total) == [
        "aclnnAddRmsNorm(x, r, w, 1e-06, y, [2, 1], total)"
    ]


def test_layer_norm():
    x, w, b, dy = tensor(2, 4), tensor(4), tensor(4), tensor(2, 4)
    y = both(lambda: msops.layer_norm(x, w, b, 1e-6), dy)
    seen = calls(x=x, w=w, b=b, dy=dy, y=y, dx=x._grad, dw=w._grad, db=b._grad)
    assert seen == [
        "aclnnLayerNorm(x, [4], w, b, 1e-06, y, [2, 1], [2, 1])",
        "aclnnLayerNormBackward(dy, x, [4], [2, 1], [2, 1], w, b, [1, 1, 1], dx, dw, db)",
    ]


def test_statistics_of_a_layer_norm_keep_their_places():
    x, w, b, dy = tensor(2, 4), tensor(4), tensor(4), tensor(2, 4)
    y, mean, rstd = msops.parts.layer_norm(x, w, b, 1e-6)
    assert calls(y=y, mean=mean, rstd=rstd) == [
        "aclnnLayerNorm([2, 4], [4], [4], [4], 1e-06, y, mean, rstd)"
    ]
    msops.parts.layer_norm_grad(dy, x, w, b, mean, rstd)
    (seen,) = calls(mean=mean, rstd=rstd)
    assert ", [4], mean, rstd, [4]," in seen


def test_swiglu_with_bias_and_scale():
    x, b, s, dy = tensor(2, 8), tensor(8), tensor(2, 1), tensor(2, 4)
    both(lambda: msops.swiglu(x, b, s), dy)
    assert calls(x=x, b=b, s=s, dy=dy) == [
        "aclnnAdd(x, b, 1, [2, 8])",
        "aclnnSwiGlu([2, 8], -1, [2, 4])",
        "aclnnMul([2, 4], s, [2, 4])",
        # and backward
        "aclnnAdd(x, b, 1, [2, 8])",
        "aclnnMul(dy, s, [2, 4])",
        "aclnnSwiGluGrad([2, 4], [2, 8], -1, [2, 8])",
        "aclnnReduceSum([2, 8], [0], false, 0, [8])",
        "aclnnSwiGlu([2, 8], -1, [2, 4])",
        "aclnnMul(dy, [2, 4], [2, 4])",
        "aclnnReduceSum([2, 4], [-1], true, 0, [2, 1])",
    ]


def test_gelu():
    x, dy = tensor(2, 4), tensor(2, 4)
    for form, number in (("none", 0), ("tanh", 1)):
        x._grad = None
        y = both(lambda form=form: msops.gelu(x, form), dy)
        assert calls(x=x, dy=dy, y=y, dx=x._grad) == [
            f"aclnnGeluV2(x, {number}, y)",
            f"aclnnGeluBackwardV2(dy, x, {form}, dx)",
        ]


def test_bias_gelu():
    x, b, dy = tensor(2, 4), tensor(4), tensor(2, 4)
    both(lambda: msops.bias_gelu(x, b), dy)
    assert calls(x=x, b=b, dy=dy) == [
        "aclnnAdd(x, b, 1, [2, 4])",
        "aclnnGeluV2([2, 4], 0, [2, 4])",
        # and backward
        "aclnnAdd(x, b, 1, [2, 4])",
        "aclnnGeluBackwardV2(dy, [2, 4], none, [2, 4])",
        "aclnnReduceSum([2, 4], [0], false, 0, [4])",
    ]


def test_embedding():
    places, w, dy = mindspore.Tensor([[2, 0]]), tensor(3, 4), tensor(1, 2, 4)
    y = both(lambda: msops.embedding(places, w, 1), dy)
    assert calls(places=places, w=w, dy=dy, y=y, dw=w._grad) == [
        "aclnnEmbedding(w, places, y)",
        "aclnnEmbeddingDenseBackward(dy, places, 3, 1, false, dw)",
    ]


def test_vocab_cross_entropy():
    x, target, dy = tensor(2, 5), mindspore.Tensor([4, 1]), tensor(2)
    both(lambda: msops.vocab_cross_entropy(x, target, -100, 0.1), dy)
    assert calls(x=x, target=target, dy=dy) == [
        "aclnnAmax(x, [-1], false, [2])",
        "aclnnLogSumExp(x, [-1], false, [2])",
        "aclnnSub([2], [2], 1, [2])",
        "aclnnExp([2], [2])",
        "aclnnAdds(target, 0, 1, [2, 1])",
        "aclnnClamp([2, 1], 0, 4, [2, 1])",
        "aclnnEqTensor([2, 1], [2, 1], [2, 1])",
        "aclnnGather(x, -1, [2, 1], [2, 1])",
        "aclnnMul([2, 1], [2, 1], [2, 1])",
        "aclnnReduceSum(x, [-1], false, 0, [2])",
        "aclnnLog([2], [2])",
        "aclnnAdd([2], [2], 1, [2])",
        "aclnnAdd([2], [2], -0.9, [2])",
        "aclnnAdd([2], [2], -0.02, [2])",
        "aclnnEqScalar(target, -100, [2])",
        "aclnnSWhere([2], [2], [2], [2])",
        # and backward
        "aclnnSub(x, [2, 1], 1, [2, 5])",
        "aclnnExp([2, 5], [2, 5])",
        "aclnnDiv([2, 5], [2, 1], [2, 5])",
        "aclnnAdds([2, 5], -0.02, 1, [2, 5])",
        "aclnnAdds(target, 0, 1, [2, 1])",
        "aclnnClamp([2, 1], 0, 4, [2, 1])",
        "aclnnEqTensor([2, 1], [2, 1], [2, 1])",
        "aclnnMuls([2, 1], -0.9, [2, 1])",
        "aclnnScatterAdd([2, 5], -1, [2, 1], [2, 1], [2, 5])",
        "aclnnEqScalar(target, -100, [2])",
        "aclnnSWhere([2], [2], dy, [2])",
        "aclnnMul([2, 5], [2, 1], [2, 5])",
    ]


def test_matmul_accumulate():
    x, dy, total = tensor(5, 3), tensor(5, 2), tensor(2, 3)
    msops.matmul_accumulate(x, dy, total)
    assert calls(x=x, dy=dy, total=total) == [
        "aclnnMm(dy, x, [2, 3], 0)",
        "aclnnInplaceAdd(total, [2, 3], 1)",
    ]


def test_matmul_into():
    a, b, out = tensor(2, 5, 3), tensor(2, 4, 3), tensor(2, 5, 4)
    msops.parts.matmul_into(a, b, out, False, True)
    assert calls(a=a, b=b, out=out) == ["aclnnBatchMatMul(a, b, out, 0)"]


def test_matmul_into_with_nothing_to_sum():
    a, b, out = tensor(2, 5, 0), tensor(2, 0, 4), tensor(2, 5, 4)
    msops.parts.matmul_into(a, b, out)
    assert calls(out=out) == ["aclnnInplaceFillScalar(out, 0)"]


def test_rotary_position_embedding():
    x, dy = tensor(2, 3, 4, 8), tensor(2, 3, 4, 8)
    cos, sin = tensor(2, 1, 4, 8), tensor(2, 1, 4, 8)
    y = both(lambda: msops.rotary_position_embedding(x, cos, sin), dy)
    part, tables = "[2, 3, 4, 8]", "[2, 1, 4, 8], [2, 1, 4, 8]"
    assert calls(x=x, cos=cos, sin=sin, dy=dy, y=y, dx=x._grad) == [
        "aclnnRotaryPositionEmbedding(x, cos, sin, 0, y)",
        # and backward: that of x, and that of the tables
        f"aclnnRotaryPositionEmbeddingGrad(dy, cos, sin, 0, 0, dx, {tables})",
        f"aclnnRotaryPositionEmbeddingGrad(dy, cos, sin, x, 0, {part}, {tables})",
    ]


def test_the_rope_part_of_a_query_of_mla():
    x, cos, sin = tensor(2, 3, 4, 10), tensor(2, 1, 4, 8), tensor(2, 1, 4, 8)
    y = msops.rotary_position_embedding(x, cos, sin, "interleaved_half", 2)
    assert calls(x=x, cos=cos, sin=sin, y=y) == [
        "aclnnSlice(x, -1, 2, 10, 1, [2, 3, 4, 8])",
        "aclnnPermute([24, 4, 2], [0, 2, 1], [24, 2, 4])",
        "aclnnRotaryPositionEmbedding([2, 3, 4, 8], cos, sin, 0, [2, 3, 4, 8])",
        "aclnnSlice(x, -1, 0, 2, 1, [2, 3, 4, 2])",
        "aclnnCat([[2, 3, 4, 2], [2, 3, 4, 8]], -1, y)",
    ]


def test_adamw_and_global_norm():
    p, g, m, v = (tensor(3) for _ in range(4))
    msops.apply_adamw(
        [p], [g], [m], [v], lr=0.1, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=0.25, step=7
    )
    assert calls(p=p, g=g, m=m, v=v) == [
        "aclnnInplaceFillScalar([1], 7)",
        "aclnnApplyAdamWV2(p, m, v, 0, g, [1], 0.1, 0.9, 0.99, 0.25, 1e-08, false, false)",
    ]
    msops.global_norm([p])
    assert calls(p=p) == [
        "aclnnLinalgVectorNorm(p, 2, [], false, 0, [])",
        "aclnnMul([], [], [])",
        "aclnnAdd([], [], 1, [])",
        "aclnnSqrt([], [])",
    ]


UNLIMITED = "2147483647, 2147483647"


def test_fusion_attention():
    q, k, v = tensor(1, 4, 2, 6), tensor(1, 2, 3, 6), tensor(1, 2, 3, 5)
    dy = tensor(1, 4, 2, 5)
    y = both(lambda: msops.fusion_attention(q, k, v, scale=0.5), dy)
    names = {"q": q, "k": k, "v": v, "dy": dy, "y": y}
    names |= {"dq": q._grad, "dk": k._grad, "dv": v._grad}
    eight, one, row = "[1, 4, 2, 8]", "[1, 4, 2, 1]", "[1, 4, 2]"
    assert calls(**names) == [
        f"aclnnFlashAttentionScoreV2(q, k, v, 0, 0, 0, 0, [], [], [], 0.5, 1, {UNLIMITED}, 4, BNSD,"
        f" 0, 0, 0, {eight}, {eight}, 0, y)",
        f"aclnnSlice({eight}, -1, 0, 1, 1, {one})",
        f"aclnnSlice({eight}, -1, 0, 1, 1, {one})",
        f"aclnnLog({row}, {row})",
        f"aclnnAdd({row}, {row}, 1, {row})",
        # and backward
        f"aclnnClamp({row}, -3.40282e+38, 3.40282e+38, {row})",
        f"aclnnRepeat({one}, [1, 1, 1, 8], {eight})",
        f"aclnnMuls({eight}, -1e-08, {eight})",
        f"aclnnClamp({eight}, 1, 3.40282e+38, {eight})",
        f"aclnnFlashAttentionScoreGradV2(q, k, v, dy, 0, 0, 0, 0, {eight}, {eight}, 0, y, [], [],"
        f" [], 0.5, 1, {UNLIMITED}, 4, BNSD, 0, 0, 0, dq, dk, dv, [0])",
    ]


def attention_calls(name: str, **settings) -> list[str]:
    """The calls before the logarithms are made, for two heads of three queries and four keys."""
    q, k, v = tensor(1, 2, 3, 6), tensor(1, 2, 4, 6), tensor(1, 2, 4, 6)
    msops.fusion_attention(q, k, v, scale=1.0, **settings)
    return calls(q=q, k=k, v=v)[:-4]


def test_boolean_mask_of_attention_is_what_is_hidden():
    mask = mindspore.Tensor(np.ones((3, 4), bool))
    assert attention_calls("mask", mask=mask) == [
        "aclnnRepeat([1, 1, 3, 4], [1, 2, 1, 1], [1, 2, 3, 4])",
        "aclnnLogicalNot([1, 2, 3, 4], [1, 2, 3, 4])",
        "aclnnFlashAttentionScoreV2(q, k, v, 0, 0, 0, [1, 2, 3, 4], [], [], [], 1, 1,"
        f" {UNLIMITED}, 2, BNSD, 2, 0, 0, [1, 2, 3, 8], [1, 2, 3, 8], 0, [1, 2, 3, 6])",
    ]


def test_other_mask_of_attention_is_added_after_the_scale():
    assert attention_calls("mask", mask=tensor(3, 4)) == [
        "aclnnRepeat([1, 1, 3, 4], [1, 2, 1, 1], [1, 2, 3, 4])",
        "aclnnFlashAttentionScoreV2(q, k, v, [1, 2, 3, 4], 0, 0, 0, [], [], [], 1, 1,"
        f" {UNLIMITED}, 2, BNSD, 2, 0, 0, [1, 2, 3, 8], [1, 2, 3, 8], 0, [1, 2, 3, 6])",
    ]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"causal": True}, f"{UNLIMITED}, 2, BNSD, 2, 2"),
        ({"causal": True, "from_end": True}, f"{UNLIMITED}, 2, BNSD, 2, 3"),
        ({"window": (2, 1), "from_end": True}, "2, 1, 2, BNSD, 2, 4"),
        ({"window": (2, 1), "causal": True, "from_end": True}, "2, 0, 2, BNSD, 2, 4"),
    ],
)
def test_causal_attention_and_windows_are_modes_with_a_square_mask(settings, told):
    assert attention_calls("mode", **settings) == [
        "aclnnTriu([2048, 2048], 1, [2048, 2048])",
        "aclnnFlashAttentionScoreV2(q, k, v, 0, 0, 0, [2048, 2048], [], [], [], 1, 1,"
        f" {told}, 0, [1, 2, 3, 8], [1, 2, 3, 8], 0, [1, 2, 3, 6])",
    ]


def test_dropout_of_attention_is_a_mask_of_bits():
    assert attention_calls("dropout", dropout=0.25, seed=5, offset=6) == [
        "aclnnDropoutGenMask([24], 0.25, 5, 6, [16])",
        "aclnnFlashAttentionScoreV2(q, k, v, 0, [16], 0, 0, [], [], [], 1, 0.75,"
        f" {UNLIMITED}, 2, BNSD, 0, 0, 0, [1, 2, 3, 8], [1, 2, 3, 8], 0, [1, 2, 3, 6])",
    ]


def test_packed_sequences_of_attention():
    q, k, v, dy = tensor(5, 4, 6), tensor(7, 2, 6), tensor(7, 2, 6), tensor(5, 4, 6)
    y = both(
        lambda: msops.fusion_attention(
            q, k, v, scale=1.0, dropout=0.5, actual_seq_qlen=[2, 5], actual_seq_kvlen=[3, 7]
        ),
        dy,
    )
    seen = calls(q=q, k=k, v=v, dy=dy, y=y, dq=q._grad, dk=k._grad, dv=v._grad)
    eight, kept = "[5, 4, 8]", "aclnnDropoutGenMask([72], 0.5, 0, 0, [16])"  # 4 (2 x 3 + 3 x 4)
    assert [call for call in seen if "Flash" in call or "Dropout" in call] == [
        kept,
        f"aclnnFlashAttentionVarLenScore(q, k, v, 0, [16], 0, 0, [], [2, 5], [3, 7], 1, 0.5,"
        f" {UNLIMITED}, 4, TND, 0, 0, {eight}, {eight}, 0, y)",
        kept,
        f"aclnnFlashAttentionUnpaddingScoreGrad(q, k, v, dy, 0, [16], 0, 0, {eight}, {eight}, 0, y,"
        f" [], [2, 5], [3, 7], 1, 0.5, {UNLIMITED}, 4, TND, 0, 0, dq, dk, dv, [0])",
    ]


def test_gradient_through_the_logarithm_is_attention_with_the_keys_for_values():
    q, k, v = tensor(1, 2, 3, 6), tensor(1, 2, 3, 6), tensor(1, 2, 3, 5)
    with imperative.recording():
        y, log_sum = msops.fusion_attention(q, k, v, scale=1.0, log_sum_exp=True)
        calls()
        imperative.backward_all((y, log_sum), (tensor(1, 2, 3, 5), tensor(1, 2, 3)))
    flash = [
        call.split("(")[1].split(", 0, ")[0] for call in calls(q=q, k=k, v=v) if "Flash" in call
    ]
    assert flash == ["q, k, v, [1, 2, 3, 5]", "q, k, k", "q, k, k, [1, 2, 3, 6]"]


def test_ring_attention_update():
    one, other = tensor(2, 3, 4), tensor(2, 3, 4)
    one_log, other_log = tensor(2, 3), tensor(2, 3)
    y, log_sum = msops.ring_attention_update(one, one_log, other, other_log)
    row, eight = "[2, 3]", "[1, 1, 6, 8]"
    assert calls(one=one, other=other, one_log=one_log, other_log=other_log, y=y, log=log_sum) == [
        f"aclnnClamp(one_log, -3.40282e+38, 3.40282e+38, {row})",
        f"aclnnRepeat([1, 1, 6, 1], [1, 1, 1, 8], {eight})",
        f"aclnnClamp(other_log, -3.40282e+38, 3.40282e+38, {row})",
        f"aclnnRepeat([1, 1, 6, 1], [1, 1, 1, 8], {eight})",
        f"aclnnRingAttentionUpdate(one, {eight}, {eight}, other, {eight}, {eight}, 0, SBH, y,"
        f" {eight}, {eight})",
        f"aclnnSlice({eight}, -1, 0, 1, 1, [1, 1, 6, 1])",
        f"aclnnSlice({eight}, -1, 0, 1, 1, [1, 1, 6, 1])",
        "aclnnLog([1, 1, 6], [1, 1, 6])",
        "aclnnAdd([1, 1, 6], [1, 1, 6], 1, log)",
    ]


def test_grouped_matmul():
    x, w, dy = tensor(5, 3), tensor(2, 3, 4), tensor(5, 4)
    counts = mindspore.Tensor([5, 0])
    y = both(lambda: msops.grouped_matmul(x, w, counts), dy)
    seen = calls(x=x, w=w, counts=counts, dy=dy, y=y, dx=x._grad, dw=w._grad)
    absent, others = "[], [], [], [], [], []", "[], [], []"
    assert seen == [
        f"aclnnGroupedMatmulV4([x], [w], {absent}, counts, {others}, 3, 0, 1, 0, [y], [], [])",
        # and backward: a transposed view of the weights, and one of x
        f"aclnnGroupedMatmulV4([dy], [w], {absent}, counts, {others}, 3, 0, 1, 0, [dx], [], [])",
        f"aclnnGroupedMatmulV4([x], [dy], {absent}, counts, {others}, 3, 2, 1, 0, [dw], [], [])",
    ]


def test_moe_gating():
    logits, bias = tensor(2, 8), tensor(8)
    dy = tensor(2, 3)
    with imperative.recording():
        found = msops.moe_gating(
            logits, 3, score_function="sigmoid", bias=bias, groups=4, top_groups=2, group_top_k=2,
            normalize=True, scale=2.5, eps=0.5,
        )  # fmt: skip
        imperative.backward(found.probs, dy)
    names = {"logits": logits, "bias": bias, "dy": dy, "dx": logits._grad}
    names |= {"chosen": found.indices, "counts": found.tokens_per_expert}
    table, some, column, sums = "[2, 8]", "[2, 3]", "[2, 1]", "[8]"
    normalized = [
        f"aclnnReduceSum({some}, [-1], true, 0, {column})",
        f"aclnnAdds({column}, 0.5, 1, {column})",
    ]
    assert calls(**names)[:12] == [
        "aclnnMoeGatingTopK(logits, bias, 3, 2, 4, 1, 0, 1, true, 1, 0.5,"
        f" {some}, chosen, {table})",
        f"aclnnSigmoid(logits, {table})",
        f"aclnnGather({table}, -1, {some}, {some})",
        *normalized,
        f"aclnnDiv({some}, {column}, {some})",
        f"aclnnReduceSum({table}, [-1], true, 0, {column})",
        f"aclnnAdds({column}, 0.5, 1, {column})",
        f"aclnnDiv({table}, {column}, {table})",
        f"aclnnMuls({some}, 2.5, {some})",
        "aclnnBincount(chosen, 0, 8, counts)",
        f"aclnnReduceSum({table}, [0], false, 0, {sums})",
    ]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "0, 3, 1, 1, 0, 0, 0"),
        ({"score_function": "sigmoid"}, "0, 3, 1, 1, 0, 0, 1"),
        ({"groups": 4}, "0, 3, 1, 1, 0, 0, 0"),
        ({"groups": 4, "top_groups": 2, "group_top_k": 1}, "0, 3, 2, 4, 0, 0, 0"),
        ({"groups": 4, "top_groups": 2, "group_top_k": 2}, "0, 3, 2, 4, 1, 0, 0"),
    ],
)
def test_settings_of_the_choice_of_experts(settings, told):
    logits = tensor(2, 8)
    msops.moe_gating(logits, 3, **settings)
    assert calls(logits=logits)[0].startswith(
        f"aclnnMoeGatingTopK(logits, {told}, true, 1, 1e-20, "
    )


def test_moe_token_permute_and_back():
    tokens, probs, dy = tensor(3, 4), tensor(3, 2), tensor(3, 4)
    choices = mindspore.Tensor(np.array([[1, 0], [0, 2], [2, 1]], np.int32))
    with imperative.recording():
        found = msops.moe_token_permute(tokens, choices, 3, probs)
        y = msops.moe_token_unpermute(found.tokens, found.positions, probs)
        seen = calls(
            tokens=tokens, choices=choices, probs=probs, permuted=found.tokens, by_row=found.probs,
            positions=found.positions, counts=found.tokens_per_expert, y=y,
        )  # fmt: skip
        imperative.backward_all((y, found.probs), (dy, tensor(6)))
    assert seen == [
        "aclnnMoeTokenPermute(tokens, choices, 6, false, permuted, positions)",
        "aclnnScatter([6], 0, [6], probs, 0, by_row)",
        "aclnnBincount(choices, 0, 3, counts)",
        "aclnnMoeTokenUnpermute(permuted, positions, probs, false, 0, y)",
    ]
    names = {"dy": dy, "permuted": found.tokens, "positions": found.positions, "probs": probs}
    assert calls(**names, dtokens=tokens._grad) == [
        "aclnnMoeTokenUnpermuteGrad(permuted, dy, positions, probs, false, 0, [6, 4], [3, 2])",
        "aclnnMoeTokenPermuteGrad([6, 4], positions, 2, false, dtokens)",
        "aclnnGather([1, 6], -1, [1, 6], [1, 6])",
    ]


def test_table_has_the_operators_that_the_launches_call():
    called = set()
    for path in Path("csrc/ascend").glob("*.cc"):
        called |= {f"aclnn{n}" for n in re.findall(r"MINDFORGE_ACLNN\(\s*(\w+)", path.read_text())}
    assert called == set(TABLE)


def spelled_out(text: str) -> dict[str, str]:
    """Operators with their arguments, as a text has them: after a name, or the last of several."""
    return {
        name: re.sub(r"\s+", " ", arguments)
        for names, arguments in re.findall(r"((?:aclnn\w+, )*aclnn\w+)\(([^)]*)\)", text)
        for name in names.split(", ")
    }


@pytest.mark.parametrize(
    "path", ["docs/operators.md", *sorted(map(str, Path("csrc/ascend").glob("*")))]
)
def test_arguments_that_are_spelled_out_are_those_of_the_table(path):
    text = Path(path).read_text()
    if path.endswith((".cc", ".h")):
        comments = [line[2:] for line in text.splitlines() if line.startswith("//")]
        text = "\n".join(comments)
    found = spelled_out(text)
    expected = {name: ", ".join(x for _, x in arguments_of(name)) for name in found}
    assert found == expected
