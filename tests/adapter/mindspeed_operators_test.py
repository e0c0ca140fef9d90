# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What MindSpeed's Python calls in the modules that it would compile computes the same formulas."""

from collections.abc import Callable, Sequence

import numpy
import pytest

import mstorch
from cases.samples import numbers
from mstorch.interop import mindspeed, torchair

Tensor = mstorch.Tensor


def tensors(*shapes: tuple[int, ...]) -> list[Tensor]:
    return [mstorch.from_numpy(numbers(shape, seed)) for seed, shape in enumerate(shapes)]


def close(found: object, expected: object) -> None:
    numpy.testing.assert_allclose(
        found.detach().numpy(), expected.detach().numpy(), rtol=2e-5, atol=2e-6
    )


def agree(
    served: Callable[..., Tensor], composed: Callable[..., Tensor], inputs: Sequence[Tensor]
) -> None:
    """Values and gradients of both."""
    gradients = []
    for function in (served, composed):
        leaves = [tensor.clone().requires_grad_() for tensor in inputs]
        result = function(*leaves)
        (weights,) = tensors(tuple(result.shape))
        result.backward(weights)
        gradients.append([result, *(leaf.grad for leaf in leaves)])
    for found, expected in zip(*gradients, strict=True):
        close(found, expected)


@pytest.mark.parametrize("mode", [0, 1])
def test_rotary_position_embedding(mode: int) -> None:
    rotate = mindspeed.load("npu_rotary_position_embedding").npu_rotary_position_embedding

    def composed(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        if mode:
            turned = mstorch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2)
        else:
            a, b = x.chunk(2, -1)
            turned = mstorch.cat((-b, a), -1)
        return x * cos + turned * sin

    inputs = tensors((2, 3, 5, 8), (1, 1, 5, 8), (1, 1, 5, 8))
    agree(lambda *operands: rotate(*operands, mode), composed, inputs)


def test_tokens_to_experts_and_back() -> None:
    permute = mindspeed.load("npu_moe_token_permute").npu_moe_token_permute
    unpermute = mindspeed.load("npu_moe_token_unpermute").npu_moe_token_unpermute
    choices = mstorch.tensor([[0, 2], [1, 0], [2, 1], [0, 1]])

    def served(tokens: Tensor, probs: Tensor) -> Tensor:
        rows, places = permute(tokens, choices, None, False)
        return unpermute(rows * 2, places, probs, False, None)

    agree(served, lambda t, p: 2 * t * p.sum(1, keepdim=True), tensors((4, 6), (4, 2)))


OPERANDS = tensors((6, 2, 16), (9, 2, 16), (9, 2, 16))


def composed_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    q, k, v = (x.unflatten(2, (4, 4)).permute(1, 2, 0, 3) for x in (query, key, value))
    weights = (q @ k.transpose(-1, -2) * 0.3).softmax(-1)
    return (weights @ v).permute(2, 0, 1, 3).flatten(2)


def attention(query: Tensor, key: Tensor, value: Tensor) -> tuple:
    """As mindspeed.ops.fusion_attention_v2 calls it."""
    return mindspeed.load("fusion_attention_v2").npu_fusion_attention_v2(
        *(query, key, value, 4, "SBH"),
        *(None, None, None, 0.3, 1.0, 2147483647, 2147483647),
        *(0, None, None, None, 0, True, False, 1, None, None),
    )


def test_attention_and_its_gradients() -> None:
    agree(lambda *operands: attention(*operands)[0], composed_attention, OPERANDS)
    output, largest, sums, *_ = attention(*OPERANDS)
    (dy,) = tensors(tuple(output.shape))
    found = mindspeed.load("fusion_attention_v2").npu_fusion_attention_grad_v2(
        *(*OPERANDS, dy, 4, "SBH"),
        *(None, None, None, largest, sums, None, output, 0.3, 1.0, 2147483647, 2147483647),
        *(0, 0, 0, 0, None, None, None, 0, True, False, 1, None, None),
    )
    leaves = [tensor.clone().requires_grad_() for tensor in OPERANDS]
    composed_attention(*leaves).backward(dy)
    for gradient, leaf in zip(found[:3], leaves, strict=True):
        close(gradient, leaf.grad)


def test_attention_over_two_parts_of_the_keys() -> None:
    query, key, value = OPERANDS
    update = mindspeed.load("npu_ring_attention_update").npu_ring_attention_update
    parts = [attention(query, key[part], value[part])[:3] for part in (slice(4), slice(4, None))]
    for found, expected in zip(
        update(*parts[0], *parts[1], None, "SBH"), attention(*OPERANDS)[:3], strict=True
    ):
        close(found, expected)


