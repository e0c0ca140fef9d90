# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Importing mstorch leaves MindSpore as it was for code that does not use mstorch."""

import json
import pathlib
import subprocess
import sys
import tempfile

import pytest

_SURFACE = """
import json, sys
import mindspore
if sys.argv[1] == "with":
    import mstorch
kinds = (mindspore.Tensor, *mindspore.Tensor.__mro__[1:-1], mindspore.Parameter, mindspore.nn.Cell)
modules = (mindspore, mindspore.ops, mindspore.mint, mindspore.mint.nn.functional)
surface = {
    **{k.__name__: {n: repr(type(v)) for n, v in sorted(vars(k).items())} for k in kinds},
    **{m.__name__: sorted(n for n in vars(m) if not n.startswith("_")) for m in modules},
}
functions = {n: getattr(v, "__qualname__", "") for n, v in sorted(vars(mindspore.Tensor).items())}
print(json.dumps([surface, functions]))
"""

_PROGRAM = """
import sys
import numpy
if sys.argv[1] == "with":
    import mstorch
    mstorch.ones(2, requires_grad=True).sum().backward()
import mindspore
from mindspore import Tensor, nn, ops
x = Tensor(numpy.arange(6, dtype=numpy.float32).reshape(2, 3))
net = nn.Dense(3, 2, weight_init="ones", bias_init="zeros")
step = mindspore.value_and_grad(lambda v: ops.tanh(net(v)).sum(), None, net.trainable_params())
value, grads = step(x)
results = [x.shape, x.size, x.dtype, x.T, x + 1, x[0], x > 2, type(x + 1), value, *grads]
results += [mindspore.grad(ops.sin)(x), type(x), numpy.geterr()]
print(results)
"""


_STATE = """
import json, os, random, signal, sys, threading, warnings
import mindspore, numpy
random.seed(3), numpy.random.seed(4), mindspore.set_seed(5)
if sys.argv[1] == "with":
    import mstorch
    mstorch.manual_seed(6)
    mstorch.rand(2, requires_grad=True).sum().backward()
print(json.dumps({
    "environment": sorted(os.environ.items()),
    "warnings": [repr(entry) for entry in warnings.filters],
    "numpy errors": numpy.geterr(),
    "numpy printing": repr(sorted(numpy.get_printoptions().items())),
    "numpy types": sorted(map(repr, numpy.sctypeDict.values())),
    "streams": [repr(random.getstate()), repr(numpy.random.get_state())],
    "signals": [repr(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM)],
    "hooks": [sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__,
              threading.excepthook is threading.__excepthook__],
    "builtins": sorted(vars(__import__("builtins"))),
    "recursion": sys.getrecursionlimit(),
    "mode": mindspore.get_context("mode"),
    "device": mindspore.get_context("device_target"),
    "deterministic": mindspore.get_context("deterministic"),
    "seed": mindspore.get_seed(),
    "rng": mindspore.get_rng_state().asnumpy().tolist(),
    "recording": mindspore._c_expression.PyNativeExecutor_.get_instance().enable_grad(),
}))
"""


def _run(program: str, mode: str) -> str:
    """What a program prints in a process of its own."""
    # MindSpore leaves files in the working directory when it fails.
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", program, mode],
            check=True,
            capture_output=True,
            text=True,
            cwd=folder,
        )
        assert list(pathlib.Path(folder).iterdir()) == []
    return done.stdout


def test_importing_mstorch_adds_nothing_to_mindspore_and_changes_nothing() -> None:
    plain, ours = (json.loads(_run(_SURFACE, mode)) for mode in ("without", "with"))
    assert ours == plain


def test_no_state_of_the_process_changes_but_how_mindspore_launches() -> None:
    plain, ours = (json.loads(_run(_STATE, mode)) for mode in ("without", "with"))
    different = {name: (plain[name], ours[name]) for name in plain if plain[name] != ours[name]}
    assert different == {}


def test_mindspore_launches_blocking_once_mstorch_is_imported() -> None:
    said = [_run(_SWITCHES, mode).split() for mode in ("without", "with")]
    assert said == [["False"], ["True"]]


def test_a_mindspore_program_computes_the_same_beside_mstorch() -> None:
    assert _run(_PROGRAM, "with") == _run(_PROGRAM, "without")


def test_torch_is_not_needed_and_not_imported() -> None:
    program = "import sys, mstorch; print([n for n in sys.modules if n.split('.')[0] == 'torch'])"
    assert _run(program, "") == "[]\n"


@pytest.mark.parametrize("operation", ["x + 1", "x.sum()", "x[0]", "x.t()", "x > 0", "x.exp()"])
def test_results_are_tensors_of_mstorch_and_of_mindspore(operation: str) -> None:
    import mindspore

    import mstorch

    x = mstorch.ones(2, 3)
    result = eval(operation, {"x": x})
    assert type(result) is mstorch.Tensor
    assert isinstance(result, mindspore.Tensor)


_SWITCHES = """
import sys
import mindspore
if sys.argv[1] == "with":
    import mstorch
print(mindspore._c_expression.RuntimeConf.get_instance().is_launch_blocking())
"""

_ELSEWHERE = """
import mindspore
mindspore.get_context = lambda name: "Ascend"
try:
    import mstorch
except NotImplementedError as error:
    print(error)
"""


def test_another_device_is_refused_with_the_remedy() -> None:
    said = _run(_ELSEWHERE, "")
    assert "on the CPU only" in said
    assert "device is Ascend" in said
    assert 'mindspore.set_device("CPU")' in said
