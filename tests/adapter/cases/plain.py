# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Results of a case as plain data that two processes can exchange and compare.

A case is a function of one argument, the torch module, and returns tensors, numbers, strings, or
nested containers of them. Where it raises, its result is the class of the error.
"""

from typing import Any


def plain(torch: Any, value: Any) -> Any:
    """The value with every tensor replaced by its type, shape and elements."""
    if isinstance(value, torch.Tensor):
        wide = value.detach()
        if wide.dtype == torch.bfloat16:
            wide = wide.float()
        return {
            "dtype": str(value.dtype),
            "shape": tuple(value.shape),
            "requires_grad": value.requires_grad,
            "array": wide.contiguous().numpy().copy(),
        }
    if isinstance(value, dict):
        return {str(key): plain(torch, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(torch, item) for item in value]
    if isinstance(value, (bool, int, float, str, bytes, type(None))):
        return value
    return str(value)


# NotImplementedError is a RuntimeError; whichever torch raises, what callers catch is one of these.
ERRORS = (IndexError, KeyError, TypeError, ValueError, AttributeError, RuntimeError)


def run(torch: Any, case: Any) -> Any:
    """The plain result of a case, or the class of its error."""
    try:
        return plain(torch, case(torch))
    except Exception as error:
        kind = next((k for k in ERRORS if isinstance(error, k)), type(error))
        return {"error": kind.__name__, "message": str(error)}
