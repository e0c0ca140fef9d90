# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.apply_adamw and msops.global_norm against float64."""

import mindspore
import numpy as np
import pytest

import imperative
import msops

SETTINGS = {
    "lr": 1e-2,
    "beta1": 0.9,
    "beta2": 0.95,
    "eps": 1e-8,
    "weight_decay": 0.1,
    "gradient_scale": 0.5,
}
SHAPES = [(5,), (3, 7), (), (0, 4), (257, 129)]

# dtype of parameters, of gradients, of the moments, and the error allowed in a parameter
DTYPES = [
    pytest.param(mindspore.float64, mindspore.float64, mindspore.float64, 1e-14, id="float64"),
    pytest.param(mindspore.float32, mindspore.float32, mindspore.float32, 5e-7, id="float32"),
    pytest.param(mindspore.float16, mindspore.float16, mindspore.float32, 2**-11, id="float16"),
    pytest.param(mindspore.bfloat16, mindspore.float32, mindspore.float32, 2**-8, id="bfloat16"),
]


def tensors(seed: int, dtype: mindspore.dtype) -> list[mindspore.Tensor]:
    generator = np.random.default_rng(seed)
    return [
        mindspore.Tensor(np.asarray(generator.standard_normal(shape))).astype(dtype)
        for shape in SHAPES
    ]


def values_now(tensor: mindspore.Tensor) -> np.ndarray:
    """A float64 copy, which a step in place does not reach."""
    return imperative.values(tensor).copy()


def reference(p, g, m, v, step, decoupled):
    """p, m and v after one step in float64, by the formulas of the docstring."""
    s = SETTINGS
    g = g * s["gradient_scale"]
    if decoupled:
        p = p * (1 - s["lr"] * s["weight_decay"])
    else:
        g = g + s["weight_decay"] * p
    m = m + (1 - s["beta1"]) * (g - m)
    v = s["beta2"] * v + (1 - s["beta2"]) * g**2
    divisor = np.sqrt(v) / np.sqrt(1 - s["beta2"] ** step) + s["eps"]
    return p - s["lr"] / (1 - s["beta1"] ** step) * m / divisor, m, v


