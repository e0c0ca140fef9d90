# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Custom functions, hooks, and what steps keep: the edges of autograd."""

import numpy

from cases.collection import Cases

CASES = Cases()
case = CASES.case


def tolerance(name):
    return {}


def _leaf(torch):
    return torch.arange(4.0).reshape(2, 2).requires_grad_()


def _function(torch, forward, backward, **more):
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward), **more}
    return type("Custom", (torch.autograd.Function,), members)


@case
def hooks_run_in_the_order_of_their_registration(torch):
    seen = []
    x = _leaf(torch)
    y = x * 2
    y.register_hook(lambda g: seen.append("first"))
    y.register_hook(lambda g: seen.append("second") or g * 2)
    x.register_hook(lambda g: seen.append(g.sum().item()))
    x.register_hook(lambda g: seen.append("removed")).remove()
    y.sum().backward()
    return seen, x.grad


@case
def a_retained_gradient_is_what_all_hooks_have_made_of_it(torch):
    x = _leaf(torch)
    early, late = x * 2, x * 5
    early.retain_grad()
    early.retain_grad()
    early.register_hook(lambda g: g * 3)
    early.register_hook(lambda g: g + 1)
    late.register_hook(lambda g: g * 3)
    late.retain_grad()
    (early + late).sum().backward()
    return x.grad, early.grad, late.grad, early.retains_grad, x.retains_grad


@case
def a_hook_that_changes_the_shape(torch):
    y = _leaf(torch) * 2
    y.register_hook(lambda g: g[0])
    y.sum().backward()


@case
def a_hook_that_changes_the_type(torch):
    y = _leaf(torch) * 2
    y.register_hook(lambda g: g.double())
    y.sum().backward()


@case
def a_hook_that_returns_a_number(torch):
    y = _leaf(torch) * 2
    y.register_hook(lambda g: 3)
    y.sum().backward()


@case
def hooks_after_accumulation(torch):
    seen = []
    x = _leaf(torch)
    handle = x.register_post_accumulate_grad_hook(
        lambda leaf: seen.append((leaf is x, leaf.grad.clone()))
    )
    (x * 2 + x * x).sum().backward()
    (x * 3).sum().backward()
    handle.remove()
    (x * 3).sum().backward()
    return seen, x.grad


@case
def an_optimizer_in_a_hook_after_accumulation(torch):
    parameters = [torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(2))]
    optimizers = {p: torch.optim.SGD([p], lr=0.1) for p in parameters}

    def update(parameter):
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for parameter in parameters:
        parameter.register_post_accumulate_grad_hook(update)
    for _ in range(3):
        (parameters[0].sum() * 2 + parameters[1].sum()).backward()
    return [p.detach() for p in parameters], [p.grad for p in parameters]


@case
def a_hook_after_accumulation_of_what_is_no_leaf(torch):
    (_leaf(torch) * 2).register_post_accumulate_grad_hook(print)


@case
def a_hook_of_several_tensors(torch):
    seen = []
    a, b, unused = _leaf(torch), _leaf(torch), _leaf(torch)

    def note(gradients):
        seen.append([None if g is None else g.sum().item() for g in gradients])

    handle = torch.autograd.graph.register_multi_grad_hook([a, b, unused], note)
    ((a * b).sum() * 2).backward()
    (a * 3).sum().backward()
    handle.remove()
    (a * b).sum().backward()
    return seen


@case
def a_hook_of_any_of_several_tensors(torch):
    seen = []
    a, b = _leaf(torch), _leaf(torch)
    graph = torch.autograd.graph
    graph.register_multi_grad_hook([a, b], lambda g: seen.append(g.sum().item()), mode="any")
    for _ in range(2):
        ((a * 2).sum() + (b * 2).sum()).backward()
    return seen


