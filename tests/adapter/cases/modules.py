# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Containers, hooks, loading and moving of modules, error messages included."""

import collections
import copy
import pickle

from cases.collection import Cases

CASES = Cases()
case = CASES.case


def tolerance(name):
    return {}


def _net(torch):
    nn = torch.nn
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    for i, parameter in enumerate(net.parameters()):
        parameter.data.fill_(i + 1.0)
    return net


def _message(load):
    """What an error says: code compares with it."""
    try:
        load()
    except Exception as error:
        return type(error).__name__, str(error)


@case
def what_strict_loading_says(torch):
    net = _net(torch)
    wrong = net.state_dict()
    wrong["other"] = torch.ones(1)
    wrong["2.weight"] = torch.ones(5)
    del wrong["0.weight"]
    number = {**net.state_dict(), "0.bias": 3}
    return (
        _message(lambda: net.load_state_dict(wrong)),
        _message(lambda: net.load_state_dict({"a": torch.ones(1), "b": torch.ones(2)})),
        _message(lambda: net.load_state_dict(number)),
        _message(lambda: net.load_state_dict({**wrong, "2.weight": wrong["0.bias"]}, assign=True)),
        _message(lambda: net.load_state_dict([1])),
        str(net.load_state_dict({"a": torch.ones(1)}, strict=False)),
        str(net.load_state_dict(net.state_dict())),
    )


@case
def what_asking_for_parts_says(torch):
    net = _net(torch)
    return [
        _message(ask)
        for ask in (
            lambda: net.get_submodule("0.x"),
            lambda: net.get_parameter("1.running_mean"),
            lambda: net.get_parameter("0.x"),
            lambda: net.get_buffer("0.weight"),
            lambda: net.x,
            lambda: net.to(torch.int32),
            lambda: net.register_buffer("a.b", None),
            lambda: setattr(net[0], "weight", 3),
        )
    ]


@case
def loading_by_assigning(torch):
    net = _net(torch)
    given = {k: v.double() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    net.load_state_dict(given, assign=True)
    weight = net[0].weight
    return weight, type(weight).__name__, weight.data_ptr() == given["0.weight"].data_ptr()


@case
def hooks_of_states(torch):
    seen = []
    net = _net(torch)
    net[0].register_state_dict_pre_hook(lambda m, prefix, keep: seen.append((prefix, keep)))

    def after(module, state, prefix, metadata):
        seen.append((prefix, sorted(metadata)))
        state["extra"] = torch.ones(1)

    def before_loading(module, state, prefix, metadata, strict, *lists):
        seen.append((prefix, strict))
        state.pop("extra", None)

    net[0].register_state_dict_post_hook(after)
    net.register_load_state_dict_pre_hook(before_loading)
    net.register_load_state_dict_post_hook(lambda m, keys: seen.append(list(keys.missing_keys)))
    state = net.state_dict()
    return list(state), str(net.load_state_dict(state)), seen


@case
def a_hook_of_states_that_returns_something(torch):
    net = _net(torch)
    net.register_state_dict_post_hook(lambda *args: {})
    net.state_dict()


@case
def hooks_of_all_modules(torch):
    seen = []
    module = torch.nn.modules.module
    names = {
        "forward_pre_hook": lambda m, i: seen.append("before"),
        "forward_hook": lambda m, i, o: seen.append("after"),
        "full_backward_hook": lambda m, i, o: seen.append("backward"),
        "full_backward_pre_hook": lambda m, o: seen.append("before backward"),
        "parameter_registration_hook": lambda m, name, p: seen.append(name),
        "buffer_registration_hook": lambda m, name, b: seen.append(name),
        "module_registration_hook": lambda m, name, child: seen.append(name),
    }
    handles = [getattr(module, f"register_module_{n}")(hook) for n, hook in names.items()]
    try:
        outer = torch.nn.Module()
        outer.layer = torch.nn.Linear(1, 1)
        outer.register_buffer("buffer", torch.ones(1))
        outer.layer(torch.ones(1, 1, requires_grad=True)).sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    torch.nn.Linear(1, 1)(torch.ones(1, 1))
    return seen


@case
def a_registration_hook_replaces_what_is_registered(torch):
    module = torch.nn.modules.module
    register = module.register_module_parameter_registration_hook
    with register(lambda m, name, p: torch.nn.Parameter(p.data * 0)):
        holder = torch.nn.Module()
        holder.weight = torch.nn.Parameter(torch.ones(2))
    return holder.weight, [type(p).__name__ for p in holder.parameters()]


@case
def hooks_called_where_forward_fails(torch):
    seen = []

    class Failing(torch.nn.Module):
        def forward(self, x):
            raise RuntimeError("it fails")

    failing, working = Failing(), torch.nn.Identity()
    for net in (failing, working):
        net.register_forward_hook(lambda *a: seen.append(a[-1] is None), always_call=True)
        net.register_forward_hook(lambda *a: seen.append("not always"))
    return _message(lambda: failing(1)), working(1), seen


@case
def backward_hooks_change_gradients(torch):
    seen = []
    layer = torch.nn.Linear(2, 1)
    layer.weight.data.fill_(2.0)
    layer.register_full_backward_hook(lambda m, i, o: seen.append((i, o)) or (i[0] * 10,))
    layer.register_full_backward_pre_hook(lambda m, o: (o[0] * 3,))
    x = torch.ones(1, 2, requires_grad=True)
    layer(x).sum().backward()
    return seen, x.grad, layer.weight.grad


@case
def changing_the_result_of_a_module_with_a_backward_hook(torch):
    layer = torch.nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda m, i, o: None)
    layer(torch.ones(1, 2, requires_grad=True)).add_(1)


