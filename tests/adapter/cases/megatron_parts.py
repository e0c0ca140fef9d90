# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Functions of megatron-core that recipes give to msops, on one process: results and gradients."""

import datetime

from cases.samples import numbers, with_gradients

TIMEOUT = datetime.timedelta(seconds=120)
CASES = {}


def tolerance(name):
    """Half types are rounded once here, and after every operator there."""
    half = "half" in name
    return {
        "torch.float32": (2e-2, 2e-2) if half else (2e-5, 2e-6),
        "torch.bfloat16": (2e-2, 3e-2),
    }


def _parallel(torch):
    from megatron.core import parallel_state

    if not parallel_state.model_parallel_is_initialized():
        parallel_state.initialize_model_parallel()
    return parallel_state.get_tensor_model_parallel_group()


def _case(name, function, *arrays):
    def program(torch):
        _parallel(torch)
        return with_gradients(torch, lambda _, *inputs: function(torch, *inputs), *arrays)

    CASES[name] = program


def _fusion(module, name):
    """A function of megatron.core.fusions."""

    def call(*arguments):
        from importlib import import_module

        return getattr(import_module(f"megatron.core.fusions.{module}"), name)(*arguments)

    return call


_swiglu = _fusion("fused_bias_swiglu", "bias_swiglu_impl")
_weighted = _fusion("fused_bias_swiglu", "weighted_bias_swiglu_impl")
_gelu = _fusion("fused_bias_gelu", "bias_gelu_impl")
_ROWS, _BIAS, _SCALE = numbers((6, 8), 1), numbers(8, 2), numbers((6, 1), 3, 0, 1)

_case("swiglu", lambda t, x: _swiglu(x, None), _ROWS)
_case("swiglu_of_a_batch", lambda t, x: _swiglu(x, None), numbers((2, 3, 8), 4))
_case("swiglu_with_a_bias", lambda t, x, b: _swiglu(x, b), *(_ROWS, _BIAS))
_case("swiglu_with_weights", lambda t, x, w: _weighted(x, None, w), *(_ROWS, _SCALE))
_case(
    "swiglu_in_a_half_type_with_weights",
    lambda t, x, w: _weighted(x.bfloat16(), None, w),
    *(_ROWS, _SCALE),
)
_case("bias_gelu", lambda t, x, b: _gelu(x, b), *(_ROWS, _BIAS))
_case("bias_gelu_in_a_half_type", lambda t, x, b: _gelu(x.bfloat16(), b.bfloat16()), _ROWS, _BIAS)


def _turned(name, *, columns=8, mscale=1.0, **options):
    def function(torch, x):
        from megatron.core.models.common.embeddings.rope_utils import _apply_rotary_pos_emb_bshd

        angles = torch.from_numpy(numbers((5, 1, 1, columns), 6))
        return _apply_rotary_pos_emb_bshd(x, angles, mscale=mscale, **options)

    _case(f"positions_{name}", function, numbers((5, 2, 3, 12), 5))


_turned("by_halves")
_turned("of_whole_rows", columns=12, mscale=1.3)
_turned("by_neighbours", rotary_interleaved=True)
_turned("of_latent_attention", multi_latent_attention=True)
_turned("of_latent_attention_by_neighbours", multi_latent_attention=True, rotary_interleaved=True)


@lambda function: _case("positions_of_packed_sequences", function, numbers((7, 3, 8), 7))
def _(torch, x):
    from megatron.core.models.common.embeddings.rope_utils import _apply_rotary_pos_emb_thd

    angles = torch.from_numpy(numbers((5, 1, 1, 8), 6))
    return _apply_rotary_pos_emb_thd(x, torch.tensor([0, 2, 7]), angles)


def _loss(name, target, smoothing=0.0, *, fused=False, half=False):
    def function(torch, x):
        from megatron.core.fusions.fused_cross_entropy import fused_vocab_parallel_cross_entropy
        from megatron.core.tensor_parallel.cross_entropy import vocab_parallel_cross_entropy

        # Megatron's own writes into float32 logits.
        x = x.bfloat16() if half else x * 1
        classes = torch.tensor(target)
        if fused:
            return fused_vocab_parallel_cross_entropy(x, classes, _parallel(torch))
        return vocab_parallel_cross_entropy(x, classes, smoothing)

    _case(f"loss_{name}", function, numbers((2, 3, 10), 8))


_CLASSES = [[0, 9, 4], [4, 4, 1]]
_loss("", _CLASSES)
_loss("smoothed", _CLASSES, 0.2)
_loss("of_no_class", [[0, -100, 4], [10, 4, 1]])
_loss("in_a_half_type", _CLASSES, half=True)
_loss("fused_with_a_gradient_in_a_half_type", _CLASSES, fused=True)

_CHOSEN = [[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 0], [0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]]
_TOKENS, _PROBS = numbers((6, 8), 9), numbers((6, 4), 10, 0, 1)


def _experts(torch):
    from megatron.core.transformer.moe import moe_utils

    return moe_utils, torch.tensor(_CHOSEN).bool()


@lambda function: _case("tokens_to_experts_and_back", function, _TOKENS, _PROBS)
def _(torch, tokens, probs):
    utils, chosen = _experts(torch)
    rows, weights, places = utils.permute(tokens, chosen, probs)
    back = utils.unpermute(rows * 2, places, tokens.shape, probs=probs, routing_map=chosen)
    return rows, weights, places, back, utils.unpermute(rows, places, tokens.shape)


@lambda function: _case("tokens_without_probs", function, _TOKENS)
def _(torch, tokens):
    utils, chosen = _experts(torch)
    return utils.permute(tokens, chosen)[::2]


@lambda function: _case("tokens_with_a_capacity_that_pads", function, _TOKENS)
def _(torch, tokens):
    utils, _ = _experts(torch)
    chosen = torch.tensor([[1, 0], [0, 1], [1, 0], [0, 1], [0, 0], [0, 0]])
    return utils.permute(tokens, chosen, num_out_tokens=4, drop_and_pad=True)[::2]


_LOGITS = numbers((9, 12), 11)
for _name, _options in {
    "by_sigmoid": {"score_function": "sigmoid"},
    "by_sigmoid_of_one": {"score_function": "sigmoid", "topk": 1},
    "by_sigmoid_in_groups": {
        "score_function": "sigmoid",
        "num_groups": 4,
        "group_topk": 2,
        "scaling_factor": 2.5,
        "topk": 4,
    },
    "by_softmax_before": {"use_pre_softmax": True, "scaling_factor": 1.5},
    "by_softmax_before_in_groups": {"use_pre_softmax": True, "num_groups": 3, "group_topk": 1},
    "by_softmax_after": {},
    "with_a_capacity": {"score_function": "sigmoid", "capacity_factor": 1.0},
}.items():
    _case(
        f"router_{_name}",
        lambda torch, x, options=_options: _experts(torch)[0].topk_softmax_with_capacity(
            x, **{"topk": 2, **options}
        ),
        _LOGITS,
    )


@lambda function: _case("router_with_a_bias", function, _LOGITS)
def _(torch, logits):
    bias = torch.from_numpy(numbers(12, 12, -0.2, 0.2))
    return _experts(torch)[0].topk_softmax_with_capacity(
        logits, 3, score_function="sigmoid", expert_bias=bias
    )
