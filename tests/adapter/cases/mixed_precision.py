# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Autocast, gradient scaling, and custom functions under them."""

from cases.collection import Cases
from cases.samples import leaf, numbers

CASES = Cases()
case = CASES.case


def tolerance(name):
    """Gradients come through bfloat16."""
    return {"torch.float32": (2e-2, 2e-2)}


def _operands(torch):
    return leaf(torch, numbers((3, 4), 0)), leaf(torch, numbers((4, 4), 1))


def _types(values):
    return [str(value.dtype) for value in values]


@case
def products_are_computed_in_the_lower_type(torch):
    x, w = _operands(torch)
    b, q = x.detach().view(1, 3, 4), torch.ones(1, 2, 3, 4)
    functional = torch.nn.functional
    with torch.autocast("cpu"):
        results = [
            x @ w,
            x.matmul(w),
            torch.mm(x, w),
            torch.bmm(b, w.view(1, 4, 4)),
            torch.addmm(w[:3], x, w),
            torch.baddbmm(b, b, w.view(1, 4, 4)),
            torch.einsum("ij,jk->ik", x, w),
            functional.linear(x, w),
            functional.conv1d(b, torch.ones(2, 3, 2)),
            functional.scaled_dot_product_attention(q, q, q),
        ]
    return [r.detach() for r in results], _types(results)


@case
def losses_are_computed_in_float32(torch):
    x = torch.from_numpy(numbers((3, 4), 0)).bfloat16()
    target, chances = torch.tensor([0, 3, 1]), torch.sigmoid(x)
    functional = torch.nn.functional
    with torch.autocast("cpu"):
        results = [
            functional.cross_entropy(x, target),
            functional.nll_loss(x, target),
            functional.mse_loss(x, chances),
            functional.l1_loss(x, chances),
            functional.smooth_l1_loss(x, chances),
            functional.huber_loss(x, chances),
            functional.kl_div(x, chances),
            functional.binary_cross_entropy(chances, chances),
            functional.binary_cross_entropy_with_logits(x, chances),
            torch.prod(x),
        ]
    return results, _types(results)


@case
def other_operators_keep_their_types(torch):
    x, _ = _operands(torch)
    y = x.detach()
    with torch.autocast("cpu"):
        results = [
            y + y.bfloat16(),
            torch.softmax(y, 1),
            torch.nn.functional.layer_norm(y.bfloat16(), (4,)),
            y.sum(),
            y.bfloat16().exp(),
            torch.dot(y[0], y[1]),
            torch.mv(y, y[0]),
            torch.outer(y[0], y[0]),
        ]
    return results, _types(results)


@case
def joined_tensors_take_the_wider_type(torch):
    x = torch.ones(2, 2)
    with torch.autocast("cpu"):
        return [
            torch.cat([x, x.bfloat16()]),
            torch.stack([x.bfloat16(), x]),
            torch.cat([x.bfloat16(), x.bfloat16()]),
        ]


@case
def float64_and_integers_are_left_alone(torch):
    x = torch.from_numpy(numbers((3, 3), 0)).double()
    with torch.autocast("cpu"):
        return [x @ x, torch.nn.functional.mse_loss(x, x), torch.ones(2, 2).long().sum()]