@case
def parameters_in_lists(torch):
    nn = torch.nn
    several = nn.ParameterList([torch.ones(2), nn.Parameter(torch.zeros(1)), 5])
    several.append(torch.ones(3))
    several.extend([torch.ones(1)])
    several += [torch.ones(2, 3)]
    several[0] = torch.zeros(1)
    copies = copy.deepcopy(several), pickle.loads(pickle.dumps(several))
    return (
        repr(several),
        list(several.state_dict()),
        len(several[1:3]),
        several[-1],
        [name for name in dir(several) if name.isdigit()],
        [len(one) for one in copies],
        _message(lambda: several[9]),
        _message(several),
        _message(lambda: nn.ParameterList(3)),
    )


@case
def parameters_in_dictionaries(torch):
    nn = torch.nn
    several = nn.ParameterDict({"a": torch.ones(2), "b": nn.Parameter(torch.zeros(1))})
    several["c"] = torch.ones(1)
    several.update({"d": torch.ones(1), "number": 5})
    seen = [
        several.pop("a"),
        list(several.keys()),
        "b" in several,
        repr(several),
        list(several.state_dict()),
        list(several.copy().keys()),
        list(reversed(several)),
        several.get("none", 3),
        several.setdefault("new", torch.ones(1)),
        list((several | {"e": torch.ones(1)}).keys()),
        list(({"e": torch.ones(1)} | several).keys()),
        several.popitem()[0],
        list(several.fromkeys(["u", "v"], 1).items()),
    ]
    several |= {"m": 2}
    several.clear()
    return seen, len(several), _message(lambda: several["a"])[0]


@case
def modules_in_lists(torch):
    nn = torch.nn
    several = nn.ModuleList([nn.Identity()])
    several.insert(0, nn.ReLU())
    several.append(nn.Tanh())
    several.extend([nn.Sigmoid()])
    removed = several.pop(1)
    several[0] = nn.Linear(1, 1)
    several += [nn.Tanh()]
    del several[1:2]
    return repr(several), len(several + several), repr(several[1:]), repr(removed)


