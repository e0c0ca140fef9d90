# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What the pickles of torch call things: the names that are written, and those that may be read.

Classes of mstorch whose module has its place in torch's tree are written under torch's name, so
that torch finds them; everything else keeps its own name.
"""

import collections
import functools
import importlib
import pickle
from _codecs import encode
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

from mstorch import _device, _dtypes, _random, _storage
from mstorch._errors import absent_function, missing
from mstorch._serialization import _rebuild
from mstorch._tensor import Tensor
from mstorch.nn.parameter import Parameter

# Never loaded in safe mode, whatever a caller allows.
_BLOCKED = frozenset(("sys", "os", "posix", "nt"))
_ABSENT_REBUILDERS = (
    "_rebuild_qtensor",
    "_rebuild_sparse_tensor",
    "_rebuild_meta_tensor_no_storage",
    "_rebuild_nested_tensor",
    "_rebuild_wrapper_subclass",
    "_rebuild_device_tensor_from_numpy",
    "_rebuild_device_tensor_from_cpu_tensor",
)
# Element types of torch that mstorch has no name for.
_ABSENT_TYPES = frozenset(
    [
        "uint16",
        "uint32",
        "uint64",
        "complex32",
        "bits1x8",
        "bits2x4",
        "bits4x2",
        "bits8",
        "bits16",
        "float4_e2m1fn_x2",
        "float8_e4m3fnuz",
        "float8_e5m2fnuz",
        "float8_e8m0fnu",
        "qint8",
        "qint32",
        "quint8",
        "quint4x2",
        "quint2x4",
        "QInt8Storage",
        "QInt32Storage",
        "QUInt8Storage",
        "QUInt4x2Storage",
        "QUInt2x4Storage",
    ]
)

# What callers of add_safe_globals allow.
allowed_by_user: set = set()


def _shared() -> dict:
    """The objects that have one name in torch and another place here."""
    return {
        "torch.Size": _device.Size,
        "torch.Tensor": Tensor,
        "torch.device": _device.device,
        "torch.nn.parameter.Parameter": Parameter,
        "torch.serialization._get_layout": _device.layout_named,
        "torch._utils._rebuild_parameter": _rebuild.rebuild_parameter,
        "torch._utils._rebuild_parameter_with_state": _rebuild.rebuild_parameter_with_state,
        "torch._utils._rebuild_tensor": _rebuild.rebuild_tensor,
        "torch._utils._rebuild_tensor_v2": _rebuild.rebuild_tensor_v2,
        "torch._utils._rebuild_tensor_v3": _rebuild.rebuild_tensor_v3,
        "torch._tensor._rebuild_from_type_v2": _rebuild.rebuild_from_type_v2,
        "torch.storage.UntypedStorage": _storage.UNTYPED,
        **{f"torch.{kind.name}": kind for kind in _storage.STORAGE_TYPES.values()},
        **{f"torch.{kind.name}": kind for kind in _dtypes.ALL.values()},
    }


@functools.cache
def safe() -> dict:
    """What torch's weights_only mode allows, by torch's name."""
    return {
        **_shared(),
        **{f"torch._utils.{n}": absent_function(f"torch._utils.{n}") for n in _ABSENT_REBUILDERS},
        "collections.OrderedDict": collections.OrderedDict,
        "collections.Counter": collections.Counter,
        "_codecs.encode": encode,
        "builtins.bytearray": bytearray,
        "builtins.set": set,
        "builtins.complex": complex,
    }


@functools.cache
def _written() -> dict:
    names = {**_shared(), "torch._C.Generator": _random.Generator}
    return {id(value): name.rpartition(".")[::2] for name, value in names.items()}


def torch_name(value):
    """The module and name that torch knows an object of mstorch by; None for any other object."""
    known = _written().get(id(value))
    if known is not None:
        return known
    module = getattr(value, "__module__", None)
    if isinstance(module, str) and module.startswith("mstorch.distributed."):
        return "torch" + module[len("mstorch") :], value.__qualname__
    return None


def user_allowed() -> dict:
    """What callers of add_safe_globals allow, by each name that a file may use for it."""
    allowed = {}
    for entry in allowed_by_user:
        if isinstance(entry, tuple):
            if len(entry) != 2 or not isinstance(entry[1], str):
                raise ValueError(f"expected a pair of an object and its full name, got {entry!r}")
            allowed[entry[1]] = entry[0]
            continue
        allowed[f"{entry.__module__}.{entry.__qualname__}"] = entry
        name = torch_name(entry)
        if name is not None:
            allowed[".".join(name)] = entry
    return allowed


def modern(module, name):
    """The name of today for one of Python 2, which pickles up to protocol 2 have."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def find_safe(module, name):
    """The object of a name that safe mode allows; UnpicklingError for any other."""
    module, name = modern(module, name)
    full = f"{module}.{name}"
    if module in _BLOCKED:
        raise pickle.UnpicklingError(
            f"Trying to load unsupported GLOBAL {full} whose module {module} is blocked."
        )
    found = safe().get(full)
    found = user_allowed().get(full) if found is None else found
    if found is not None:
        return found
    _check_type(module, name)
    shown = full.removeprefix("builtins.")
    raise pickle.UnpicklingError(
        f"Unsupported global: GLOBAL {shown} was not an allowed global by default. Where you trust "
        f"the file, allow it with torch.serialization.add_safe_globals([{shown}]) or load the file "
        "with weights_only=False, which runs whatever code it names."
    )


def find_torch(module, name):
    """The object that stands for one of torch; UnpicklingError where mstorch has none."""
    full = f"{module}.{name}"
    found = {**safe(), "torch._C.Generator": _random.Generator}.get(full)
    if found is not None:
        return found
    _check_type(module, name)
    try:
        found = importlib.import_module("mstorch" + module.removeprefix("torch"))
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise pickle.UnpicklingError(
            f"the file has an object of {full}, which mstorch does not have"
        ) from error
    return found


def _check_type(module, name):
    if module == "torch" and name in _ABSENT_TYPES:
        raise missing(f"torch.{name}", "mstorch has no such element type")
