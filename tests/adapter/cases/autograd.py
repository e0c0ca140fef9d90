# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded computations: views, in-place changes, functions, hooks, modes, checkpoints."""

import copy
import pickle

from cases.collection import Cases
from cases.samples import leaf, numbers

CASES = Cases()
case = CASES.case


def tolerance(name):
    """Second derivatives take another path to the same number."""
    return {"torch.float32": (5e-5, 5e-6)} if name.startswith("second_derivative") else {}


def vector(torch, count=4, seed=0):
    return leaf(torch, numbers((count,), seed))


def matrix(torch, rows=3, columns=4, seed=0):
    return leaf(torch, numbers((rows, columns), seed))


# In-place changes and views without gradients


@case
def changes_show_through_views(torch):
    x = torch.zeros(3, 4)
    row, column, part, flat = x[1], x[:, 2], x[1:, ::2], x.view(-1)
    row.add_(1)
    column.mul_(5)
    part.copy_(torch.arange(4.0).view(2, 2))
    flat[3] = 9
    x.t()[0].fill_(7)
    x.select(0, 2).sub_(2)
    x.transpose(0, 1)[1].div_(2)
    return x, row, column, part, flat


@case
def memory_given_up_and_written_again(torch):
    x = vector(torch)
    kept = x * 2
    result = (kept * kept).sum()
    storage = kept.untyped_storage()
    size = storage.nbytes()
    storage.resize_(0)
    sizes = [size, storage.nbytes(), kept.untyped_storage().nbytes(), len(storage), kept.shape]
    storage.resize_(size)
    storage.copy_((x.detach() * 3).untyped_storage())
    version = kept._version
    result.backward()
    return sizes, storage.nbytes(), kept, version, x.grad


@case
def bytes_that_do_not_fit_a_storage(torch):
    torch.ones(3).untyped_storage().copy_(torch.ones(4).untyped_storage())


@case
def elements_of_a_storage_given_up(torch):
    x = torch.arange(4.0)
    x._typed_storage()._resize_(3)
    return x._typed_storage().size(), x.untyped_storage().nbytes()


@case
def steps_that_should_run_early(torch):
    x = vector(torch)
    y = x.exp()
    y.grad_fn._set_sequence_nr(10_000)
    (y * x.sin()).sum().backward()
    return x.grad


@case
def indexed_assignments(torch):
    x = torch.zeros(4, 5)
    x[0] = 1
    x[1, 2:] = torch.tensor([1.0, 2, 3])
    x[x == 1] = 8
    x[[2, 3], [0, 1]] = torch.tensor([5.0, 6.0])
    x[..., -1] = -1
    x[torch.tensor([True, False, False, True])] += 10
    x[torch.tensor([0, 2]), 1:3] = torch.zeros(2, 2)
    return x


@case
def in_place_operators_return_the_tensor_itself(torch):
    x = torch.ones(3)
    y = x
    y += 1
    y *= torch.tensor([1.0, 2, 3])
    y -= 1
    y /= 2
    return x, y is x, x.add_(1) is x, x.zero_() is x, x


@case
def in_place_functions(torch):
    x = torch.from_numpy(numbers((3, 4), 1, 0.5, 2))
    x.exp_().sqrt_().clamp_(1.2, 2).neg_().abs_()
    x.masked_fill_(x > 1.8, 0.5)
    x.scatter_(1, torch.tensor([[0], [1], [2]]), 3.0)
    x.scatter_add_(0, torch.tensor([[0, 0, 0, 0], [0, 0, 0, 0]]), torch.ones(2, 4))
    x.index_add_(0, torch.tensor([1, 1]), torch.ones(2, 4))
    x.lerp_(torch.zeros(3, 4), 0.25).pow_(2).addcmul_(torch.ones(3, 4), torch.ones(3, 4), value=2)
    return x


