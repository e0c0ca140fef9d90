# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Modules, optimizers, schedules and what goes with them."""

import copy
import datetime

from cases.collection import Cases
from cases.samples import leaf, numbers

CASES = Cases()
case = CASES.case


def tolerance(name):
    """Training steps add up roundings."""
    if name.startswith("convolutions_"):
        return {"torch.float32": (1e-4, 1e-5)}
    return {"torch.float32": (1e-5, 2e-6)} if name.startswith("training_") else {}


def _net(torch):
    torch.manual_seed(7)
    nn = torch.nn
    return nn.Sequential(
        nn.Linear(4, 6), nn.LayerNorm(6), nn.SiLU(), nn.Dropout(0.0), nn.Linear(6, 3, bias=False)
    )


def _training(name, make, steps=12):
    def program(torch):
        net = _net(torch)
        optimizer = make(torch, net)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(1.0, (step + 1) / 4)
        )
        x = torch.from_numpy(numbers((8, 4), 1))
        target = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
        losses = []
        for _ in range(steps):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(x), target)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            optimizer.step()
            schedule.step()
            losses.append([loss.detach(), norm, schedule.get_last_lr()[0]])
        return losses, [p.detach() for p in net.parameters()]

    CASES[f"training_with_{name}"] = program


_training("adamw", lambda t, n: t.optim.AdamW(n.parameters(), lr=0.02, weight_decay=0.1))
_training(
    "adam", lambda t, n: t.optim.Adam(n.parameters(), lr=0.02, betas=(0.8, 0.95), weight_decay=0.1)
)
_training("sgd", lambda t, n: t.optim.SGD(n.parameters(), lr=0.1))
_training(
    "momentum", lambda t, n: t.optim.SGD(n.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
)
_training("nesterov", lambda t, n: t.optim.SGD(n.parameters(), lr=0.1, momentum=0.9, nesterov=True))
_training(
    "groups",
    lambda t, n: t.optim.AdamW(
        [
            {"params": [p for p in n.parameters() if p.ndim > 1], "weight_decay": 0.2},
            {"params": [p for p in n.parameters() if p.ndim == 1], "lr": 0.001},
        ],
        lr=0.02,
    ),
)


@case
def training_goes_on_from_saved_states(torch):
    def step(net, optimizer):
        optimizer.zero_grad()
        net(torch.from_numpy(numbers((8, 4), 1))).pow(2).mean().backward()
        optimizer.step()

    net = _net(torch)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.02)
    for _ in range(3):
        step(net, optimizer)
    weights, state = copy.deepcopy(net.state_dict()), copy.deepcopy(optimizer.state_dict())
    step(net, optimizer)
    other = _net(torch)
    resumed = torch.optim.AdamW(other.parameters(), lr=0.5)
    other.load_state_dict(weights)
    resumed.load_state_dict(state)
    step(other, resumed)
    same = [bool((a == b).all()) for a, b in zip(net.parameters(), other.parameters(), strict=True)]
    return (
        same,
        list(state["state"][0]),
        state["param_groups"][0]["params"],
        [p.detach() for p in net.parameters()],
    )


@case
def names_and_structure(torch):
    net = _net(torch)
    net.register_buffer("scale", torch.ones(2))
    net.register_buffer("scratch", torch.ones(2), persistent=False)
    return (
        list(net.state_dict()),
        [n for n, _ in net.named_parameters()],
        [n for n, _ in net.named_modules()],
        [n for n, _ in net.named_buffers()],
        [n for n, _ in net.named_children()],
        len(net),
        net[1].weight,
        repr(net),
        sum(p.numel() for p in net.parameters()),
    )


@case
def shared_parameters_are_listed_once(torch):
    net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
    net[1].weight = net[0].weight
    return [n for n, _ in net.named_parameters()], list(net.state_dict())


@case
def strict_loading_names_what_does_not_match(torch):
    net = _net(torch)
    state = net.state_dict()
    state["extra"] = torch.ones(1)
    del state["0.bias"]
    result = net.load_state_dict(state, strict=False)
    return result.missing_keys, result.unexpected_keys


@case
def strict_loading_fails(torch):
    _net(torch).load_state_dict({})


@case
def loading_another_shape_fails(torch):
    state = _net(torch).state_dict()
    state["0.weight"] = torch.ones(2, 2)
    _net(torch).load_state_dict(state)


@case
def state_dicts_share_memory(torch):
    net = _net(torch)
    net.state_dict()["0.bias"].fill_(3)
    return net[0].bias


@case
def modes_hooks_and_apply(torch):
    net = _net(torch)
    seen = []
    net[0].register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    net[0].register_forward_hook(lambda m, args, out: seen.append(list(out.shape)))
    handle = net.register_forward_hook(lambda m, args, out: out + 1)
    first = net(torch.ones(2, 4))
    handle.remove()
    second = net(torch.ones(2, 4))
    net.eval()
    kinds = []
    net.apply(lambda m: kinds.append(type(m).__name__))
    return first, second, seen, net.training, net[3].training, kinds


