# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Objects that are saved as their state."""

from typing import Any, Protocol, TypeVar, runtime_checkable

from mstorch._errors import module_getattr


@runtime_checkable
class Stateful(Protocol):
    """Anything with these two methods."""

    def state_dict(self) -> dict[str, Any]:
        """The state."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state."""


StatefulT = TypeVar("StatefulT", bound=Stateful)

__getattr__ = module_getattr("torch.distributed.checkpoint.stateful")