@case
def types_of_in_place_results(torch):
    x = torch.ones(3, dtype=torch.int64)
    x += True
    x.mul_(3)
    return x


@case
def an_in_place_result_that_does_not_fit_the_type(torch):
    return torch.ones(3, dtype=torch.int64).add_(0.5)


@case
def an_in_place_result_that_does_not_fit_the_shape(torch):
    return torch.ones(3).add_(torch.ones(2, 3))


@case
def writing_into_expanded_memory(torch):
    return torch.zeros(3).expand(2, 3).add_(1)


@case
def versions_count_changes(torch):
    x = torch.ones(3)
    view, twin = x[1:], x.detach()
    x.add_(1)
    view.mul_(2)
    return x._version, view._version, twin._version, x._base is None, view._base is x


@case
def numpy_shares_memory(torch):
    array = numbers((3,), 0)
    x = torch.from_numpy(array)
    x.add_(1)
    y = torch.zeros(3)
    y.numpy()[1] = 5
    return torch.from_numpy(array.copy()), x, y


# In-place changes and views under gradients


@case
def in_place_on_a_result(torch):
    x = vector(torch)
    y = x * 2
    y.add_(1).mul_(x)
    y.sum().backward()
    return y, x.grad


@case
def in_place_through_a_view(torch):
    x = matrix(torch)
    y = x * 1
    y[1].mul_(3)
    y[:, 2] = 5
    (y * y).sum().backward()
    return y, x.grad


@case
def a_view_taken_before_its_base_changes(torch):
    x = matrix(torch)
    y = x * 2
    view = y[1:]
    y.mul_(3)
    (view * view).sum().backward()
    return view, x.grad


@case
def a_base_used_after_its_view_changed(torch):
    x, w = matrix(torch), vector(torch, 4, 3)
    y = x.clone()
    flat = y.view(-1)
    flat[2:6].copy_(w)
    y.pow(2).sum().backward()
    return y, x.grad, w.grad


@case
def a_buffer_filled_with_recorded_values(torch):
    x = vector(torch)
    buffer = torch.zeros(3, 4)
    buffer[1] = x * 2
    buffer[2].copy_(x.exp())
    buffer.sum(0).pow(2).sum().backward()
    return buffer, buffer.requires_grad, x.grad


@case
def views_of_views_under_gradients(torch):
    x = leaf(torch, numbers((2, 3, 4), 0))
    y = x + 0
    inner = y.transpose(0, 2)[1][:, 1:]
    inner.mul_(-2)
    other = y.permute(1, 0, 2).reshape(3, 8)
    (other * torch.arange(24.0).view(3, 8)).sum().backward()
    return y, inner, x.grad


@case
def masked_and_indexed_in_place(torch):
    x = matrix(torch)
    y = x * 2
    y.masked_fill_(y > 0, 1.5)
    y[torch.tensor([0, 2])] = y[torch.tensor([1, 1])] * 3
    y.sum().backward()
    return y, x.grad


@case
def scatter_in_place(torch):
    x, s = matrix(torch), matrix(torch, 2, 4, 5)
    y = x * 1
    y.scatter_add_(0, torch.tensor([[0, 1, 2, 0], [0, 1, 0, 2]]), s)
    (y * y).sum().backward()
    return y, x.grad, s.grad


@case
def two_views_changed_in_turn(torch):
    x = matrix(torch)
    y = x * 1
    top, left = y[:2], y[:, :2]
    top.mul_(2)
    left.add_(top[0, 0] * 1)
    (top.sum() * left.sum()).backward()
    return y, x.grad


@case
def changing_a_leaf(torch):
    return vector(torch).add_(1)


@case
def changing_a_view_of_a_leaf(torch):
    return vector(torch)[1:].add_(1)


@case
def changing_a_leaf_without_recording(torch):
    x = vector(torch)
    with torch.no_grad():
        x.add_(1)
        x[0] = 5
    (x * x).sum().backward()
    return x, x.grad, x.requires_grad


