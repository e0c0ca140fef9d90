# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Is this version inside that range? The part of PEP 440 that pins and recipes need.

Versions are `N(.N)*` with an optional a/b/rc, .post, .dev and +local part; ranges are comma
separated `==`, `!=`, `>=`, `<=`, `>`, `<`. A local part is ignored unless the range names one.
"""

from __future__ import annotations

import re

_VERSION = re.compile(
    r"v?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[._-]?(?P<pre>a|b|rc)[._-]?(?P<pre_number>\d*))?"
    r"(?:[._-]?post[._-]?(?P<post>\d*))?"
    r"(?:[._-]?dev[._-]?(?P<dev>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[._-][a-z0-9]+)*))?",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"\s*(==|!=|>=|<=|>|<)\s*(\S+?)\s*")

_Key = tuple[tuple[int, ...], int, int, int, int]


def contains(versions: str, version: str) -> bool:
    """Whether `version` is in the range; raises ValueError for text that is neither."""
    key, local = _parse(version)
    return all(
        _satisfies(key, local, operator, bound)
        for operator, bound in (_clause(clause) for clause in versions.split(","))
    )


def _clause(clause: str) -> tuple[str, str]:
    found = _CLAUSE.fullmatch(clause)
    if found is None:
        raise ValueError(f"{clause.strip()!r} is not a version range such as >=1.2,<1.3")
    return found.group(1), found.group(2)


def _satisfies(key: _Key, local: str | None, operator: str, bound: str) -> bool:
    bound_key, bound_local = _parse(bound)
    same = key == bound_key and (bound_local is None or bound_local == local)
    results = {
        "==": same,
        "!=": not same,
        ">=": key >= bound_key,
        "<=": key <= bound_key,
        ">": key > bound_key,
        "<": key < bound_key,
    }
    return results[operator]


def _parse(version: str) -> tuple[_Key, str | None]:
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError(f"{version!r} is not a version such as 1.2.3")
    release = tuple(int(part) for part in found["release"].split("."))
    while len(release) > 1 and release[-1] == 0:
        release = release[:-1]
    dev = -1 if found["dev"] is None else int(found["dev"] or 0)
    post = -1 if found["post"] is None else int(found["post"] or 0)
    if found["pre"]:
        phase = {"a": 1, "b": 2, "rc": 3}[found["pre"].lower()]
    else:
        # 1.0.dev1 comes before 1.0a1, 1.0 after 1.0rc1.
        phase = 0 if dev >= 0 and post < 0 else 4
    before_dev = dev if dev >= 0 else 1 << 62
    return (release, phase, int(found["pre_number"] or 0), post, before_dev), found["local"]
