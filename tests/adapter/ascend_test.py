# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch_npu's operators give what their documentation says, and refuse what is not there."""

from collections.abc import Callable

import numpy
import pytest

import against_torch
import mstorch
from cases.samples import numbers
from mstorch.interop import torch_npu


@pytest.mark.parametrize("name", against_torch.names("ascend"))
def test_a_program_agrees_with_the_documented_formulas(
    reference: against_torch.Reference, name: str
) -> None:
    against_torch.compare(reference, "ascend", name)


def tensors(*shapes: tuple[int, ...]) -> list[mstorch.Tensor]:
    return [mstorch.from_numpy(numbers(shape, seed)) for seed, shape in enumerate(shapes)]


QUERY, KEY, VALUE = tensors((2, 4, 6, 8), (2, 2, 9, 8), (2, 2, 9, 5))
TRIANGLE = mstorch.ones(2048, 2048, dtype=mstorch.bool).triu(1)


def attention(**options: object) -> tuple:
    return torch_npu.npu_fusion_attention(QUERY, KEY, VALUE, 4, "BNSD", **options)


def test_the_gradients_are_those_that_backward_finds() -> None:
    query, key, value = (t.clone().requires_grad_() for t in (QUERY, KEY, VALUE))
    options = {"scale": 0.3, "atten_mask": TRIANGLE, "sparse_mode": 3}
    answers = torch_npu.npu_fusion_attention(query, key, value, 4, "BNSD", **options)
    (dy,) = tensors(tuple(answers[0].shape))
    answers[0].backward(dy)
    options["scale_value"] = options.pop("scale")
    dq, dk, dv, dpse = torch_npu.npu_fusion_attention_grad(
        QUERY,
        KEY,
        VALUE,
        dy,
        4,
        "BNSD",
        softmax_max=answers[1],
        softmax_sum=answers[2],
        attention_in=answers[0],
        **options,
    )
    assert dpse is None
    for found, leaf in ((dq, query), (dk, key), (dv, value)):
        numpy.testing.assert_allclose(found.numpy(), leaf.grad.numpy(), rtol=1e-5, atol=1e-6)


def test_dropout_draws_the_same_weights_again_for_the_seed_that_it_gives() -> None:
    mstorch.manual_seed(3)
    first = attention(keep_prob=0.5)
    mstorch.manual_seed(3)
    again = attention(keep_prob=0.5)
    other = attention(keep_prob=0.5)
    assert mstorch.equal(first[0], again[0]) and first[4:] == again[4:]
    assert not mstorch.equal(first[0], other[0])
    assert first[6] == 2 * 4 * 6 * 9


def test_about_keep_prob_of_the_weights_stay_and_the_mean_does() -> None:
    query, key = tensors((1, 1, 300, 4), (1, 1, 300, 4))
    value = mstorch.ones(1, 1, 300, 1)
    dropped = torch_npu.npu_fusion_attention(query, key, value, 1, "BNSD", keep_prob=0.75)[0]
    assert abs(float(dropped.mean()) - 1) < 0.02
    assert float(dropped.std()) > 0.01


def test_a_query_that_sees_no_key_has_no_output_and_no_sum() -> None:
    mask = mstorch.zeros(6, 9, dtype=mstorch.bool)
    mask[2] = True
    output, largest, sums, *_ = attention(atten_mask=mask, sparse_mode=1)
    assert float(output[:, :, 2].abs().max()) == 0
    assert float(sums[:, :, 2].abs().max()) == 0
    assert (largest[:, :, 2] == -mstorch.inf).all()


def adam(**changes: object) -> None:
    parts = {"power1": 1.0, "power2": 1.0, "amsgrad": False, **changes}
    out = [mstorch.zeros(3, dtype=parts.get("kind", mstorch.float32)) for _ in range(3)]
    torch_npu.npu_apply_adam_w(
        parts["power1"],
        parts["power2"],
        0.1,
        0.0,
        0.9,
        0.999,
        1e-8,
        out[0].clone(),
        None,
        parts["amsgrad"],
        False,
        out=tuple(out),
    )