@case
def backward_hooks_of_modules(torch):
    net = torch.nn.Linear(3, 2)
    with torch.no_grad():
        net.weight.fill_(0.5)
    seen = []
    net.register_full_backward_hook(lambda m, gi, go: seen.append((gi[0], go[0])))
    x = leaf(torch, numbers((2, 3), 0))
    net(x).pow(2).sum().backward()
    return seen, x.grad


@case
def converted_modules(torch):
    net = _net(torch).double()
    net.register_buffer("count", torch.ones(2, dtype=torch.int64))
    first = [str(p.dtype) for p in net.parameters()]
    net.to(torch.bfloat16)
    return (
        first,
        [str(p.dtype) for p in net.parameters()],
        str(net.count.dtype),
        net[0].weight.requires_grad,
    )


@case
def attributes(torch):
    module = torch.nn.Module()
    module.weight = torch.nn.Parameter(torch.ones(2))
    module.child = torch.nn.Linear(2, 2)
    module.plain = torch.ones(2)
    module.nothing = None
    del module.plain
    module.register_parameter("absent", None)
    return (
        list(module._parameters),
        list(module._modules),
        hasattr(module, "plain"),
        module.absent,
        hasattr(module, "x"),
    )


@case
def a_tensor_is_no_parameter(torch):
    module = torch.nn.Linear(2, 2)
    module.weight = torch.ones(2, 2)


@case
def containers(torch):
    nn = torch.nn
    items = nn.ModuleList([nn.Linear(2, 2), nn.SiLU()])
    items.append(nn.Linear(2, 3))
    items.insert(0, nn.Identity())
    table = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ReLU()})
    return (
        [type(m).__name__ for m in items],
        len(items),
        type(items[-1]).__name__,
        list(table),
        "a" in table,
        repr(items),
    )


@case
def deleting_from_lists_and_sequences_numbers_the_rest_anew(torch):
    nn = torch.nn

    def five():
        return [nn.Linear(1, 1), nn.ReLU(), nn.SiLU(), nn.Identity(), nn.Sigmoid()]

    left = []
    for holder in (nn.Sequential(*five()), nn.ModuleList(five())):
        del holder[-2]
        del holder[0:2]
        left.append([(name, type(m).__name__) for name, m in holder.named_children()])
    return left


@case
def copies_of_modules_are_independent(torch):
    net = _net(torch)
    twin = copy.deepcopy(net)
    with torch.no_grad():
        twin[0].weight.zero_()
    return (
        net[0].weight,
        twin[0].weight,
        isinstance(twin[0].weight, torch.nn.Parameter),
        twin[0].weight.requires_grad,
    )


@case
def losses_and_norms_as_modules(torch):
    x = leaf(torch, numbers((4, 5), 0))
    loss = torch.nn.CrossEntropyLoss(ignore_index=1)(x, torch.tensor([0, 1, 2, 3]))
    loss.backward()
    norm = torch.nn.RMSNorm(5, eps=1e-6)
    return (
        loss,
        x.grad,
        norm(x),
        torch.nn.Softmax(dim=-1)(x),
        torch.nn.GELU()(x),
        torch.nn.MSELoss()(x, x * 0),
    )


@case
def dropout_follows_the_mode(torch):
    torch.manual_seed(3)
    layer = torch.nn.Dropout(0.5)
    training = layer(torch.ones(20))
    layer.eval()
    return training, layer(torch.ones(20))


@case
def clipping_by_value_and_norm(torch):
    x = leaf(torch, numbers((4,), 0))
    x.grad = torch.tensor([3.0, -4.0, 0.0, 0.0])
    norm = torch.nn.utils.clip_grad_norm_([x], 1.0)
    clipped = x.grad.clone()
    torch.nn.utils.clip_grad_value_([x], 0.5)
    return norm, clipped, x.grad


@case
def a_world_of_one_process(torch):
    dist = torch.distributed
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        x = torch.ones(3)
        dist.all_reduce(x)
        parts = [torch.zeros(3)]
        dist.all_gather(parts, x * 2)
        out = torch.zeros(3)
        dist.all_gather_into_tensor(out, x * 3)
        dist.broadcast(x, 0)
        dist.barrier()
        objects = [None]
        dist.all_gather_object(objects, {"a": 1})
        group = dist.new_group([0])
        work = dist.all_reduce(x, async_op=True)
        work.wait()
        return (
            x,
            parts,
            out,
            objects,
            dist.get_rank(),
            dist.get_world_size(group),
            dist.get_rank(group),
            dist.is_initialized(),
            dist.get_process_group_ranks(group),
            dist.group.WORLD is not None,
        )
    finally:
        dist.destroy_process_group()


@case
def stores_within_a_store(torch):
    PrefixStore = torch._C._distributed_c10d.PrefixStore
    whole = torch.distributed.HashStore()
    whole.set_timeout(datetime.timedelta(seconds=5))
    part = PrefixStore("one", whole)
    other = torch.distributed.PrefixStore("two", PrefixStore("more", whole))
    part.set("key", "value")
    other.set("key", b"another")
    counted = [part.add("count", 3), part.add("count", 2)]
    keys = [whole.get("one/key"), other.get("key"), whole.check(["more/two/key"])]
    gone = part.delete_key("key"), part.check(["key"])
    return counted, keys, gone, part.num_keys(), str(whole.timeout)


