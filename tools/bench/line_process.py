# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The other side of a benchmark: a process that answers each line of input with one of output."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from types import TracebackType


class LineProcess:
    """A started command, asked line by line; a context manager that ends it."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, line: str) -> str:
        """The answer to one line; RuntimeError if the process has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the process ended at {line}; its message is above")
        return answer

    def __enter__(self) -> LineProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
