# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that call torch_npu: mstorch's has operators of msops, and PyTorch the documented
formulas.
"""

import importlib

import numpy

from cases.ascend_formulas import Formulas
from cases.samples import numbers, with_gradients

CASES = {}


def tolerance(name):
    """Roundings of a few sums and exponentials; half types are rounded once here, and more often
    there, their gradients too, which arrive as float32.
    """
    half = name.endswith("float16")
    return {
        "torch.float32": (2e-2, 2e-2) if half else (2e-5, 2e-6),
        "torch.bfloat16": (2e-2, 2e-2),
        "torch.float16": (4e-3, 2e-3),
    }


def functions(torch):
    """torch_npu, or its formulas."""
    if torch.__name__ == "mstorch":
        return importlib.import_module("mstorch.interop.torch_npu")
    return Formulas(torch)


def _case(name, function, *arrays):
    """A program `function(torch, npu, *tensors)`; its results and gradients."""

    def program(torch):
        npu = functions(torch)
        return with_gradients(torch, lambda _, *inputs: function(torch, npu, *inputs), *arrays)

    CASES[name] = program


_X = numbers((3, 5, 8), 1)
_ROWS, _WIDE = numbers((6, 8), 2), numbers((4, 6, 10), 3)

_case("rms_norm", lambda t, n, x, w: n.npu_rms_norm(x, w), _X, numbers(8, 4))
_case("rms_norm_of_two_dims", lambda t, n, x, w: n.npu_rms_norm(x, w, 1e-3), _X, numbers((5, 8), 4))
_case(
    "rms_norm_in_bfloat16",
    lambda t, n, x, w: n.npu_rms_norm(x.bfloat16(), w.bfloat16())[0],
    _X,
    numbers(8, 4),
)
_case(
    "add_rms_norm",
    lambda t, n, x, y, w: n.npu_add_rms_norm(x, y, w, epsilon=1e-5),
    *(_X, numbers((3, 5, 8), 5), numbers(8, 6)),
)
_case("swiglu", lambda t, n, x: n.npu_swiglu(x), _X)
_case("swiglu_of_a_view", lambda t, n, x: n.npu_swiglu(x[:, 1:, 2:]), _X)
_case("swiglu_of_an_inner_dim", lambda t, n, x: n.npu_swiglu(x, 1), _WIDE)
_case("swiglu_in_float16", lambda t, n, x: n.npu_swiglu(x.half()), _X)
_case(
    "swiglu_backward",
    lambda t, n, g, x: n.npu_swiglu_backward(g.detach(), x.detach(), dim=-1),
    *(numbers((3, 5, 4), 7), _X),
)
_case("fast_gelu", lambda t, n, x: [n.npu_fast_gelu(x), n.fast_gelu(x * 3)], _X)


def _tables(*shape):
    return numbers(shape, 8, -1, 1), numbers(shape, 9, -1, 1)


_QUERY = numbers((2, 3, 5, 8), 10)
for _mode in ("half", "interleave"):
    _case(
        f"rotary_mul_{_mode}",
        lambda t, n, x, c, s, mode=_mode: n.npu_rotary_mul(x, c, s, mode),
        *(_QUERY, *_tables(1, 1, 5, 8)),
    )
for _mode in (0, 1):
    _case(
        f"rotary_position_embedding_{_mode}",
        lambda t, n, x, c, s, mode=_mode: n.npu_rotary_position_embedding(x, c, s, mode),
        *(_QUERY, *_tables(2, 1, 5, 8)),
    )
_case(
    "rotary_mul_of_a_part_of_each_row",
    lambda t, n, x, c, s: n.npu_rotary_mul(x[..., 2:], c, s),
    *(_QUERY, *_tables(1, 1, 5, 6)),
)


@lambda function: _case("rotary_mul_by_a_matrix", function, _QUERY, *_tables(1, 1, 5, 8))
def _(torch, npu, x, r1, r2):
    rotate = torch.eye(8).roll(3, 0)
    return npu.npu_rotary_mul(x, r1, r2, "half", rotate)


_TARGETS = numpy.array([0, 3, 7, 2, 2, 5])
for _name, _options in {
    "": {},
    "_summed": {"reduction": "sum"},
    "_of_each_row": {"reduction": "none", "label_smoothing": 0.1},
    "_without_a_class": {"ignore_index": 2},
}.items():
    _case(
        f"cross_entropy_loss{_name}",
        lambda t, n, x, y, options=_options: n.npu_cross_entropy_loss(x, y, **options),
        *(_ROWS, _TARGETS),
    )


def _adam(name, **options):
    def program(torch):
        npu = functions(torch)
        grads = [torch.from_numpy(numbers((3, 4), seed)) for seed in range(3)]
        var = torch.from_numpy(numbers((3, 4), 11))
        average, squares = torch.zeros(3, 4), torch.zeros(3, 4)
        seen = []
        for step, grad in enumerate(grads):
            npu.npu_apply_adam_w(
                0.9**step,
                0.999**step,
                0.02,
                0.1,
                0.9,
                0.999,
                1e-8,
                grad,
                None,
                False,
                options.get("maximize", False),
                out=(var, average, squares),
            )
            seen.append([var.clone(), average.clone(), squares.clone()])
        return seen

    CASES[name] = program


_adam("adam_w")
_adam("adam_w_that_climbs", maximize=True)

# --- experts

_MATRICES = numbers((3, 8, 5), 12)
_case(
    "grouped_matmul_of_one",
    lambda t, n, x, w: n.npu_grouped_matmul([x], [w], group_list=[2, 2, 6], split_item=3),
    *(_ROWS, _MATRICES),
)
_case(
    "grouped_matmul_by_counts_with_bias",
    lambda t, n, x, w, b: n.npu_grouped_matmul(
        [x],
        [w],
        bias=[b],
        group_list=t.tensor([1, 0, 5]),
        split_item=2,
        group_type=0,
        group_list_type=1,
    ),
    *(_ROWS, _MATRICES, numbers((3, 5), 13)),
)
_case(
    "grouped_matmul_of_lists",
    lambda t, n, x, y, w: n.npu_grouped_matmul([x, y[0]], [w[0], w[1][:, :3]], group_type=-1),
    *(_ROWS, _X, _MATRICES),
)
_case(
    "grouped_matmul_of_one_with_a_list",
    lambda t, n, x, w: n.npu_grouped_matmul([x], list(w), group_list=[1, 4, 6]),
    *(_ROWS, _MATRICES),
)

_LOGITS, _BIAS = numbers((7, 12), 14), numbers(12, 15, -0.2, 0.2)
for _name, _options in {
    "by_softmax": {"out_flag": True},
    "by_sigmoid": {"norm_type": 1, "routed_scaling_factor": 2.5},
    "by_groups_and_their_largest": {"k_group": 2, "group_count": 4},
    "by_groups_and_their_two_largest": {
        "norm_type": 1,
        "k_group": 2,
        "group_count": 4,
        "group_select_mode": 1,
        "out_flag": True,
    },
}.items():
    _case(
        f"gating_{_name}",
        lambda t, n, x, options=_options: n.npu_moe_gating_top_k(x, 3, **options),
        _LOGITS,
    )
_case(
    "gating_with_a_bias",
    lambda t, n, x, b: n.npu_moe_gating_top_k(x, 3, bias=b.detach(), norm_type=1)[:2],
    *(_LOGITS, _BIAS),
)
_case("gating_softmax", lambda t, n, x: n.npu_moe_gating_top_k_softmax(x, None, 2), _LOGITS)
_case(
    "gating_softmax_of_a_batch",
    lambda t, n, x: n.npu_moe_gating_top_k_softmax(x, k=2),
    numbers((2, 3, 6), 16),
)

_CHOICES = numpy.array([[0, 2], [1, 0], [2, 1], [0, 1], [1, 2], [2, 0]])
_PROBS = numbers((6, 2), 17, 0, 1)


@lambda function: _case("tokens_there_and_back", function, _ROWS, _PROBS)
def _(torch, npu, tokens, probs):
    rows, places = npu.npu_moe_token_permute(tokens, torch.from_numpy(_CHOICES))
    return rows, places, npu.npu_moe_token_unpermute(rows * 2, places, probs)


@lambda function: _case("tokens_with_one_choice", function, _ROWS)
def _(torch, npu, tokens):
    rows, places = npu.npu_moe_token_permute(tokens, torch.from_numpy(_CHOICES[:, 0].copy()))
    return rows, places, npu.npu_moe_token_unpermute(rows, places)


@lambda function: _case("tokens_of_which_the_last_are_dropped", function, _ROWS, _PROBS)
def _(torch, npu, tokens, probs):
    rows, places = npu.npu_moe_token_permute(tokens, torch.from_numpy(_CHOICES), 9)
    return rows, places, npu.npu_moe_token_unpermute(rows, places, probs)


@lambda function: _case("tokens_by_a_map", function, _ROWS, numbers((6, 3), 18, 0, 1))
def _(torch, npu, tokens, probs):
    chosen = torch.zeros(6, 3, dtype=torch.int8)
    chosen.scatter_(1, torch.from_numpy(_CHOICES), torch.ones(6, 2, dtype=torch.int8))
    rows, weights, places = npu.npu_moe_token_permute_with_routing_map(
        tokens, chosen, probs=probs, num_out_tokens=12
    )
    back = npu.npu_moe_token_unpermute_with_routing_map(
        rows * 3, places, [6, 8], probs=probs, routing_map=chosen
    )
    plain = npu.npu_moe_token_unpermute_with_routing_map(rows, places, [6, 8])
    return rows, weights, places, back, plain


# --- attention

_HEADS, _SCALE = 4, 0.3
_Q, _K, _V = numbers((2, 4, 6, 8), 20), numbers((2, 2, 9, 8), 21), numbers((2, 2, 9, 5), 22)
_LAYOUTS = {
    "BNSD": lambda x: x,
    "BSND": lambda x: x.transpose(1, 2),
    "BSH": lambda x: x.transpose(1, 2).flatten(2),
    "SBH": lambda x: x.permute(2, 0, 1, 3).flatten(2),
}


def _results(answers):
    """What is compared: not what dropout drew."""
    return list(answers[:4])


def _triangle(torch):
    return torch.ones(2048, 2048, dtype=torch.bool).triu(1)


for _layout, _laid in _LAYOUTS.items():
    _case(
        f"attention_{_layout}",
        lambda t, n, q, k, v, layout=_layout, laid=_laid: _results(
            n.npu_fusion_attention(laid(q), laid(k), laid(v), _HEADS, layout, scale=_SCALE)
        ),
        *(_Q, _K, _V),
    )
for _name, _options in {
    "causal": {"sparse_mode": 2},
    "causal_to_the_last_key": {"sparse_mode": 3},
    "in_a_window": {"sparse_mode": 4, "pre_tockens": 2, "next_tockens": 1},
}.items():
    _case(
        f"attention_{_name}",
        lambda t, n, q, k, v, options=_options: _results(
            n.npu_fusion_attention(
                q, k, v, _HEADS, "BNSD", scale=_SCALE, atten_mask=_triangle(t), **options
            )
        ),
        *(_Q, _K, _V),
    )
_MASK = numbers((2, 1, 6, 9), 23) > 0.8
_SHIFT = numbers((2, 4, 6, 9), 24)


@lambda function: _case("attention_with_any_mask", function, _Q, _K, _V)
def _(torch, npu, q, k, v):
    mask = torch.from_numpy(_MASK)
    one = npu.npu_fusion_attention(q, k, v, _HEADS, "BNSD", atten_mask=mask, sparse_mode=1)
    two = npu.npu_fusion_attention(
        q, k, v, _HEADS, "BNSD", atten_mask=mask[0, 0].to(torch.uint8), scale=_SCALE
    )
    return _results(one) + _results(two)


@lambda function: _case("attention_with_a_mask_in_a_window", function, _Q, _K, _V)
def _(torch, npu, q, k, v):
    place = torch.arange(9) - torch.arange(6).unsqueeze(1)
    mask = (place > 1) | (place < -2)
    options = {"pre_tockens": 2, "next_tockens": 1, "atten_mask": mask, "scale": _SCALE}
    return _results(npu.npu_fusion_attention(q, k, v, _HEADS, "BNSD", **options))


@lambda function: _case("attention_without_a_mask_sees_all", function, _Q, _K, _V)
def _(torch, npu, q, k, v):
    options = {"sparse_mode": 3, "pre_tockens": 1, "next_tockens": 0, "scale": _SCALE}
    return _results(npu.npu_fusion_attention(q, k, v, _HEADS, "BNSD", **options))


@lambda function: _case("attention_with_shifts", function, _Q, _K, _V)
def _(torch, npu, q, k, v):
    shift, mask = torch.from_numpy(_SHIFT), torch.from_numpy(_MASK)
    plain = npu.npu_fusion_attention(q, k, v, _HEADS, "BNSD", pse=shift, scale=_SCALE)
    row = npu.npu_fusion_attention(q, k, v, _HEADS, "BNSD", pse=shift[:1, :, :1], scale=_SCALE)
    options = {"pse": shift, "atten_mask": mask, "sparse_mode": 1, "scale": _SCALE}
    both = npu.npu_fusion_attention(q, k, v, _HEADS, "BNSD", **options)
    later = npu.npu_fusion_attention_v2(q, k, v, _HEADS, "BNSD", **options, pse_type=0)
    return _results(plain) + _results(row) + _results(both) + _results(later)


@lambda function: _case("attention_with_a_prefix", function, _Q, _K, _V)
def _(torch, npu, q, k, v):
    mask = torch.zeros(3072, 2048, dtype=torch.bool)
    options = {"prefix": [4, 6], "scale": _SCALE}
    short = npu.npu_fusion_attention(
        q, k, v, _HEADS, "BNSD", atten_mask=mask, sparse_mode=6, **options
    )
    place = torch.arange(9) - torch.arange(6).unsqueeze(1) - 3
    first = torch.arange(9) < torch.tensor([4, 6]).reshape(2, 1, 1, 1)
    whole = npu.npu_fusion_attention(
        q, k, v, _HEADS, "BNSD", atten_mask=~((place <= 0) | first), sparse_mode=5, **options
    )
    return _results(short) + _results(whole)


_PACKED = numbers((10, 4, 8), 25), numbers((12, 2, 8), 26), numbers((12, 2, 5), 27)
_ENDS = {"actual_seq_qlen": [3, 4, 10], "actual_seq_kvlen": [4, 6, 12], "scale": _SCALE}
for _name, _options in {
    "": {},
    "_causal_to_the_last_key": {"sparse_mode": 3},
    "_with_sums_by_token": {"softmax_layout": "TND"},
}.items():
    _case(
        f"attention_packed{_name}",
        lambda t, n, q, k, v, options=_options: _results(
            n.npu_fusion_attention(
                q,
                k,
                v,
                _HEADS,
                "TND",
                atten_mask=_triangle(t) if "sparse_mode" in options else None,
                **_ENDS,
                **options,
            )
        ),
        *_PACKED,
    )
_case(
    "attention_in_bfloat16",
    lambda t, n, q, k, v: n.npu_fusion_attention(
        q.bfloat16(), k.bfloat16(), v.bfloat16(), _HEADS, "BNSD", scale=_SCALE
    )[0],
    *(_Q, _K, _V),
)


@lambda function: _case("attention_merged", function, _Q, _K, _V)
def _(torch, npu, q, k, v):
    laid = _LAYOUTS["SBH"]
    halves = [
        npu.npu_fusion_attention(
            laid(q), laid(k[:, :, part]), laid(v[:, :, part]), _HEADS, "SBH", scale=_SCALE
        )
        for part in (slice(4), slice(4, None))
    ]
    with torch.no_grad():
        return npu.npu_ring_attention_update(*(t.detach() for half in halves for t in half[:3]))


@lambda function: _case("attention_merged_packed", function, *_PACKED)
def _(torch, npu, q, k, v):
    parts = []
    for places, ends in (([0, 1, 4, 6, 7], [2, 3, 5]), ([2, 3, 5, 8, 9, 10, 11], [2, 3, 7])):
        parts.append(
            npu.npu_fusion_attention(
                q.detach(),
                k.detach()[places],
                v.detach()[places],
                _HEADS,
                "TND",
                actual_seq_qlen=[3, 4, 10],
                actual_seq_kvlen=ends,
                scale=_SCALE,
            )
        )
    return npu.npu_ring_attention_update(
        *(t.detach() for part in parts for t in part[:3]),
        actual_seq_qlen=torch.tensor([0, 3, 4, 10]),
        input_layout="TND",
    )
