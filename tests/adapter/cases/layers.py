# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Layers that models of transformers are built of: what they draw, name, compute and save."""

import importlib

from cases.collection import Cases
from cases.samples import leaf, numbers

CASES = Cases()
case = CASES.case


def tolerance(name):
    """Sums over batches and windows add up in another order."""
    return {"torch.float32": (1e-4, 1e-5)}


def _x(torch, *shape, seed=0):
    return leaf(torch, numbers(shape, seed))


def _used(torch, layer, x, *more):
    """What there is to say of a layer: text, state, result and gradients."""
    y = layer(x, *more)
    weights = torch.from_numpy(numbers(tuple(y.shape), 9)).to(y.dtype)
    (y * weights).sum().backward()
    found = [repr(layer), dict(layer.state_dict()), y, x.grad]
    gradients = [p.grad for p in layer.parameters()]
    layer.zero_grad()
    x.grad = None
    return found + gradients


@case
def transposed_convolutions(torch):
    torch.manual_seed(3)
    nn = torch.nn
    return [
        _used(torch, nn.ConvTranspose1d(4, 6, 3, padding=1, groups=2), _x(torch, 2, 4, 7)),
        _used(
            torch,
            nn.ConvTranspose2d(4, 2, (2, 3), 2, output_padding=1, dilation=(1, 2), bias=False),
            _x(torch, 2, 4, 5, 4),
        ),
        _used(torch, nn.ConvTranspose3d(2, 2, 2, padding=(1, 0, 1)), _x(torch, 1, 2, 3, 3, 4)),
        _used(torch, nn.ConvTranspose2d(2, 3, 3, stride=2), _x(torch, 2, 4, 4)),
    ]


@case
def transposed_convolutions_to_a_size(torch):
    torch.manual_seed(3)
    layer = torch.nn.ConvTranspose2d(2, 3, 3, stride=3)
    x = _x(torch, 1, 2, 4, 4)
    return [_used(torch, layer, x, [12, 14]), layer(x, [1, 3, 13, 12])]


@case
def transposed_convolutions_to_an_impossible_size(torch):
    return torch.nn.ConvTranspose2d(2, 3, 3, stride=3)(_x(torch, 1, 2, 4, 4), [12, 15])


@case
def transposed_convolutions_with_other_borders(torch):
    return torch.nn.ConvTranspose1d(2, 3, 3, padding_mode="circular")


def _normalised(torch, layer, *shape):
    """In training twice, then in evaluation."""
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), (1.5, 0.25), strict=False):
            parameter.fill_(value)
    found = [_used(torch, layer, _x(torch, *shape, seed=seed)) for seed in (1, 2)]
    return [*found, _used(torch, layer.eval(), _x(torch, *shape, seed=3)), dict(layer.state_dict())]


@case
def batches_normalised(torch):
    nn = torch.nn
    return [
        _normalised(torch, nn.BatchNorm1d(4), 6, 4),
        _normalised(torch, nn.BatchNorm1d(4, eps=1e-3, momentum=0.3), 3, 4, 5),
        _normalised(torch, nn.BatchNorm2d(3), 2, 3, 4, 5),
        _normalised(torch, nn.BatchNorm3d(2), 2, 2, 3, 2, 2),
    ]


@case
def batches_normalised_otherwise(torch):
    nn = torch.nn
    return [
        _normalised(torch, nn.BatchNorm2d(3, affine=False), 2, 3, 4, 5),
        _normalised(torch, nn.BatchNorm2d(3, momentum=None), 2, 3, 4, 5),
        _normalised(torch, nn.BatchNorm2d(3, track_running_stats=False), 2, 3, 4, 5),
        _normalised(torch, nn.BatchNorm2d(3, bias=False), 2, 3, 4, 5),
    ]


@case
def batches_normalised_twice_differentiable(torch):
    layer, x = torch.nn.BatchNorm1d(3), _x(torch, 5, 3)
    (slope,) = torch.autograd.grad(layer(x).sin().sum(), x, create_graph=True)
    return slope, torch.autograd.grad(slope.pow(2).sum(), [x, layer.weight])


@case
def batches_of_half_types_normalised(torch):
    layer = torch.nn.BatchNorm1d(3, dtype=torch.bfloat16)
    x = torch.from_numpy(numbers((5, 3), 0)).to(torch.bfloat16)
    return layer(x), torch.nn.GroupNorm(1, 3, dtype=torch.bfloat16)(x)


@case
def a_batch_of_one_value(torch):
    return torch.nn.BatchNorm1d(3)(torch.ones(1, 3))


@case
def a_batch_of_another_rank(torch):
    return torch.nn.BatchNorm2d(3)(torch.ones(2, 3))


@case
def files_from_before_batches_were_counted(torch):
    layer = torch.nn.BatchNorm1d(3)
    state = layer.state_dict()
    del state["num_batches_tracked"]
    state._metadata[""]["version"] = 1
    layer.load_state_dict(state)
    state._metadata[""]["version"] = 2
    return layer.load_state_dict(state, strict=False).missing_keys


@case
def running_statistics_start_anew(torch):
    layer = torch.nn.BatchNorm1d(3)
    layer(torch.from_numpy(numbers((4, 3), 0)))
    layer.reset_parameters()
    return dict(layer.state_dict())


@case
def groups_of_channels_normalised(torch):
    nn = torch.nn
    return [
        _used(torch, nn.GroupNorm(2, 6), _x(torch, 2, 6, 3, 2)),
        _used(torch, nn.GroupNorm(3, 6, eps=1e-3, affine=False), _x(torch, 4, 6)),
        _used(torch, nn.GroupNorm(1, 6, bias=False), _x(torch, 2, 6, 3)),
    ]


