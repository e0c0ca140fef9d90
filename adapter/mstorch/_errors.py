# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How an absent API shows itself."""

from mstorch._absent import reason_for


class MissingAPI(NotImplementedError, AttributeError):
    """A torch name that mstorch does not have.

    Calling code sees NotImplementedError with the full torch name. It is an AttributeError too, so
    that probes such as `hasattr(torch, "x")` and `from torch import x` inside try/except answer
    "not there" and not crash.
    """


def missing(name: str, reason: str = "") -> MissingAPI:
    """The error for the torch name `name`, such as `torch.fft.fft`."""
    reason = reason or reason_for(name)
    return MissingAPI(f"{name} is not implemented by mstorch{': ' + reason if reason else ''}")


def module_getattr(module: str):
    """A module-level __getattr__ for the module whose torch name is `module`."""

    def __getattr__(name: str):  # noqa: N807  the module protocol
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise missing(f"{module}.{name}")

    return __getattr__


def absent_function(name: str, reason: str = ""):
    """A function that can be imported and passed around, and says what is missing when it is
    called.
    """

    def call(*args, **kwargs):
        raise missing(name, reason)

    call.__name__ = name.rpartition(".")[2]
    call.__qualname__ = call.__name__
    call.__doc__ = f"{name} is not implemented by mstorch; calling it raises NotImplementedError."
    call.absent_because = reason
    return call


def absent_class(name: str, reason: str = "", base: type = object) -> type:
    """A class that can be imported, subclassed and tested with isinstance, and cannot be
    instantiated.
    """

    def __init__(self, *args, **kwargs):  # noqa: N807  it becomes a method
        raise missing(name, reason)

    __init__.absent_because = reason
    doc = f"{name} is not implemented by mstorch; creating one raises NotImplementedError."
    members = {
        "__init__": __init__,
        "__doc__": doc,
        "__class_getitem__": classmethod(lambda cls, item: cls),
    }
    return type(name.rpartition(".")[2], (base,), members)


def absent_because(api) -> str | None:
    """Why calling a function or creating a class raises `missing`, "" if nothing more is known;
    None if it does not.

    A class that overrides what an absent one lacks is there.
    """
    call = api.__init__ if isinstance(api, type) else api
    return getattr(call, "__dict__", {}).get("absent_because")


def of_shapes(error: ValueError) -> Exception:
    """torch's RuntimeError where NumPy says that shapes do not fit; any other error as it is."""
    return RuntimeError(str(error)) if "broadcast" in str(error) else error