ROWS, MATRICES, DY = tensors((6, 4), (3, 4, 7), (6, 7))


def composed_groups(x: Tensor, weight: Tensor) -> Tensor:
    return mstorch.cat((x[:2] @ weight[0], x[2:] @ weight[2]))


GROUPS = {
    "a list of ends": ("grouped_matmul", [2, 2, 6], 0),
    "a tensor of ends": ("grouped_matmul", mstorch.tensor([2, 2, 6]), 0),
    "a tensor of counts": ("grouped_matmul_v2", mstorch.tensor([2, 0, 4]), 1),
}


@pytest.mark.parametrize("name", GROUPS)
def test_products_of_groups_and_their_gradients(name: str) -> None:
    module, groups, kind = GROUPS[name]
    grouped = mindspeed.load(module)
    (found,) = grouped.npu_gmm([ROWS], [MATRICES], [], groups, 0, kind)
    leaves = [ROWS.clone().requires_grad_(), MATRICES.clone().requires_grad_()]
    expected = composed_groups(*leaves)
    expected.backward(DY)
    close(found, expected)
    dx, dw, dbias = grouped.npu_gmm_backward([DY], [ROWS], [MATRICES], groups, kind)
    close(dx[0], leaves[0].grad)
    close(dw[0], leaves[1].grad)
    assert not dbias
    dx, dw, _ = grouped.npu_gmm_backward_fusion([DY], [MATRICES], groups, kind)
    close(dx[0], leaves[0].grad)
    assert not dw


def test_gradients_of_weights_are_added_to_those_before() -> None:
    x, dy, main = tensors((5, 4), (5, 3), (3, 4))
    expected = main + dy.T @ x
    mindspeed.load("npu_matmul_add_fp32").npu_matmul_add_fp32(dy, x, main)
    close(main, expected)


def test_gradients_of_groups_are_added_to_those_before() -> None:
    (main,) = tensors((3, 4, 7))
    expected = main.clone()
    expected[0] += ROWS[:2].T @ DY[:2]
    expected[2] += ROWS[2:].T @ DY[2:]
    add = mindspeed.load("npu_groupmatmul_add_fp32").npu_groupmatmul_add_fp32
    add(ROWS, DY, mstorch.tensor([2, 2, 6]), main)
    close(main, expected)


@pytest.mark.parametrize("maximize", [False, True])
def test_adamw(maximize: bool) -> None:
    step = mindspeed.load("npu_apply_fused_adamw_v2").npu_apply_fused_adamw_v2
    (param,) = tensors((5,))
    average, squares = mstorch.zeros(5), mstorch.zeros(5)
    other = mstorch.nn.Parameter(param.clone())
    optimizer = mstorch.optim.AdamW([other], lr=0.1, weight_decay=0.2, maximize=maximize)
    for number in (1, 2):
        grad = mstorch.from_numpy(numbers((5,), number))
        other.grad = grad
        optimizer.step()
        state = (param, grad, average, squares, None, mstorch.tensor(number))
        step(*state, 0.1, 0.9, 0.999, 0.2, 1e-8, False, maximize)
    close(param, other)


def test_an_operator_that_is_not_there_names_itself() -> None:
    with pytest.raises(NotImplementedError, match="MindSpeed's operator lcal"):
        mindspeed.load("lcal")


def test_amsgrad_and_parts_of_a_global_sequence_are_refused() -> None:
    step = mindspeed.load("npu_apply_fused_adamw_v2").npu_apply_fused_adamw_v2
    with pytest.raises(NotImplementedError, match="amsgrad"):
        step(*(mstorch.zeros(1),) * 6, 0.1, 0.9, 0.999, 0.0, 1e-8, True, False)
    served = mindspeed.load("fusion_attention_v2").npu_fusion_attention_v2
    with pytest.raises(NotImplementedError, match="q_start_idx"):
        served(
            *(*OPERANDS, 4, "SBH"),
            *(None, None, None, 0.3, 1.0, 2147483647, 2147483647),
            *(0, None, None, None, 0, True, False, 1, [0], None),
        )


def test_what_is_registered_for_graphs_stays_a_function_and_graphs_are_refused() -> None:
    assert torchair.register_fx_node_ge_converter("mindspeed.npu_gmm")(close) is close
    with pytest.raises(NotImplementedError, match="torchair.get_npu_backend"):
        torchair.get_npu_backend()
    with pytest.raises(NotImplementedError, match="no graph of torchair"):
        torchair.ge.Tensor()