def assert_close(actual: mindspore.Tensor, expected: np.ndarray, tolerance: float) -> None:
    scale = np.max(np.abs(expected), initial=0.0)
    np.testing.assert_allclose(imperative.values(actual), expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("decoupled", [True, False])
@pytest.mark.parametrize("with_masters", [False, True])
@pytest.mark.parametrize(("dtype", "gradient_dtype", "state_dtype", "tolerance"), DTYPES)
def test_three_steps_agree_with_float64(
    dtype, gradient_dtype, state_dtype, tolerance, with_masters, decoupled
):
    parameters = tensors(1, dtype)
    averages = [p.astype(state_dtype) * 0.1 for p in parameters]
    squares = [p.astype(state_dtype) ** 2 for p in parameters]
    masters = [p.astype(state_dtype) * 1.0 for p in parameters] if with_masters else []
    exact = [[values_now(t) for t in row] for row in (parameters, averages, squares)]
    state_tolerance = 1e-14 if state_dtype == mindspore.float64 else 5e-7
    for step in (1, 2, 3):
        gradients = tensors(10 + step, gradient_dtype)
        msops.apply_adamw(
            parameters,
            gradients,
            averages,
            squares,
            masters,
            step=step,
            decoupled=decoupled,
            **SETTINGS,
        )
        for i, gradient in enumerate(map(imperative.values, gradients)):
            p, m, v = (row[i] for row in exact)
            p, m, v = reference(p, gradient, m, v, step, decoupled)
            assert_close(parameters[i], p, tolerance)
            assert_close(averages[i], m, 3 * state_tolerance)
            assert_close(squares[i], v, 3 * state_tolerance)
            if with_masters:
                assert_close(masters[i], p, 3 * state_tolerance)
            # Without masters the next step begins at what was rounded.
            exact[0][i] = p if with_masters else values_now(parameters[i])
            exact[1][i], exact[2][i] = m, v


def test_a_step_runs_in_order_with_mindspores_own_operators():
    parameter = mindspore.Tensor(np.ones((64, 64), np.float32))
    average, square = parameter * 0.0, parameter * 0.0
    for step in range(1, 101):
        gradient = parameter * 2.0  # reads what the step before wrote
        msops.apply_adamw(
            [parameter],
            [gradient],
            [average],
            [square],
            step=step,
            **(SETTINGS | {"gradient_scale": 1.0}),
        )
    p, m, v = np.float64(1), np.float64(0), np.float64(0)
    for step in range(1, 101):
        p, m, v = reference(p, 4 * p, m, v, step, True)
    np.testing.assert_allclose(parameter.asnumpy(), p, rtol=1e-4)


def test_gradients_that_are_views_are_read_as_they_are():
    values = np.random.default_rng(1).standard_normal((4, 3)).astype(np.float32)
    results = []
    for gradient in (mindspore.Tensor(values).T, mindspore.Tensor(values.T.copy())):
        parameter, average, square = (mindspore.Tensor(np.ones((3, 4), np.float32)) for _ in "pmv")
        msops.apply_adamw([parameter], [gradient], [average], [square], step=1, **SETTINGS)
        results.append(parameter.asnumpy())
    np.testing.assert_array_equal(*results)


def ones(*shape: int, dtype: mindspore.dtype = mindspore.float32) -> list[mindspore.Tensor]:
    return [mindspore.Tensor(np.ones(shape)).astype(dtype)]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"gradients": []}, ValueError, "gradients has 0 tensors, parameters has 1"),
        (
            {"squares": ones(3)},
            ValueError,
            r"squares\[0\] must have the shape of parameters\[0\]; .* is \(2, 3\), .* is \(3,\)",
        ),
        (
            {"averages": ones(2, 3, dtype=mindspore.float16)},
            TypeError,
            r"averages\[0\] must be float32, got float16",
        ),
        (
            {"gradients": ones(2, 3, dtype=mindspore.bfloat16)},
            TypeError,
            r"gradients\[0\] must be float32, got bfloat16",
        ),
        (
            {"parameters": ones(2, 3, dtype=mindspore.int32)},
            TypeError,
            r"parameters\[0\] must be float16, .* got int32",
        ),
        (
            {"parameters": [ones(3, 2)[0].T]},
            ValueError,
            r"parameters\[0\] is changed in place and must be contiguous",
        ),
        ({"masters": ones(2, 3) * 2}, ValueError, "masters has 2 tensors, parameters has 1"),
        ({"averages": [None]}, TypeError, r"averages\[0\] must be a mindspore.Tensor, got None"),
        ({"lr": -1.0}, ValueError, "lr must be finite and not below 0"),
        ({"beta1": 1.0}, ValueError, r"beta1 must be in \[0, 1\), got 1"),
        ({"beta2": float("nan")}, ValueError, r"beta2 must be in \[0, 1\), got nan"),
        ({"eps": float("inf")}, ValueError, "eps must be finite"),
        ({"step": 0}, ValueError, "step must be at least 1, got 0"),
        ({"weight_decay": "much"}, TypeError, "weight_decay must be a number, got str"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_changed(change, error, message):
    arguments = {name: ones(2, 3) for name in ("parameters", "gradients", "averages", "squares")}
    arguments |= SETTINGS | {"step": 1} | change
    with pytest.raises(error, match=rf"msops\.apply_adamw: {message}"):
        msops.apply_adamw(**arguments)
    for tensor in arguments["squares"]:
        np.testing.assert_array_equal(imperative.values(tensor), 1.0)


def test_no_parameters_are_no_work():
    msops.apply_adamw([], [], [], [], step=1, **SETTINGS)


@pytest.mark.parametrize(
    "dtype", [mindspore.float64, mindspore.float32, mindspore.float16, mindspore.bfloat16]
)
def test_the_norm_is_the_root_of_all_squares(dtype):
    several = [*tensors(1, dtype), tensors(2, dtype)[1].T]
    norm = msops.global_norm(several)
    expected = np.sqrt(sum(np.sum(imperative.values(t) ** 2) for t in several))
    assert (norm.dtype, norm.shape) == (mindspore.float32, ())
    np.testing.assert_allclose(norm.asnumpy(), expected, rtol=1e-7)


def test_the_norm_of_nothing_is_zero():
    assert msops.global_norm([]).asnumpy() == 0
    assert msops.global_norm([mindspore.Tensor(np.zeros((0, 3), np.float32))]).asnumpy() == 0


def test_a_norm_of_something_else_is_refused():
    with pytest.raises(
        TypeError, match=r"msops\.global_norm: tensors\[1\] must be float16, .*bool"
    ):
        msops.global_norm([*ones(2), *ones(2, dtype=mindspore.bool_)])