@case
def what_steps_save_is_packed_and_unpacked(torch):
    packed, unpacked = [], []

    def pack(tensor):
        packed.append(tensor.requires_grad)
        return tensor.numpy().copy()

    def unpack(array):
        unpacked.append(array.shape)
        return torch.from_numpy(array)

    x = _leaf(torch)
    square = _function(
        torch,
        lambda ctx, x: ctx.save_for_backward(x, None) or x * x,
        lambda ctx, g: g * 2 * ctx.saved_tensors[0],
    )
    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = torch.exp(x) * x + square.apply(x)
    z = (y * y).sum()
    before = bool(unpacked)
    z.backward()
    return any(packed), bool(packed), before, bool(unpacked), x.grad


@case
def what_is_unpacked_counts(torch):
    x = _leaf(torch)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t * 10):
        y = x * x
    y.sum().backward()
    return x.grad


@case
def what_is_unpacked_must_be_a_tensor(torch):
    x = _leaf(torch)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: 3):
        y = x * x
    y.sum().backward()


@case
def hooks_of_saved_tensors_inside_of_others(torch):
    outer, inner = [], []
    graph = torch.autograd.graph
    x = _leaf(torch)
    with graph.saved_tensors_hooks(lambda t: t, lambda t: outer.append(1) or t):
        with graph.saved_tensors_hooks(lambda t: t, lambda t: inner.append(1) or t):
            y = x.exp()
        y.sum().backward()
        before = bool(outer)
        y = x.exp()
    y.sum().backward()
    return before, bool(outer), bool(inner), x.grad


@case
def saving_on_the_cpu(torch):
    x = _leaf(torch)
    with torch.autograd.graph.save_on_cpu():
        y = (x.exp() * x).sum()
    y.backward()
    return x.grad


@case
def hooks_of_saved_tensors_where_they_are_forbidden(torch):
    graph = torch.autograd.graph
    with (
        graph.disable_saved_tensors_hooks("not here"),
        graph.saved_tensors_hooks(lambda t: t, lambda t: t),
    ):
        pass


@case
def a_function_that_changes_its_argument(torch):
    def forward(ctx, x, y):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x, y + 1

    double = _function(torch, forward, lambda ctx, g, h: (g * 2, h))
    x = _leaf(torch)
    y = x * 1
    view = y[0]
    z, w = double.apply(y, x)
    (y * y).sum().backward(retain_graph=True)
    first = x.grad.clone()
    view.sum().backward()
    return z is y, w is y, y, view, first, x.grad, y._version


@case
def a_function_that_changes_a_leaf(torch):
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)

    _function(torch, forward, lambda ctx, g: g).apply(_leaf(torch))


@case
def a_view_that_a_function_made_is_not_changed_in_place(torch):
    view = _function(torch, lambda ctx, x: x.view(4), lambda ctx, g: g.view(2, 2))
    view.apply(_leaf(torch) * 1).mul_(2)


@case
def a_part_of_what_a_function_passed_on_is_not_changed_in_place(torch):
    same = _function(torch, lambda ctx, x: x, lambda ctx, g: g * 7)
    same.apply(_leaf(torch) * 1)[0].mul_(2)


@case
def what_a_function_made_anew_may_be_changed_in_place(torch):
    new = _function(torch, lambda ctx, x: x * 3, lambda ctx, g: g * 5)
    x = _leaf(torch)
    y = new.apply(x)
    y[0].mul_(2)
    y.sum().backward()
    return y, x.grad


@case
def results_that_are_not_differentiable(torch):
    def forward(ctx, x):
        values, places = x.sort()
        thrice = x * 3
        ctx.mark_non_differentiable(places, thrice)
        return values, places, thrice

    ordered = _function(torch, forward, lambda ctx, g, *rest: g * len(rest))
    x = _leaf(torch)
    values, places, thrice = ordered.apply(x)
    values.sum().backward()
    return x.grad, places, places.requires_grad, thrice.requires_grad


@case
def a_function_with_arguments_by_name(torch):
    scaled = _function(torch, lambda ctx, x, k=1: x * k, lambda ctx, g: (g * 11, None))
    x = _leaf(torch)
    y = scaled.apply(x, k=2)
    y.sum().backward()
    return y, x.grad