ROWS, CHOICES = mstorch.ones(4, 6), mstorch.tensor([[0, 1], [1, 0], [0, 1], [1, 0]])
LOGITS = mstorch.ones(4, 8)
REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "an absent operator": (lambda: torch_npu.npu_quantize, "torch_npu.npu_quantize"),
    "an absent device function": (lambda: torch_npu.npu.set_compile_mode, "torch.npu.set_comp"),
    "an absent part": (lambda: torch_npu.profiler.profile, "torch_npu.profiler"),
    "attention with a sink": (lambda: attention(sink=mstorch.ones(4)), "sink"),
    "attention with a padding mask": (lambda: attention(padding_mask=QUERY), "padding_mask"),
    "attention with made shifts": (
        lambda: torch_npu.npu_fusion_attention_v2(
            QUERY, KEY, VALUE, 4, "BNSD", pse=mstorch.ones(4), pse_type=2
        ),
        "pse_type 2",
    ),
    "a gradient of shifts": (
        lambda: attention(pse=mstorch.ones(2, 4, 6, 9, requires_grad=True)),
        "gradient of pse",
    ),
    "attention of cut sequences": (
        lambda: attention(atten_mask=TRIANGLE, sparse_mode=7),
        "sparse_mode 7",
    ),
    "packed attention with any mask": (
        lambda: torch_npu.npu_fusion_attention(
            QUERY[0].transpose(0, 1),
            KEY[0].transpose(0, 1),
            VALUE[0].transpose(0, 1),
            4,
            "TND",
            actual_seq_qlen=[6],
            actual_seq_kvlen=[9],
            atten_mask=mstorch.zeros(6, 9, dtype=mstorch.bool),
        ),
        "TND with pse, or a mask",
    ),
    "a gradient through a merge": (
        lambda: torch_npu.npu_ring_attention_update(
            *(mstorch.ones(4, 2, 8, requires_grad=True), *[mstorch.ones(2, 2, 4, 8)] * 2),
            *(mstorch.ones(4, 2, 8), *[mstorch.ones(2, 2, 4, 8)] * 2),
        ),
        "its gradient",
    ),
    "another rotation": (
        lambda: torch_npu.npu_rotary_position_embedding(ROWS, ROWS, ROWS, 2),
        "mode 2",
    ),
    "the loss z": (
        lambda: torch_npu.npu_cross_entropy_loss(ROWS, CHOICES[:, 0], return_zloss=True),
        "zloss",
    ),
    "padded tokens": (
        lambda: torch_npu.npu_moe_token_permute(ROWS, CHOICES, padded_mode=True),
        "the padded mode",
    ),
    "finished rows": (
        lambda: torch_npu.npu_moe_gating_top_k_softmax(LOGITS, mstorch.ones(4).bool(), 2),
        "finished",
    ),
    "experts of a table": (
        lambda: torch_npu.npu_moe_gating_top_k(LOGITS, 2, input_ids=CHOICES[:, 0]),
        "input_ids",
    ),
    "quantised matrices": (
        lambda: torch_npu.npu_grouped_matmul([ROWS], [ROWS], scale=[ROWS]),
        "quantised",
    ),
    "groups of columns": (
        lambda: torch_npu.npu_grouped_matmul([ROWS], [ROWS], group_type=2),
        "group_type 2",
    ),
    "amsgrad": (lambda: adam(amsgrad=True), "amsgrad"),
    "averages in half types": (lambda: adam(kind=mstorch.float16), "half types"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_there_names_itself(name: str) -> None:
    call, message = REFUSED[name]
    with pytest.raises(NotImplementedError, match=message):
        call()


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "a layout of no name": (
        lambda: torch_npu.npu_fusion_attention(QUERY, KEY, VALUE, 4, "NBSD"),
        "input_layout must be one of",
    ),
    "another number of heads": (
        lambda: torch_npu.npu_fusion_attention(QUERY, KEY, VALUE, 2, "BNSD"),
        "head_num is 2, and query has 4",
    ),
    "a whole mask for a compressed one": (
        lambda: attention(atten_mask=TRIANGLE[:6, :9], sparse_mode=2),
        "sparse_mode 1 takes a whole mask",
    ),
    "a compressed mask that is no triangle": (
        lambda: attention(atten_mask=~TRIANGLE, sparse_mode=2),
        "hide what is right of the diagonal",
    ),
    "a mask that prefix does not describe": (
        lambda: attention(
            atten_mask=mstorch.zeros(2, 1, 6, 9).bool(), sparse_mode=5, prefix=[3, 4]
        ),
        "not the mask that prefix describes",
    ),
    "a prefix that is not there": (
        lambda: attention(atten_mask=TRIANGLE, sparse_mode=6),
        "needs a prefix for each batch",
    ),
    "packed sequences without ends": (
        lambda: torch_npu.npu_fusion_attention(QUERY[0], KEY[0], VALUE[0], 4, "TND"),
        "needs actual_seq_qlen",
    ),
    "nothing kept": (lambda: attention(keep_prob=0.0), "keep_prob must be in"),
    "a rotation of no name": (
        lambda: torch_npu.npu_rotary_mul(ROWS, ROWS, ROWS, "quarter"),
        "rotary_mode must be",
    ),
    "powers of two steps": (
        lambda: adam(power1=0.9, power2=0.999**3),
        "of one step t",
    ),
    "a map with another number of choices": (
        lambda: torch_npu.npu_moe_token_permute_with_routing_map(
            ROWS, mstorch.tensor([[1, 0], [1, 1], [0, 1], [1, 0]]), num_out_tokens=4
        ),
        "every row of routing_map must choose",
    ),
    "a weight of groups without groups": (
        lambda: torch_npu.npu_grouped_matmul([ROWS], [mstorch.ones(2, 6, 3)]),
        "needs a group_list",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_an_error_that_says_what_to_do(name: str) -> None:
    call, message = MISTAKES[name]
    with pytest.raises(ValueError, match=message):
        call()


def test_the_cpu_stands_in_for_the_device_and_says_that_there_is_none() -> None:
    assert not mstorch.npu.is_available() and mstorch.npu.device_count() == 0
    assert mstorch.zeros(2, device="npu:0").device == mstorch.device("cpu")
    tensor, module = mstorch.ones(2), mstorch.nn.Linear(2, 2)
    assert tensor.npu() is tensor and module.npu() is module
    torch_npu.npu.manual_seed_all(5)
    first = mstorch.rand(3)
    mstorch.manual_seed(5)
    assert mstorch.equal(first, mstorch.rand(3))


def test_importing_the_transfer_changes_nothing() -> None:
    before = mstorch.cuda.is_available
    from mstorch.interop.torch_npu.contrib import transfer_to_npu

    assert transfer_to_npu.__doc__ and mstorch.cuda.is_available is before


def test_a_tensor_changed_in_place_is_an_error_for_backward() -> None:
    x = mstorch.ones(2, 8, requires_grad=True)
    kept = x * 1
    y = torch_npu.npu_swiglu(kept)
    kept.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_second_derivatives_are_refused_by_name() -> None:
    x = mstorch.ones(2, 8, requires_grad=True)
    with pytest.raises(NotImplementedError, match="not differentiable"):
        mstorch.autograd.grad(torch_npu.npu_swiglu(x).sum(), x, create_graph=True)


def test_what_a_checkpoint_gave_up_is_computed_again() -> None:
    x = mstorch.from_numpy(numbers((3, 8), 1)).requires_grad_()
    torch_npu.npu_swiglu(x).sum().backward()
    expected, x.grad = x.grad.clone(), None
    mstorch.utils.checkpoint.checkpoint(
        torch_npu.npu_swiglu, x, use_reentrant=False
    ).sum().backward()
    assert mstorch.equal(x.grad, expected)
