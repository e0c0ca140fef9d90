# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What the launches for Ascend pass to CANN, without CANN: names, order, the two calls of each.

The module is that of Ascend, linked with a stand-in for MindSpore's plugin, on tensors in the
memory of the CPU. Nothing is computed. A tensor in the record is named by its address if it is one
of the test's, or else told by its shape; an absent one is 0.
"""

from __future__ import annotations

import ctypes
import json
import re
import tomllib
from pathlib import Path

import mindspore
import numpy as np
import pytest
import recorded
from mindspore import _c_expression

import imperative
import msops

ROOT = Path.cwd()
TABLE = tomllib.loads((ROOT / "csrc/ascend/aclnn.toml").read_text())
LETTERS = {"double": "d", "float": "f", "string": "s"}

# Each operator is launched before the call returns, so the record is whole and in order.
_c_expression.disable_multi_thread()

library = ctypes.CDLL(recorded.__file__)
library.stand_in_record.restype = ctypes.c_char_p


def arguments_of(name: str) -> list[list[str]]:
    """Kind and name of each argument."""
    return [argument.split() for argument in TABLE[name].split(", ")]


@pytest.fixture(autouse=True)
def ascend(monkeypatch):
    """msops calls the module of Ascend."""
    monkeypatch.setattr("msops._native._MODULES", {"CPU": "recorded"})
    msops._native.native.cache_clear()
    for name in TABLE:
        letters = "".join(LETTERS.get(kind, "p") for kind, _ in arguments_of(name))
        library.stand_in_set_signature(name.encode(), letters.encode())
    library.stand_in_forget()
    yield
    msops._native.native.cache_clear()


KINDS = {
    "tensor": lambda value: value == 0 or "address" in value,
    "scalar": lambda value: "scalar" in value,
    "ints": lambda value: isinstance(value, list),
    "bools": lambda value: isinstance(value, list),
    "int": lambda value: isinstance(value, int),
    "bool": lambda value: value & 0xFF in (0, 1),
    "dtype": lambda value: isinstance(value, int),
    "string": lambda value: isinstance(value, str),
    "double": lambda value: isinstance(value, int | float),
    "float": lambda value: isinstance(value, int | float),
}


def text_of(kind: str, value, names: dict[int, str]) -> str:
    """An argument as the expectations below write it."""
    if kind == "tensor" and value != 0:
        return names.get(value["address"], str(value["shape"]))
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
    lines = [json.loads(line) for line in library.stand_in_record().decode().splitlines()]
    library.stand_in_forget()
    names = {tensor._data_ptr(): name for name, tensor in tensors.items()}
    found = []
    for asked, run in zip(lines[::2], lines[1::2], strict=True):
        name = run["call"]
        assert asked["call"] == f"{name}GetWorkspaceSize"
        assert run["arguments"] == ["workspace", 64, f"executor of {name}", "stream"]
        kinds = [kind for kind, _ in arguments_of(name)]
        assert len(kinds) == len(asked["arguments"])
        for kind, value in zip(kinds, asked["arguments"], strict=True):
            assert KINDS[kind](value), (name, kind, value)
        values = zip(kinds, asked["arguments"], strict=True)
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
        "aclnnAmax(x, [1], false, [2])",
        "aclnnLogSumExp(x, [1], false, [2])",
        "aclnnSub([2], [2], 1, [2])",
        "aclnnExp([2], [2])",
        "aclnnAdds(target, 0, 1, [2, 1])",
        "aclnnClamp([2, 1], 0, 4, [2, 1])",
        "aclnnEqTensor([2, 1], [2, 1], [2, 1])",
        "aclnnGather(x, 1, [2, 1], [2, 1])",
        "aclnnMul([2, 1], [2, 1], [2, 1])",
        "aclnnReduceSum(x, [1], false, 0, [2])",
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
        "aclnnScatterAdd([2, 5], 1, [2, 1], [2, 1], [2, 5])",
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
    both(lambda: msops.rotary_position_embedding(x, cos, sin), dy)
    part, tables = "[2, 3, 4, 8]", "[2, 1, 4, 8], [2, 1, 4, 8]"
    gradient = f"aclnnRotaryPositionEmbeddingGrad({part}, cos, sin, {part}, 0, {part}, {tables})"
    assert calls(x=x, cos=cos, sin=sin, dy=dy) == [
        f"aclnnSlice(x, -1, 0, 8, 1, {part})",
        f"aclnnRotaryPositionEmbedding({part}, cos, sin, 0, {part})",
        # and backward: that of x, and that of the tables
        f"aclnnSlice(dy, -1, 0, 8, 1, {part})",
        gradient,
        f"aclnnSlice(dy, -1, 0, 8, 1, {part})",
        f"aclnnSlice(x, -1, 0, 8, 1, {part})",
        gradient,
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


def test_operators_that_the_documentation_spells_out_are_those_of_the_table():
    documented = re.findall(r"(aclnn\w+)\(([^)]*)\)", (ROOT / "docs/operators.md").read_text())
    compared = {
        name: arguments == ", ".join(argument for _, argument in arguments_of(name))
        for name, arguments in documented
        if name in TABLE
    }
    assert len(compared) > 20
    assert [name for name, same in compared.items() if not same] == []
