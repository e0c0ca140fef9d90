# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluates texts under PyTorch for a test that runs under MindSpore.

Reads a pickled list of texts from standard input, writes the pickled list of results to standard
output. Started with the folder of native_calls.py.
"""

import inspect
import os
import pickle
import sys
import warnings


def signatures(torch, name):
    """Each signature of a function as a list of (parameter, keyword only, default or None)."""
    function = torch
    for part in name.split(".")[1:]:
        function = getattr(function, part)
    if inspect.isbuiltin(function):
        found = torch._C._jit_get_schemas_for_operator(f"aten::{function.__name__}")
        return [[_argument(argument) for argument in schema.arguments] for schema in found]
    every = [inspect.signature(function)]
    if "args" in every[0].parameters:
        # One of two functions, depending on an argument: both are in the closure.
        cells = [cell.cell_contents for cell in function.__closure__]
        every = [inspect.signature(cell) for cell in cells if inspect.isfunction(cell)]
    return [[_parameter(p) for p in signature.parameters.values()] for signature in every]


def _argument(argument):
    name = "input" if argument.name == "self" else argument.name
    default = repr(argument.default_value) if argument.has_default_value() else None
    return [name, argument.kwarg_only, default]


def _parameter(parameter):
    default = None if parameter.default is parameter.empty else repr(parameter.default)
    return [parameter.name, parameter.kind is parameter.KEYWORD_ONLY, default]


def main() -> None:
    """Answer one list."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.path.insert(0, sys.argv[1])
    warnings.simplefilter("ignore")
    import torch

    from native_calls import Framework

    torch.set_num_threads(1)

    def plain(value):
        array = value.detach().resolve_conj().resolve_neg().contiguous().numpy()
        return str(value.dtype).removeprefix("torch."), array

    framework = Framework(
        {"torch": torch, "signatures": lambda name: signatures(torch, name)},
        torch.from_numpy,
        plain,
    )
    texts = pickle.load(sys.stdin.buffer)
    pickle.dump([framework.evaluate(text) for text in texts], answers)
    answers.close()


if __name__ == "__main__":
    main()