@case
def using_a_value_that_was_changed(torch):
    x = vector(torch)
    y = x * 2
    z = y * y
    y.add_(1)
    z.sum().backward()


def _saved_and_changed(name, function):
    def program(torch):
        x = vector(torch).reshape(1, -1) * 1
        y = function(torch.nn.functional, x, torch.ones(4))
        x.mul_(3)
        y.sum().backward()

    CASES[f"using_a_value_that_{name}_saved_and_that_was_changed"] = program


_saved_and_changed("gelu", lambda f, x, ones: f.gelu(x))
_saved_and_changed("layer_norm", lambda f, x, ones: f.layer_norm(x, (4,), ones))
_saved_and_changed("rms_norm", lambda f, x, ones: f.rms_norm(x, (4,), ones))


@case
def using_numbers_that_embedding_saved_and_that_were_changed(torch):
    numbers_of_rows, table = torch.tensor([1, 0]), leaf(torch, numbers((3, 4), 0, 0.3, 1.5))
    y = torch.nn.functional.embedding(numbers_of_rows, table)
    numbers_of_rows.add_(1)
    y.sum().backward()


@case
def using_an_output_that_was_changed(torch):
    x = vector(torch)
    y = x.exp()
    y.add_(1)
    y.sum().backward()


@case
def using_a_value_that_a_function_saved_and_that_was_changed(torch):
    x = vector(torch)
    inner = x * 1
    y = _doubling(torch).apply(inner, 3)
    inner.add_(1)
    y.sum().backward()


@case
def data_is_not_checked(torch):
    x = vector(torch)
    y = x * x
    x.data.mul_(2)
    y.sum().backward()
    return x, x.grad


# The engine


@case
def gradients_accumulate(torch):
    x = vector(torch)
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    return x.grad


@case
def gradients_of_two_leaves_are_not_the_same_memory(torch):
    x, y = vector(torch), vector(torch, 4, 1)
    (x + y).sum().backward()
    x.grad.mul_(10)
    return x.grad, y.grad


@case
def the_gradient_is_one_object(torch):
    x = vector(torch)
    x.sum().backward()
    x.grad.add_(1)
    return x.grad is x.grad, x.grad


@case
def backward_with_a_gradient(torch):
    x = vector(torch)
    (x * x).backward(torch.arange(4.0))
    return x.grad


@case
def backward_of_several_outputs(torch):
    x = vector(torch)
    torch.autograd.backward([x.sum(), (x * x).sum()])
    return x.grad


@case
def backward_of_a_vector_without_a_gradient(torch):
    (vector(torch) * 2).backward()


@case
def backward_of_nothing_recorded(torch):
    torch.ones(1).backward()


@case
def backward_twice(torch):
    x = vector(torch)
    y = (x * x).sum()
    y.backward()
    y.backward()