@case
def modules_in_dictionaries(torch):
    nn = torch.nn
    several = nn.ModuleDict({"a": nn.ReLU()})
    several["b"] = nn.Linear(1, 1)
    several.update([("c", nn.Tanh())])
    several.update(nn.ModuleDict({"e": nn.ReLU()}))
    del several["a"]
    removed = several.pop("c")
    wrong = [
        _message(lambda: nn.ModuleDict({"a": 3})),
        _message(lambda: nn.ModuleDict([1]))[0],
        _message(lambda: nn.ModuleDict([("a",)]))[0],
        _message(lambda: several.update(3)),
    ]
    return repr(several), list(several), repr(removed), wrong


@case
def sequences(torch):
    nn = torch.nn
    several = nn.Sequential(nn.ReLU(), nn.Tanh())
    several.append(nn.Identity())
    several.insert(1, nn.Sigmoid())
    several.insert(-1, nn.ReLU())
    several.extend(nn.Sequential(nn.ReLU()))
    seen = [repr(several), repr(several[1:3]), repr(several + several[:1]), len(several * 2)]
    several *= 2
    several += several[:1]
    named = nn.Sequential(collections.OrderedDict(a=nn.ReLU(), b=nn.Tanh()))
    del named[0]
    wrong = [
        _message(lambda: nn.Sequential().insert(3, nn.ReLU())),
        _message(lambda: several * 0)[0],
        _message(lambda: several * 1.5)[0],
    ]
    return seen, len(several), repr(several.pop(-1)), repr(named), wrong


@case
def replacing_a_part(torch):
    net = _net(torch)
    net.set_submodule("0", torch.nn.Identity())
    net.set_submodule("new", torch.nn.ReLU())
    strict = _message(lambda: net.set_submodule("none", torch.nn.ReLU(), strict=True))
    return repr(net), strict, _message(lambda: net.set_submodule("", net))


@case
def gradients_scaled_by_a_known_norm(torch):
    net = _net(torch)
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter) * 3
    total = torch.nn.utils.get_total_norm([p.grad for p in net.parameters()])
    torch.nn.utils.clip_grads_with_norm_(net.parameters(), 0.5, total)
    return total, [p.grad for p in net.parameters()]


@case
def sequences_of_different_lengths(torch):
    rnn = torch.nn.utils.rnn
    rows = [torch.arange(6.0).reshape(3, 2), torch.ones(1, 2), torch.zeros(4, 2)]
    leaf = rows[1].clone().requires_grad_()
    padded = rnn.pad_sequence([rows[0], leaf], batch_first=True, padding_value=9.0)
    padded.sum().backward()
    packed = rnn.pack_sequence(rows, enforce_sorted=False)
    ordered = rnn.pack_padded_sequence(rnn.pad_sequence(rows), [4, 3, 1])
    return (
        padded,
        leaf.grad,
        rnn.pad_sequence(rows),
        rnn.pad_sequence(rows, padding_side="left"),
        list(packed),
        list(ordered),
        rnn.pad_packed_sequence(packed, batch_first=True, padding_value=7.0),
        rnn.pad_packed_sequence(packed, total_length=6),
        rnn.unpack_sequence(packed),
        rnn.unpad_sequence(rnn.pad_sequence(rows), torch.tensor([3, 1, 4])),
        _message(lambda: rnn.pack_sequence(rows))[0],
        _message(lambda: rnn.pad_sequence(rows, padding_side="up")),
        _message(lambda: rnn.pad_sequence([]))[0],
    )


@case
def branches(torch):
    x = torch.ones(2)
    seen = [torch.cond(p, torch.add, torch.sub, (x, x)) for p in (True, torch.tensor([False]))]
    return seen, torch.get_autocast_gpu_dtype(), torch.xpu.is_available()


@case
def inference_modes(torch):
    seen = [torch.is_inference_mode_enabled()]
    with torch.inference_mode():
        seen.append(torch.is_inference_mode_enabled())
        with torch.inference_mode(False):
            seen.append(torch.is_inference_mode_enabled())
        seen.append(torch.is_inference_mode_enabled())
    return seen