@case
def a_function_whose_context_is_set_up_apart(torch):
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(x, k=3):
            return x * k

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.k = inputs[1]

        @staticmethod
        def vjp(ctx, g):
            return g * ctx.k, None

    x = _leaf(torch)
    Scaled.apply(x).sum().backward()
    return x.grad


def _returning(name, gradients):
    def program(torch):
        wrong = _function(torch, lambda ctx, x, y: x * y, lambda ctx, g: gradients(g))
        x = _leaf(torch)
        wrong.apply(x, 2.0).sum().backward()
        return x.grad

    CASES[f"a_function_that_returns_{name}"] = program


_returning("too_few_gradients", lambda g: g)
_returning("too_many_gradients", lambda g: (g, None, g))
_returning("none_beyond_its_arguments", lambda g: (g, None, None, None))
_returning("a_gradient_for_a_number", lambda g: (g, g))
_returning("a_gradient_of_another_shape", lambda g: (g.reshape(4).repeat(3), None))


@case
def saving_what_is_no_tensor(torch):
    _function(torch, lambda ctx, x: ctx.save_for_backward(x, 3), lambda ctx, g: g).apply(
        _leaf(torch)
    )


@case
def a_function_with_two_derivatives(torch):
    members = {"vjp": staticmethod(lambda ctx, g: g)}
    both = _function(torch, lambda ctx, x: x * 1, lambda ctx, g: g, **members)
    both.apply(_leaf(torch)).sum().backward()


@case
def a_function_called_as_an_object(torch):
    _function(torch, lambda ctx, x: x, lambda ctx, g: g)()(_leaf(torch))


@case
def nan_in_a_derivative_is_found(torch):
    x = _leaf(torch)
    with torch.autograd.detect_anomaly():
        ((x - x).sqrt() * 0).sum().backward()


@case
def nan_is_looked_for_where_that_is_asked(torch):
    x = _leaf(torch)
    with torch.autograd.set_detect_anomaly(True):
        inside = torch.is_anomaly_enabled()
        (x + 1).sqrt().sum().backward()
    ((x - x).sqrt() * 0).sum().backward()
    return inside, torch.is_anomaly_enabled(), x.grad


@case
def gradients_for_several_outputs_at_once(torch):
    x = _leaf(torch)
    y = (x**2).sum(0)
    return torch.autograd.grad(y, x, torch.eye(2), is_grads_batched=True)


@case
def unused_inputs_that_must_not_be_and_are_filled(torch):
    x, unused = _leaf(torch), _leaf(torch)
    torch.autograd.grad((x * 2).sum(), [x, unused], allow_unused=False, materialize_grads=True)


@case
def backward_into_an_inner_result(torch):
    x = _leaf(torch)
    y = x * 2
    (y * y).sum().backward(inputs=[y, x])
    first = y.grad.clone(), x.grad.clone()
    (x * 2).sum().backward(inputs=[x])
    return first, x.grad


@case
def backward_into_nothing(torch):
    (_leaf(torch) * 2).sum().backward(inputs=[])


@case
def a_checkpoint_with_reentry_asked_for_some_gradients(torch):
    x = _leaf(torch)
    y = torch.utils.checkpoint.checkpoint(lambda x: x * x, x, use_reentrant=True)
    torch.autograd.grad(y.sum(), x)


@case
def checkpoints_in_sequence(torch):
    seen = []
    torch.manual_seed(1)
    layers = torch.nn.Sequential(*[torch.nn.Linear(2, 2) for _ in range(5)])
    for reentrant in (True, False):
        layers.zero_grad()
        x = _leaf(torch)
        run = torch.utils.checkpoint.checkpoint_sequential
        y = run(layers, 2, x, use_reentrant=reentrant)
        y.sum().backward()
        seen.append((y, x.grad, [p.grad for p in layers.parameters()]))
    return seen


@case
def a_checkpoint_that_does_not_say_how(torch):
    x = _leaf(torch)
    y = torch.utils.checkpoint.checkpoint(lambda x: x * x, x)
    y.sum().backward()
    return x.grad, numpy.ndim(y.detach().numpy())