@case
def gradients_come_back_in_the_type_of_the_leaves(torch):
    x, w = _operands(torch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = torch.relu(x @ w)
        loss = torch.nn.functional.mse_loss(hidden @ w, torch.zeros(3, 4))
    loss.backward()
    return loss, x.grad, w.grad


@case
def float16_can_be_chosen(torch):
    x, w = _operands(torch)
    with torch.autocast("cpu", dtype=torch.float16):
        return (x @ w).detach(), torch.get_autocast_dtype("cpu")


@case
def contexts_nest_and_restore(torch):
    x, w = _operands(torch)
    seen = [torch.is_autocast_enabled("cpu")]
    with torch.autocast("cpu"):
        seen.append(torch.is_autocast_enabled("cpu"))
        with torch.autocast("cpu", enabled=False):
            seen += [torch.is_autocast_enabled("cpu"), str((x @ w).dtype)]
        seen.append(str((x @ w).dtype))
    seen += [torch.is_autocast_enabled("cpu"), str((x @ w).dtype)]
    return seen


@case
def a_decorated_function_runs_in_the_context(torch):
    x, w = _operands(torch)

    @torch.autocast("cpu")
    def product():
        return x @ w

    return str(product().dtype), torch.is_autocast_enabled("cpu")


@case
def without_cuda_its_autocast_does_nothing(torch):
    x, w = _operands(torch)
    with torch.autocast("cuda"):
        first = str((x @ w).dtype), torch.is_autocast_enabled()
    with torch.cuda.amp.autocast():
        return first, str((x @ w).dtype), torch.is_autocast_enabled("cpu")


@case
def an_unsupported_type_switches_it_off(torch):
    x, w = _operands(torch)
    with torch.autocast("cpu", dtype=torch.float64):
        return str((x @ w).dtype)


@case
def an_unknown_device_is_an_error(torch):
    return torch.autocast("toaster")


@case
def what_is_available(torch):
    devices = ("cpu", "cuda")
    return [torch.amp.is_autocast_available(d) for d in devices], [
        torch.get_autocast_dtype(d) for d in devices
    ]


def _doubling(torch, **options):
    class Doubling(torch.autograd.Function):
        @staticmethod
        @torch.amp.custom_fwd(device_type="cpu", **options)
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            ctx.types = [str(x.dtype), str((x @ w).dtype)]
            seen.extend(ctx.types)
            return x @ w

        @staticmethod
        @torch.amp.custom_bwd(device_type="cpu")
        def backward(ctx, grad):
            x, w = ctx.saved_tensors
            seen.append(torch.is_autocast_enabled("cpu"))
            return (grad @ w.t()).float(), (x.t() @ grad).float()

    seen = []
    return Doubling, seen


@case
def a_custom_function_keeps_the_state_for_its_backward(torch):
    x, w = _operands(torch)
    doubling, seen = _doubling(torch)
    with torch.autocast("cpu"):
        y = doubling.apply(x, w)
    y.float().sum().backward()
    return seen, y.detach(), x.grad, w.grad


@case
def a_custom_function_may_ask_for_a_type(torch):
    x, w = _operands(torch)
    doubling, seen = _doubling(torch, cast_inputs=torch.float32)
    with torch.autocast("cpu"):
        y = doubling.apply(x.bfloat16(), w)
    y.sum().backward()
    return seen, y.detach(), x.grad, w.grad


@case
def a_checkpoint_runs_again_under_the_autocast_of_the_first_time(torch):
    x, w = _operands(torch)
    for reentrant in (True, False):
        with torch.autocast("cpu"):
            y = torch.utils.checkpoint.checkpoint(
                lambda h: torch.tanh(h @ w), x * 1, use_reentrant=reentrant
            )
        y.float().sum().backward()
    return str(y.dtype), x.grad, w.grad


# Gradient scaling


@case
def a_scaler_skips_steps_that_overflow_and_adapts(torch):
    parameter = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)
    seen = []
    for factor in (1.0, float("inf"), 1.0, 1.0, float("nan"), 1.0):
        optimizer.zero_grad()
        scaler.scale((parameter * factor).sum()).backward()
        if factor == 1.0:
            scaler.unscale_(optimizer)
        seen.append(parameter.grad.clone())
        scaler.step(optimizer)
        scaler.update()
        seen += [parameter.detach().clone(), scaler.get_scale()]
    return seen, scaler.state_dict()


@case
def a_scaler_continues_from_a_state(torch):
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    other = torch.amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    return other.state_dict(), other.scale([torch.ones(2), (torch.ones(1),)])


@case
def a_disabled_scaler_does_nothing(torch):
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    x = torch.ones(2)
    return scaler.scale(x) is x, scaler.get_scale(), scaler.state_dict(), scaler.is_enabled()


@case
def without_cuda_its_scaler_is_disabled(torch):
    return torch.amp.GradScaler().is_enabled(), torch.cuda.amp.GradScaler().is_enabled()


@case
def gradients_are_unscaled_once(torch):
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(parameter.sum()).backward()
    scaler.unscale_(optimizer)
    scaler.unscale_(optimizer)


@case
def gradients_are_checked_and_unscaled_together(torch):
    found = torch.zeros(1)
    gradients = [torch.ones(3), torch.tensor([2.0, 4.0]).bfloat16(), torch.ones(2, 2)[:, 0]]
    torch._amp_foreach_non_finite_check_and_unscale_(gradients, found, torch.tensor([0.5]))
    first = found.clone()
    gradients.append(torch.tensor([1.0, float("inf")]))
    torch._amp_foreach_non_finite_check_and_unscale_(gradients, found, torch.tensor([0.5]))
    return gradients, first, found