@case
def groups_that_do_not_divide_the_channels(torch):
    return torch.nn.GroupNorm(4, 6)


def _attended(torch, layer, batch_first=False, **options):
    shapes = ((2, 3, 8), (2, 5, 8)) if batch_first else ((3, 2, 8), (5, 2, 8))
    query, key = (_x(torch, *shape, seed=i) for i, shape in enumerate(shapes))
    result, weights = layer(query, key, key, **options)
    (result * torch.from_numpy(numbers(tuple(result.shape), 9))).sum().backward()
    gradients = [query.grad, key.grad, *(p.grad for p in layer.parameters())]
    return [dict(layer.state_dict()), result, weights, gradients]


@case
def attention_of_several_heads(torch):
    torch.manual_seed(5)
    attention = torch.nn.MultiheadAttention
    return [
        _attended(torch, attention(8, 2)),
        _attended(torch, attention(8, 2, bias=False, batch_first=True), True),
        _attended(torch, attention(8, 4), need_weights=False),
        _attended(torch, attention(8, 4), average_attn_weights=False),
        _attended(torch, attention(8, 2, add_bias_kv=True, add_zero_attn=True)),
    ]


@case
def attention_with_masks(torch):
    torch.manual_seed(5)
    hidden = torch.tensor([[False, False, True, False, True], [False, True, False, False, False]])
    later = torch.ones(3, 5, dtype=torch.bool).triu(1)
    bias = torch.from_numpy(numbers((3, 5), 4))
    by_head = torch.from_numpy(numbers((4, 3, 5), 5))
    found = []
    for options in (
        {"key_padding_mask": hidden},
        {"attn_mask": later},
        {"attn_mask": bias, "key_padding_mask": hidden},
        {"attn_mask": by_head},
        {"attn_mask": later, "is_causal": True},
    ):
        for weighed in (True, False):
            layer = torch.nn.MultiheadAttention(8, 2, add_zero_attn="key_padding_mask" in options)
            found.append(_attended(torch, layer, need_weights=weighed, **options))
    return found


@case
def attention_to_something_wider(torch):
    torch.manual_seed(5)
    layer = torch.nn.MultiheadAttention(8, 2, kdim=4, vdim=6)
    query, key, value = _x(torch, 3, 8), _x(torch, 5, 4, seed=1), _x(torch, 5, 6, seed=2)
    return [dict(layer.state_dict()), *layer(query, key, value)]


@case
def attention_in_evaluation(torch):
    torch.manual_seed(5)
    layer = torch.nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True).eval()
    with torch.no_grad():
        x = torch.from_numpy(numbers((2, 3, 8), 0))
        return layer(x, x, x), layer(x, x, x, need_weights=False)


@case
def attention_with_a_hint_alone(torch):
    x = torch.ones(3, 2, 8)
    return torch.nn.MultiheadAttention(8, 2)(x, x, x, is_causal=True)


@case
def attention_with_a_mask_of_another_shape(torch):
    x = torch.ones(3, 2, 8)
    return torch.nn.MultiheadAttention(8, 2)(x, x, x, attn_mask=torch.ones(2, 3))


@case
def heads_that_do_not_divide_the_width(torch):
    return torch.nn.MultiheadAttention(8, 3)


@case
def losses(torch):
    nn = torch.nn
    x, y = _x(torch, 3, 4), torch.from_numpy(numbers((3, 4), 1, 0.1, 1.0))
    target = torch.tensor([0, 3, 1])
    weight = torch.tensor([1.0, 2.0, 0.5, 1.5])
    logs = torch.log_softmax(x, 1)
    return [
        nn.KLDivLoss(reduction="batchmean")(logs, y),
        nn.KLDivLoss(log_target=True)(logs, y.log()),
        nn.SmoothL1Loss(beta=0.3)(x, y),
        nn.SmoothL1Loss(reduce=False)(x, y),
        nn.HuberLoss("sum", 0.4)(x, y),
        nn.NLLLoss(weight, ignore_index=3)(logs, target),
        nn.CrossEntropyLoss(weight, label_smoothing=0.1, reduction="sum")(x, target),
        nn.MSELoss(size_average=False)(x, y),
        nn.L1Loss(reduction="none")(x, y),
        [repr(nn.MSELoss()), nn.CrossEntropyLoss(weight).state_dict(), nn.KLDivLoss().reduction],
    ]


@case
def pixels_as_channels(torch):
    nn, x = torch.nn, _x(torch, 2, 8, 3, 4)
    return [
        _used(torch, nn.PixelShuffle(2), x),
        _used(torch, nn.PixelUnshuffle(2), _x(torch, 2, 3, 4, 6)),
    ]


@case
def types_without_tensors_have_names(torch):
    return [
        [str(kind), kind.itemsize, kind.is_signed, kind.is_floating_point]
        for kind in (torch.uint16, torch.uint32, torch.uint64)
    ]


@case
def trees_by_a_known_spec(torch):
    pytree = torch.utils._pytree
    tree = {"a": [1, (2, 3)], "b": 4}
    _, spec = pytree.tree_flatten({"b": 0, "a": [0, (0, 0)]})
    return torch.fx._pytree.tree_flatten_spec(tree, spec), list(pytree._dict_flatten(tree))


@case
def what_is_asked_before_a_program_is_traced(torch):
    x = torch.ones(2)
    importlib.import_module(f"{torch.__name__}.distributed.fsdp")
    return [
        isinstance(x, torch.fx.Proxy),
        torch.compiler.is_exporting(),
        torch.backends.mps.is_available(),
        torch.backends.mps.is_built(),
        isinstance(torch.nn.Linear(1, 1), torch.distributed.fsdp.FullyShardedDataParallel),
    ]
