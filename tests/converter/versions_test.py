# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Version ranges as recipes and pins use them."""

import pytest

from torch2ms.versions import contains

INSIDE = [
    (">=0.12.1,<0.12.2", "0.12.1"),
    (">=0.12.1,<0.12.2", "0.12.1.post1"),
    (">=0.12.1,<0.12.2", "0.12.1+mf1"),
    ("==1.0", "1.0.0"),
    ("==1.0", "1+local"),
    ("==1.0+local", "1.0+local"),
    ("!=1.0", "1.0.1"),
    (">1.0", "1.0.post1"),
    ("<1.0", "1.0rc2"),
    ("<1.0rc1", "1.0b3"),
    ("<1.0a1", "1.0.dev4"),
    (">=2", "10"),
    (" >= 1 , < 2 ", "v1.5"),
]
OUTSIDE = [
    (">=0.12.1,<0.12.2", "0.12.2"),
    (">=0.12.1,<0.12.2", "0.12.1rc1"),
    (">=0.12.1,<0.12.2", "0.12"),
    ("==1.0+local", "1.0"),
    ("!=1.0", "1.0+local"),
    ("<10", "10.0"),
]


@pytest.mark.parametrize(("versions", "version"), INSIDE)
def test_a_version_inside_of_a_range(versions, version):
    assert contains(versions, version)


@pytest.mark.parametrize(("versions", "version"), OUTSIDE)
def test_a_version_outside_of_a_range(versions, version):
    assert not contains(versions, version)


@pytest.mark.parametrize(
    ("versions", "version"), [("1.0", "1.0"), (">=x", "1"), (">=1", "x"), ("", "1")]
)
def test_text_that_is_no_version_is_refused(versions, version):
    with pytest.raises(ValueError, match="is not a version"):
        contains(versions, version)
