# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Versions of what this workspace hands out. Versions of what it takes in are in upstreams.bzl."""

# Of every distribution whose sources are here: torch2ms, mstorch, msops, mstrain.
VERSION = "0.1.0"

# Local version of converted distributions: `0.12.1` of an upstream becomes `0.12.1+mf1`. Raise it when
# the converted files change while the upstream's version stays.
CONVERTED_REVISION = "mf1"

def converted_version(upstream_version):
    """Returns the version of the converted form of an upstream.

    Args:
      upstream_version: public version as in the table of pins.
    """
    return "{}+{}".format(upstream_version, CONVERTED_REVISION)
