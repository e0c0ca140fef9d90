# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Functions of MindSpore serve mstorch's tensors with PyTorch's numbers, and leave MindSpore's
own tensors alone.
"""

import functools
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import mindspore
import pytest

import against_torch
import mstorch
import op_database
from mstorch import mint_cpu

# Replaced functions that the database has no entry of.
_WITHOUT_SAMPLES = {
    "mindspore.mint.nn.functional.fold",
    "mindspore.ops.is_nonzero",
    "mindspore.ops.is_complex",
    "mindspore.ops.is_floating_point",
    "mindspore.ops.numel",
}


def _function(name: str) -> Callable[..., Any]:
    return functools.reduce(getattr, name.split(".")[1:], mindspore)


def _entries(torch_name: str) -> list[str]:
    name = torch_name.removeprefix("torch.")
    return [k for k in op_database.floor() if k == name or k.startswith(name + ".")]


def _with_types_of_mindspore(function: Callable[..., Any]) -> Callable[..., Any]:
    def of(value: Any) -> Any:
        return value.mindspore if isinstance(value, mstorch.dtype) else value

    return lambda *args, **named: function(*map(of, args), **{k: of(v) for k, v in named.items()})


@pytest.mark.parametrize("name", sorted(mint_cpu.REPLACED.keys() - _WITHOUT_SAMPLES))
def test_a_function_of_mindspore_agrees_with_torch(
    reference: against_torch.Reference, name: str
) -> None:
    keys = _entries(mint_cpu.REPLACED[name])
    assert keys
    agreed = 0
    for key in keys:
        function = _with_types_of_mindspore(_function(name))
        outcome = op_database.compare(reference, key, function)
        assert not outcome.failures, outcome.failures[0]
        agreed += outcome.counts["agree"]
    if not name.endswith(("empty", "empty_like")):
        assert agreed


def test_functions_without_samples_agree_too() -> None:
    x = mstorch.ones(2, 3)
    assert not mindspore.ops.is_complex(x)
    assert mindspore.ops.is_floating_point(x)
    assert mindspore.ops.numel(x) == 6
    assert mindspore.ops.is_nonzero(x[0, 0])
    columns = mstorch.ones(1, 4, 1)
    assert mindspore.mint.nn.functional.fold(columns, 2, 2).tolist() == [[[[1, 1], [1, 1]]]]


def test_every_function_without_samples_is_named() -> None:
    for name in _WITHOUT_SAMPLES:
        assert not _entries(mint_cpu.REPLACED[name])


@pytest.mark.parametrize("name", ["mint.atanh", "ops.det", "ops.isposinf", "ops.softsign"])
def test_results_of_other_functions_of_mindspore_are_tensors_of_mstorch(name: str) -> None:
    assert f"mindspore.{name}" in mint_cpu.ADOPTED
    function = _function(f"mindspore.{name}")
    x = mstorch.nn.Parameter(mstorch.tensor([[1.5, 0.25], [0.5, 2.0]]))
    result = function(x)
    assert type(result) is mstorch.Tensor
    assert result.requires_grad == result.is_floating_point()
    assert type(x) is mstorch.nn.Parameter
    assert type(function(mindspore.Tensor([[1.5, 0.25], [0.5, 2.0]]))) is mindspore.Tensor
    with mstorch.no_grad():
        assert not function(x).requires_grad


def test_a_function_of_mindspore_that_fails_gives_its_tensors_back() -> None:
    x = mstorch.ones(2)
    with pytest.raises(Exception, match="shape|dimension|rank"):
        mindspore.ops.det(x)
    assert type(x) is mstorch.Tensor


def test_each_function_is_served_in_one_way() -> None:
    ways = [*mint_cpu.REPLACED, *mint_cpu.COMPOSED, *mint_cpu.ADOPTED]
    assert len(ways) == len(set(ways))
    assert set(ways) >= mint_cpu.CREATION


def test_positions_and_defaults_are_those_of_mindspore() -> None:
    x, y = mstorch.tensor([1.0, 2.0]), mstorch.tensor([3.0, 5.0])
    assert mindspore.ops.addcmul(x, y, y, 2).tolist() == [19.0, 52.0]
    assert mindspore.ops.std(x).item() == 0.5
    assert mindspore.ops.gather(x, mstorch.tensor([[1, 0]]), 0).tolist() == [[2.0, 1.0]]
    with pytest.raises(IndexError):
        mindspore.ops.gather(x, mstorch.tensor([2]), 0)
    with pytest.raises(NotImplementedError, match="batch_dims"):
        mindspore.ops.gather(x, mstorch.tensor([0]), 0, 1)
    odds = mstorch.tensor([0.5, 1.0])
    assert mindspore.ops.logit(odds, 0.25).tolist() == pytest.approx([0.0, 1.0986123])
    assert mindspore.ops.fftshift(mstorch.arange(3), 0).tolist() == [2, 0, 1]


def test_modules_of_mindspore_get_tensors_of_mindspore() -> None:
    made = {}
    exec("import mindspore; x = mindspore.mint.ones((2,))", {"__name__": "mindspore.some"}, made)
    assert type(made["x"]) is mindspore.Tensor


def test_sizes_and_numbers_make_tensors_of_mstorch() -> None:
    mint = mindspore.mint
    made = [mint.zeros((2, 3)), mint.ones(2), mint.full((2,), 3.0), mint.arange(4), mint.eye(2)]
    made += [mindspore.ops.full((2,), 3.0), mindspore.ops.hann_window(4)]
    assert {type(tensor) for tensor in made} == {mstorch.Tensor}
    assert mint.zeros((2,), dtype=mindspore.bfloat16).dtype is mstorch.bfloat16


def test_gradients_pass_between_both_kinds_of_calls() -> None:
    x = mstorch.tensor([[0.5, -1.0], [2.0, 0.1]], requires_grad=True)
    mixed = mindspore.mint.nn.functional.silu(x).exp() @ mindspore.mint.tanh(x)
    mixed.sum().backward()
    first, x.grad = x.grad, None
    (mstorch.nn.functional.silu(x).exp() @ mstorch.tanh(x)).sum().backward()
    assert mstorch.equal(first, x.grad)


def test_operators_take_tensors_of_mindspore() -> None:
    def plain() -> mindspore.Tensor:
        return mindspore.Tensor([1.0, 2.0])

    x = mstorch.tensor([3.0, 4.0])
    results = [
        x + plain(),
        plain() + x,
        plain() * x,
        x.matmul(plain()),
        mstorch.exp(plain()),
        mstorch.cat([x, plain()]),
        mstorch.where(x > plain(), plain(), x),
        x[mindspore.Tensor([1, 0])],
        mindspore.mint.add(plain(), x),
    ]
    assert {type(result) for result in results} == {mstorch.Tensor}
    assert results[0].tolist() == [4.0, 6.0]
    assert results[5].tolist() == [3.0, 4.0, 1.0, 2.0]
    assert (x == plain()).tolist() == [False, False]
    with pytest.raises(TypeError):
        mstorch.exp("text")


_PROGRAM = """
import sys
import mindspore
from mindspore import mint, nn, ops
if "with" in sys.argv:
    import mstorch.mint_cpu
x = mindspore.Tensor([[1.0, -2.0], [0.5, 3.0]])
dense = nn.Dense(2, 2, weight_init="ones", bias_init="ones")
print([type(mint.abs(x)).__module__, mint.matmul(x, x), mint.nn.functional.relu(x), mint.max(x)])
print(mindspore.grad(lambda v: mint.sum(mint.square(dense(v))))(x), x.size, mint.mul(x, 2).shape)
@mindspore.jit
def compiled(v):
    return mint.abs(v) + ops.atan(v) + mint.zeros((2, 2))
print(compiled(x), ops.stack([x, x], axis=1), ops.gather(x, mindspore.Tensor([1]), 0))
print(mint.add(x, x, alpha=2), mint.where(x > 0, x, x), [p.shape for p in mint.split(x, 1)])
"""


def test_a_mindspore_program_computes_the_same_beside_it(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    command = [sys.executable, str(program)]
    said = [
        subprocess.run([*command, word], stdout=subprocess.PIPE, text=True, check=True).stdout
        for word in ("with", "without")
    ]
    assert said[0] == said[1]
    assert said[0].count("\n") >= 3
