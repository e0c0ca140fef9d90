# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Which arguments a function, method or class takes by name.

Runs in both Pythons, beside torch_names.py and mstorch_names.py.
"""

import inspect
import re

_VARIABLE = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def names(api: object) -> list[str] | None:
    """The names of the arguments, sorted, without private ones; None where they are not known.

    A function of torch's C++ core has no signature: its docstring begins with one.
    """
    try:
        parameters = inspect.signature(api).parameters.values()
    except (TypeError, ValueError):
        return public(_documented(api))
    if any(parameter.kind in _VARIABLE for parameter in parameters):
        return None
    return public({p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY})


def public(found: set[str] | None) -> list[str] | None:
    """Those that a caller names, sorted; None for None."""
    if found is None:
        return None
    return sorted(name for name in found if name != "self" and name[0] != "_")


def _documented(api: object) -> set[str] | None:
    """The arguments of all forms that a docstring shows on lines of their own: f(a, *, b=1).

    None where it shows none.
    """
    name = re.escape(getattr(api, "__name__", ""))
    shown = rf"^(?:\.\. (?:function|method):: )?(?:\w+\.)*{name}\((.*?)\) ?(?:->.*)?$"
    forms = re.findall(shown, api.__doc__ or "", re.MULTILINE)
    found = set()
    for arguments in forms:
        # Defaults may be calls or tuples: what is left of = and outside of brackets is a name.
        plain = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|'[^']*'", "", arguments)
        found |= {argument.partition("=")[0].partition(":")[0] for argument in plain.split(",")}
    stripped = {text.strip() for text in found}
    return {name for name in stripped if name.isidentifier()} if forms else None