@case
def backward_twice_with_the_graph_kept(torch):
    x = vector(torch)
    y = (x.exp() * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


@case
def grad_of_some_inputs(torch):
    x, y = vector(torch), vector(torch, 4, 1)
    return [*torch.autograd.grad((x * y).sum(), [x, y]), x.grad, y.grad]


@case
def grad_of_an_unused_input(torch):
    x, y = vector(torch), vector(torch, 4, 1)
    return torch.autograd.grad(x.sum(), [x, y], allow_unused=True)


@case
def grad_of_an_unused_input_is_an_error(torch):
    x, y = vector(torch), vector(torch, 4, 1)
    return torch.autograd.grad(x.sum(), [x, y])


@case
def grad_of_an_inner_value(torch):
    x = vector(torch)
    y = x * 3
    return torch.autograd.grad((y * y).sum(), y)


def _second(name, function):
    def program(torch):
        x = leaf(torch, numbers((3, 4), 0, 0.3, 1.5))
        first = torch.autograd.grad(function(torch, x).sum(), x, create_graph=True)[0]
        second = torch.autograd.grad((first * first).sum(), x)[0]
        return first.detach(), second

    CASES[f"second_derivative_of_{name}"] = program


for _name in (
    "exp",
    "log",
    "sqrt",
    "rsqrt",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "square",
    "reciprocal",
    "erf",
):
    _second(_name, lambda torch, x, n=_name: getattr(torch, n)(x))
_second("mul", lambda torch, x: x * x * x)
_second("div", lambda torch, x: x / (x + 1))
_second("pow", lambda torch, x: x**3)
_second("matmul", lambda torch, x: x @ x.t() @ x)
_second("linear", lambda torch, x: torch.nn.functional.linear(x, x) ** 2)
_second("softmax", lambda torch, x: torch.softmax(x, 1) ** 2)
_second("log_softmax", lambda torch, x: torch.log_softmax(x, 1) ** 2)
_second("silu", lambda torch, x: torch.nn.functional.silu(x))
_second("gelu", lambda torch, x: torch.nn.functional.gelu(x))
for _reduction in ("none", "mean"):
    _second(
        f"cross_entropy_{_reduction}",
        lambda torch, x, r=_reduction: torch.nn.functional.cross_entropy(
            x, torch.tensor([2, -100, 0]), reduction=r, label_smoothing=0.1
        ),
    )
_second("gelu_tanh", lambda torch, x: torch.nn.functional.gelu(x, approximate="tanh"))
_second(
    "rms_norm", lambda torch, x: torch.nn.functional.rms_norm(x, (4,), torch.ones(4) * 2, 1e-3) ** 3
)
_second(
    "attention_of_many_queries",
    lambda torch, x: torch.nn.functional.scaled_dot_product_attention(
        *(torch.cat([x * n] * 12).reshape(1, 1, 36, 4)[..., : 5 - n] for n in (1, 1, 2)),
        is_causal=True,
    ),
)
_second(
    "embedding",
    lambda torch, x: torch.nn.functional.embedding(torch.tensor([2, 0, 2, 1]), x, 1) ** 3,
)
_second("mean", lambda torch, x: x.mean(1) ** 3)
_second("logsumexp", lambda torch, x: torch.logsumexp(x, 1))
_second("index", lambda torch, x: x[[0, 0, 2]] ** 3)
_second("cat_and_split", lambda torch, x: torch.cat(x.split(2, 1)[::-1], 1) ** 3)
_second("gather", lambda torch, x: x.gather(1, torch.tensor([[0, 0], [1, 2], [3, 3]])) ** 3)
_second("slice", lambda torch, x: x[1:, ::2].t() ** 3)
_second("maximum", lambda torch, x: torch.maximum(x, 1 / x) ** 3)
_second("layer_norm", lambda torch, x: torch.nn.functional.layer_norm(x, (4,)) ** 3)


@case
def non_leaf_gradients_that_are_retained(torch):
    x = vector(torch)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    return y.grad, x.grad, y.retains_grad


@case
def hooks_see_and_replace_gradients(torch):
    x = vector(torch)
    seen = []
    handle = x.register_hook(lambda g: seen.append(g.clone()))
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.sum().backward(retain_graph=True)
    handle.remove()
    y.sum().backward()
    return seen, x.grad


@case
def accumulating_nodes_call_hooks_after_the_gradient_is_there(torch):
    x = vector(torch)
    node = x.expand_as(x).grad_fn.next_functions[0][0]
    seen = []
    node.register_hook(lambda *unused: seen.append(x.grad.clone()))
    (x * x).sum().backward()
    return seen, x.grad


@case
def recording_is_switched_off_and_on(torch):
    x = vector(torch)
    with torch.no_grad():
        a = x * 2
        with torch.enable_grad():
            b = x * 2
        c = x * 2
    with torch.set_grad_enabled(False):
        d = x * 2

    @torch.no_grad()
    def quiet():
        return x * 2

    @torch.enable_grad()
    def loud():
        return x * 2

    with torch.no_grad():
        e = loud()
    return a, b, c, d, quiet(), e, torch.is_grad_enabled()


@case
def recording_is_on_again_after_an_error(torch):
    try:
        with torch.no_grad():
            raise KeyError("x")
    except KeyError:
        return torch.is_grad_enabled(), (vector(torch) * 2).requires_grad


@case
def leaves(torch):
    x = vector(torch)
    y = x * 2
    return (
        [t.is_leaf for t in (x, y, y.detach(), torch.ones(2))],
        x.grad_fn is None,
        y.grad_fn is None,
        y.grad_fn.name(),
        y.detach().requires_grad,
        x.data.requires_grad,
    )


@case
def what_cannot_be_recorded(torch):
    x = vector(torch)
    return (
        (x > 0).requires_grad,
        x.argmax().requires_grad,
        x.long().requires_grad,
        x.sort().indices.requires_grad,
    )


@case
def switching_recording_of_a_result(torch):
    (vector(torch) * 2).requires_grad_(False)


# Functions


def _doubling(torch):
    class Doubling(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor, flag=None):
            ctx.save_for_backward(x)
            ctx.factor = factor
            return x * factor

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * ctx.factor + x * 0, None, None

    return Doubling


@case
def a_function_with_other_arguments(torch):
    x = vector(torch)
    y = _doubling(torch).apply(x, 3, "flag")
    y.sum().backward()
    return y, x.grad, type(y) is torch.Tensor


@case
def a_function_without_recording(torch):
    with torch.no_grad():
        return _doubling(torch).apply(vector(torch), 3)


@case
def a_function_with_several_outputs(torch):
    class Two(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.mark_non_differentiable(mask := x > y)
            return x * y, x + y, mask

        @staticmethod
        def backward(ctx, product, total, mask):
            return product + total, None

    x, y = vector(torch), vector(torch, 4, 1)
    product, total, mask = Two.apply(x, y)
    (product * 2).sum().backward()
    return product, total, mask, x.grad, y.grad


@case
def a_function_that_returns_its_input(torch):
    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad * 5

    x = vector(torch)
    y = Same.apply(x * 1)
    y.sum().backward()
    return y, x.grad


@case
def a_function_that_passes_gradients_on_to_two_leaves(torch):
    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, grad):
            return grad, grad

    x, y = vector(torch), vector(torch, 4, 1)
    Sum.apply(x, y).sum().backward()
    x.grad.add_(1)
    return x.grad, y.grad


@case
def an_error_in_backward(torch):
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            raise KeyError("broken")

    Broken.apply(vector(torch)).sum().backward()


@case
def recording_works_after_an_error_in_backward(torch):
    try:
        an_error_in_backward(torch)
    except KeyError:
        x = vector(torch)
        (x * x).sum().backward()
        return x.grad, torch.is_grad_enabled()


@case
def a_backward_pass_inside_another(torch):
    class Nested(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.exp()

        @staticmethod
        def backward(ctx, grad):
            with torch.enable_grad():
                x = ctx.saved_tensors[0].detach().requires_grad_()
                x.exp().backward(grad)
            return x.grad

    x = vector(torch)
    (Nested.apply(x * 2) * 3).sum().backward()
    return x.grad


@case
def checkpoints_draw_the_same_numbers(torch):
    from_module = torch.utils.checkpoint.checkpoint
    x, w = matrix(torch), matrix(torch, 4, 4, 2)

    def block(h):
        return torch.nn.functional.dropout(torch.tanh(h @ w), 0.3)

    torch.manual_seed(5)
    y = from_module(block, x * 1, use_reentrant=True)
    after = torch.rand(2)
    y.sum().backward()
    return y, x.grad, w.grad, after, torch.rand(2)


@case
def a_linear_layer_without_rows_has_zero_gradients(torch):
    x, w, b = leaf(torch, numbers((0, 4), 0)), matrix(torch, 3, 4, 1), vector(torch, 3, 2)
    torch.nn.functional.linear(x * 1, w, b).sum().backward()
    return x.grad, w.grad, b.grad


@case
def pieces_without_elements(torch):
    x, w = matrix(torch, 5, 4), matrix(torch, 4, 4, 1)
    parts = x.split([3, 0, 2])
    out = torch.cat([torch.nn.functional.silu(p @ w) for p in parts])
    (out * out).sum().backward()
    return out, x.grad, w.grad


# Objects


@case
def copies(torch):
    x = vector(torch)
    x.note = [1]
    (x * 2).sum().backward()
    y = copy.deepcopy(x)
    y.data.add_(1)
    return x, y, y.grad, y.note, y.note is x.note, y.is_leaf


@case
def copying_a_result(torch):
    return copy.deepcopy(vector(torch) * 2)


@case
def pickles(torch):
    x = torch.nn.Parameter(torch.from_numpy(numbers((2, 3), 0)))
    y = pickle.loads(pickle.dumps(x))
    t = pickle.loads(pickle.dumps(torch.arange(3, dtype=torch.bfloat16)))
    return (
        y,
        isinstance(y, torch.nn.Parameter),
        t,
        pickle.loads(pickle.dumps(torch.float16)) is torch.float16,
    )


@case
def data_can_be_replaced(torch):
    x = vector(torch)
    x.data = torch.arange(4.0)
    (x * x).sum().backward()
    x.data = x.data.view(2, 2)
    return x, x.grad, x.is_leaf


@case
def gradients_have_the_shape_that_a_leaf_has_now(torch):
    seen = []
    for before in (False, True):
        x = torch.nn.Parameter(torch.ones(7, 4))
        if before:
            (x * 3).sum().backward()
            x.grad = None
        x.data = torch.ones(5, 2)
        (x * 2 + x).sum().backward()
        seen.append((x, x.grad))
    return seen


@case
def gradients_have_the_type_that_a_leaf_has_now(torch):
    results = []
    for kind in (torch.float64, torch.float16, torch.bfloat16):
        x = vector(torch)
        (x * 2).sum().backward()
        x.grad = None
        x.data = torch.arange(4.0, dtype=kind)
        (x * x).sum().backward()
        (x * x).sum().backward()
        results.append((x, x.grad, x.is_leaf))
    layer = torch.nn.Linear(3, 2)
    layer(torch.ones(4, 3)).sum().backward()
    layer.double()
    results.append([p.grad.clone() for p in layer.parameters()])
    layer(torch.ones(4, 3, dtype=torch.float64)).sum().backward()
    results.append([p.grad.clone() for p in layer.parameters()])
    steps = []
    for parameter in layer.bfloat16().parameters():
        step = parameter.expand_as(parameter).grad_fn.next_functions[0][0]
        step.register_hook(lambda *_, p=parameter: results.append(p.grad.dtype == torch.bfloat16))
        steps.append(step)
    layer.zero_grad()
    layer(torch.ones(4, 3, dtype=torch.bfloat16)).sum().backward()
    return results


@case
def steps_before_steps_can_be_walked(torch):
    x = vector(torch)
    y = ((x * 2).exp() + x).sum()
    sizes, steps = [], [y.grad_fn]
    while steps:
        following = [step for step, _ in steps.pop().next_functions if step is not None]
        sizes.append(len(following))
        steps.extend(following)
    return sizes


@case
def gradients_can_be_assigned(torch):
    x = vector(torch)
    x.grad = torch.ones(4)
    (x * 2).sum().backward()
    first = x.grad.clone()
    x.grad = None
    return first, x.grad


@case
def a_gradient_of_another_shape(torch):
    vector(torch).grad = torch.ones(3)


@case
def numpy_of_a_recorded_tensor(torch):
    return vector(torch).numpy()


# Checkpoints that are not re-entrant


def _block(torch, w):
    def block(h, *, scale=1.0):
        return torch.nn.functional.dropout(torch.tanh(h @ w), 0.3) * scale, h.sum()

    return block


@case
def a_checkpoint_without_reentry(torch):
    x, w = matrix(torch), matrix(torch, 4, 4, 2)
    torch.manual_seed(5)
    y, total = torch.utils.checkpoint.checkpoint(
        _block(torch, w), x, use_reentrant=False, scale=2.0
    )
    after = torch.rand(2)
    (y.sum() + total).backward()
    return y, x.grad, w.grad, after, torch.rand(2)


@case
def a_checkpoint_without_reentry_serves_grad(torch):
    x, w = matrix(torch), matrix(torch, 4, 4, 2)
    y, _ = torch.utils.checkpoint.checkpoint(_block(torch, w), x.detach(), use_reentrant=False)
    (by_w,) = torch.autograd.grad(y.sum(), [w])
    return by_w.shape, w.grad, x.grad


@case
def nested_checkpoints_without_reentry(torch):
    x, w = matrix(torch), matrix(torch, 4, 4, 2)
    call = torch.utils.checkpoint.checkpoint

    def inner(h):
        return torch.sigmoid(h @ w)

    def outer(h):
        return call(inner, torch.exp(h * 0.1), use_reentrant=False) * h

    y = call(outer, x, use_reentrant=False)
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return y, x.grad, w.grad


@case
def a_checkpoint_of_a_custom_function(torch):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, x * x)
            return x * x * x

        @staticmethod
        def backward(ctx, grad):
            _, square = ctx.saved_tensors
            return grad * square * 3

    runs = []

    def block(h):
        runs.append(1)
        return Cube.apply(torch.sin(h))

    x = matrix(torch)
    y = torch.utils.checkpoint.checkpoint(block, x, use_reentrant=False)
    y.sum().backward()
    return y, x.grad, len(runs)


@case
def a_checkpoint_that_changes_its_mind(torch):
    runs = []

    def block(h):
        runs.append(1)
        return torch.exp(torch.sin(h)) if len(runs) == 1 else h * 2

    x = matrix(torch)
    torch.utils.checkpoint.checkpoint(block, x, use_reentrant=False).sum().backward()


@case
def a_checkpoint_without_gradients(torch):
    with torch.no_grad():
        x = matrix(torch)
        return torch.utils.checkpoint.checkpoint(torch.exp, x, use_reentrant=False)


# Gradients that meet


@case
def gradients_that_meet_at_results_and_leaves(torch):
    x, w = matrix(torch), vector(torch)
    y = x * w
    a, b = y.split(2, 1)
    z = (y + y.exp() + torch.cat([b, a, a], 1)[:, :4] * y).sum() + (w * w.sin()).sum()
    z.backward()
    return z, x.grad, w.grad


@case
def gradients_that_meet_are_added_to_those_from_before(torch):
    x = vector(torch)
    kept = []
    for _ in range(3):
        (x * x.exp() + x.sin()).sum().backward()
        kept.append(x.grad.clone())
    return kept


@case
def gradients_that_meet_in_a_graph_that_is_kept(torch):
    x = vector(torch)
    y = x * 2
    z = (y * y.exp() + y + x).sum()
    z.backward(retain_graph=True)
    first = x.grad.clone()
    z.backward()
    return first, x.grad


@case
def hooks_see_all_gradients_that_meet(torch):
    x, seen = vector(torch), []
    y, z = x * 2, x * 3
    x.register_hook(lambda g: seen.append(g.clone()))
    y.register_hook(lambda g: g * 2)
    z.retain_grad()
    y.grad_fn.register_prehook(lambda grads: (seen.append(grads[0].clone()), None)[1])
    (y * y.exp() + y.sin() + z * z + z * y).sum().backward()
    return x.grad, z.grad, seen


@case
def gradients_that_meet_at_inner_inputs(torch):
    x = vector(torch)
    y = x * 2
    z = (y * y.exp() + y.sin()).sum()
    return torch.autograd.grad(z, [y, x])


@case
def gradients_that_meet_in_half_types(torch):
    x = vector(torch).detach().bfloat16().requires_grad_()
    y = x * 2
    (y * y + y + y.exp() + x * x).sum().backward()
    return x.grad


@case
def gradients_that_meet_at_a_normalised_tensor(torch):
    x, w = matrix(torch), vector(torch)
    h = x * 2
    y = torch.nn.functional.rms_norm(h, (4,), w, 1e-5)
    z = torch.nn.functional.rms_norm(h.t().reshape(3, 4).t()[:, :3].t()[:, :4], (4,), w, 1e-5)
    (y * y + y.exp() + h + z * w).sum().backward()
    return x.grad, w.grad


@case
def using_a_normalised_tensor_that_was_changed(torch):
    x = matrix(torch) * 2
    y = torch.nn.functional.rms_norm(x, (4,), vector(torch), 1e-5)
    x.add_(1)
    y.sum().backward()


def _pair(torch, materialize):
    class Pair(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, first, second):
            ctx.seen = second is None
            return first * (5 if second is None else 2 + second)

    return Pair


@case
def an_unused_result_of_a_function_has_zeros(torch):
    x = vector(torch)
    _pair(torch, True).apply(x)[0].sum().backward()
    return x.grad


@case
def an_unused_result_of_a_function_may_have_none(torch):
    x = vector(torch)
    _pair(torch, False).apply(x)[0].sum().backward()
    return x.grad


def _keeping_its_result(torch):
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            y.note = "kept"
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, grad):
            (y,) = ctx.saved_tensors
            return grad * y

    return Exp