@case
def meeting_nowhere(torch):
    next(torch.distributed.rendezvous("pigeon://loft", 0, 1))


@case
def nothing_without_a_world(torch):
    return torch.distributed.is_initialized(), torch.distributed.get_world_size()


@case
def trees(torch):
    pytree = torch.utils._pytree
    tree = {"a": [1, (2, 3)], "b": None}
    leaves, spec = pytree.tree_flatten(tree)
    return (
        leaves,
        pytree.tree_unflatten([x and x * 10 for x in leaves], spec),
        pytree.tree_map(str, tree),
    )


@case
def flattened_tensors(torch):
    tensors = [torch.ones(2, 3), torch.arange(4.0)]
    flat = torch._utils._flatten_dense_tensors(tensors)
    return flat, list(torch._utils._unflatten_dense_tensors(flat, tensors))


@case
def without_cuda(torch):
    return (
        torch.cuda.is_available(),
        torch.cuda.device_count(),
        str(torch.device("cuda", 1)),
        torch.device("cpu") == torch.device("cpu"),
    )


@case
def convolutions_draw_and_compute_the_same(torch):
    torch.manual_seed(3)
    nn = torch.nn
    layers = [
        nn.Conv1d(4, 6, 3, padding=1, groups=2),
        nn.Conv2d(4, 2, (2, 3), stride=2, dilation=(1, 2), bias=False),
        nn.Conv2d(4, 4, 3, padding="same", padding_mode="circular"),
        nn.Conv3d(4, 2, 2, padding=(1, 0, 1)),
    ]
    found = []
    for layer in layers:
        x = leaf(torch, numbers((2, 4, *(7,) * (layer.weight.dim() - 2)), 1))
        y = layer(x)
        y.sin().sum().backward()
        found += [y.detach(), x.grad, [p.grad for p in layer.parameters()], repr(layer)]
    return found


@case
def activations_and_losses_as_modules(torch):
    nn, found = torch.nn, []
    x, y = leaf(torch, numbers((3, 4), 0, -8, 8)), torch.from_numpy(numbers((3, 4), 1, 0.0, 1.0))
    for layer in (
        nn.LeakyReLU(0.2),
        nn.Hardtanh(-2, 3),
        nn.ReLU6(),
        nn.Mish(),
        nn.PReLU(),
        nn.PReLU(4, 0.1),
    ):
        result = layer(x)
        parameters = list(layer.parameters())
        found += [result, torch.autograd.grad(result.sum(), [x, *parameters]), repr(layer)]
    losses = (nn.L1Loss(), nn.BCEWithLogitsLoss(), nn.BCEWithLogitsLoss(pos_weight=y[0] + 1))
    found += [loss(x, y) for loss in losses]
    return [*found, nn.BCELoss(reduction="sum")(torch.sigmoid(x), y)]


@case
def losses_reduced_by_the_older_arguments(torch):
    functional, found = torch.nn.functional, []
    x, y = torch.from_numpy(numbers((3, 4), 0)), torch.from_numpy(numbers((3, 4), 1))
    target = torch.tensor([0, 3, 1])
    for older in ({"size_average": False}, {"reduce": False}, {"size_average": True}):
        found += [
            functional.mse_loss(x, y, **older),
            functional.l1_loss(x, y, **older),
            functional.smooth_l1_loss(x, y, **older),
            functional.cross_entropy(x, target, **older),
            functional.nll_loss(x, target, **older),
            functional.kl_div(x, y.abs(), **older),
            functional.binary_cross_entropy_with_logits(x, y, **older),
        ]
    return found


def _fused_steps(name, maximize=False):
    def program(torch):
        shapes = ((3, 4), (5,))
        params = [torch.from_numpy(numbers(shape, i)) for i, shape in enumerate(shapes)]
        averages, squares = ([torch.zeros(shape) for shape in shapes] for _ in range(2))
        steps = [torch.tensor(0.0), torch.tensor(2.0)]
        for seed in (10, 20):
            grads = [torch.from_numpy(numbers(shape, seed + i)) for i, shape in enumerate(shapes)]
            for step in steps:
                step += 1
            getattr(torch, name)(
                params,
                grads,
                averages,
                squares,
                [],
                steps,
                lr=0.02,
                beta1=0.9,
                beta2=0.99,
                weight_decay=0.1,
                eps=1e-8,
                amsgrad=False,
                maximize=maximize,
            )
        return params, averages, squares

    CASES[f"steps_by{name}{'climbing' if maximize else ''}"] = program


_fused_steps("_fused_adamw_")
_fused_steps("_fused_adamw_", maximize=True)
_fused_steps("_fused_adam_")


@case
def optimizers_by_their_modules(torch):
    from importlib import import_module

    return import_module(f"{torch.__name__}.optim.adamw").AdamW is torch.optim.AdamW
