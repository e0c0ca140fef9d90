# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What recipes of megatron-core give to msops has PyTorch's results and gradients, as before."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from megatron.core.transformer import TransformerConfig
from megatron.core.transformer.moe.experts import GroupedMLP

import against_torch
import megatron_alone
import mstorch
import worlds
from cases import megatron_parts

# Megatron as it was before conversion, in the runfiles unless it is elsewhere.
_IN_RUNFILES = worlds.FOLDER.absolute().parents[2] / "megatron_core/megatron_core_torch"
_REFERENCE = Path(os.environ.get("MINDFORGE_REFERENCE_PATH", _IN_RUNFILES))


@pytest.fixture(scope="module")
def both() -> worlds.Both:
    """The answers to all programs, here and under PyTorch."""
    return worlds.run_both(1, "megatron_parts", list(megatron_parts.CASES), _REFERENCE)


@pytest.mark.parametrize("name", megatron_parts.CASES)
def test_a_part_agrees_with_pytorch(name: str, both: worlds.Both) -> None:
    (ours,), (theirs,) = both
    failed = isinstance(theirs[name], dict) and "error" in theirs[name]
    assert not failed, theirs[name]
    against_torch.check(ours[name], theirs[name], name, megatron_parts.tolerance(name))


@pytest.fixture
def one_process() -> Iterator[None]:
    with megatron_alone.one_process():
        yield


def test_grouped_experts_compute_what_experts_one_by_one_do(one_process: None) -> None:
    F = mstorch.nn.functional
    config = TransformerConfig(
        num_layers=1,
        hidden_size=6,
        num_attention_heads=2,
        num_moe_experts=3,
        moe_ffn_hidden_size=4,
        moe_grouped_gemm=True,
        add_bias_linear=False,
        gated_linear_unit=True,
        activation_func=F.silu,
        use_cpu_initialization=True,
    )
    experts = GroupedMLP(3, config)
    x = mstorch.randn(7, 6, requires_grad=True)
    probs = mstorch.rand(7, requires_grad=True)
    counts = mstorch.tensor([4, 0, 3])
    found, _ = experts(x, counts, probs)
    found.square().sum().backward()
    leaves = [x, probs, experts.weight1, experts.weight2]
    gradients = [leaf.grad.clone() for leaf in leaves]
    for leaf in leaves:
        leaf.grad = None
    first = experts.weight1.view(3, 6, 8)
    second = experts.weight2.view(3, 4, 6)
    rows = []
    for row, expert in enumerate([0, 0, 0, 0, 2, 2, 2]):
        a, b = (x[row] @ first[expert]).chunk(2)
        rows.append((F.silu(a) * b * probs[row]) @ second[expert])
    expected = mstorch.stack(rows)
    expected.square().sum().backward()
    pairs = zip([found, *gradients], [expected, *(leaf.grad for leaf in leaves)], strict=True)
    for one, other in pairs:
        assert mstorch.allclose(one, other, rtol=1e-5, atol=1e-6)