@case
def a_function_that_saves_its_result(torch):
    x = vector(torch)
    y = _keeping_its_result(torch).apply(x)
    (first,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    first.sum().backward()
    return y, first, x.grad, y.note


@case
def using_the_result_that_a_function_saved_and_that_was_changed(torch):
    y = _keeping_its_result(torch).apply(vector(torch))
    y.mul_(2)
    y.sum().backward()


@case
def what_a_function_saved_after_it_was_freed(torch):
    y = _doubling(torch).apply(vector(torch), 3)
    step = y.grad_fn
    y.sum().backward()
    return step.saved_tensors


@case
def gradients_of_results_that_depend_on_each_other(torch):
    x = vector(torch)
    y = x * 2
    z = y * y
    out = (z * y).sum() + (x * x).sum()
    first = torch.autograd.grad(out, [y, x, z], retain_graph=True)
    y.retain_grad()
    out.backward(inputs=[x, y])
    return first, x.grad, y.grad


@case
def hooks_of_a_step_see_gradients_of_its_operands(torch):
    x, seen = vector(torch), []
    y = x * 2
    y.grad_fn.register_hook(lambda by_input, by_output: seen.append((by_input[0], by_output)))
    y.grad_fn.register_prehook(lambda by_output: (by_output[0] * 3,))
    (y * y + y).sum().backward()
    return x.grad, seen, isinstance(seen[0][0], torch.Tensor)


@case
def retained_gradients_add_up(torch):
    x = vector(torch)
    y = x * 2
    y.retain_grad()
    for _ in range(2):
        (y * y).sum().backward(retain_graph=True)
    return y.grad, x.grad


@case
def a_view_of_what_was_detached_has_no_gradient(torch):
    x, y = torch.zeros(3, 4), matrix(torch)
    apart = x.detach().unsqueeze(0)
    x.add_(y)
    ((x * 2).sum() + apart.sum()).backward()
    return y.grad, apart, apart.requires_grad
