# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Which compiled module serves this process, and whether it may be loaded at all."""

import functools
import importlib
from types import ModuleType
from typing import NamedTuple

import mindspore  # before the compiled modules: they link against its libraries

from msops import _build


class VersionInfo(NamedTuple):
    """What this copy of msops is and what it was built for.

    `cann` is the version of the CANN toolkit that the Ascend module was compiled against, None in a
    build for the CPU alone.
    """

    msops: str
    mindspore: str
    cann: str | None


version_info = VersionInfo(_build.MSOPS, _build.MINDSPORE, _build.CANN)

# MindSpore device target -> compiled module.
_MODULES = {"CPU": "msops._C", "Ascend": "msops._C_ascend"}


def _refuse_other_mindspore() -> None:
    """MindSpore's C++ classes change between versions: a module built for another would crash."""
    if mindspore.__version__ != version_info.mindspore:
        raise ImportError(
            f"msops {version_info.msops} was built for MindSpore {version_info.mindspore} and "
            f"cannot be loaded under MindSpore {mindspore.__version__}; install "
            f"mindspore=={version_info.mindspore} or an msops built for {mindspore.__version__}."
        )


@functools.cache
def native() -> ModuleType:
    """The compiled module for the device that MindSpore runs on; chosen at the first call and kept.

    Raises:
        ImportError: this copy of msops has no module for the device.
    """
    target = mindspore.get_context("device_target")
    try:
        return importlib.import_module(_MODULES[target])
    except (KeyError, ModuleNotFoundError) as error:
        raise ImportError(
            f"msops {version_info.msops} has no operators for the device {target}; it was built "
            f"for {'CPU' if version_info.cann is None else 'CPU and Ascend'}."
        ) from error


_refuse_other_mindspore()
