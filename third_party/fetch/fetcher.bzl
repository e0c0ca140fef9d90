# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts //third_party/fetch from a repository rule."""

# Exit status of the program for a file that no index offers.
UNAVAILABLE = 3

def host_python(ctx):
    """The path of the Python 3.11 that @local_python found."""
    return ctx.read(Label("@local_python//:interpreter")).strip()

def run_fetcher(ctx, progress, arguments):
    """Runs one command of //third_party/fetch:fetch.py.

    What it fetches is checked against a hash, so a repository depends on its pin and not on the
    program: editing the program fetches nothing again.

    Args:
      ctx: a repository context.
      progress: what to tell the user meanwhile.
      arguments: of the program.

    Returns:
      The result, whose return_code is 0, 1 or UNAVAILABLE.
    """
    ctx.report_progress(progress)
    return ctx.execute(
        [host_python(ctx), "-s", "-P", "-B", "-m", "third_party.fetch.fetch"] + arguments,
        environment = {"PYTHONPATH": workspace_path(ctx)},
        timeout = 3600,
    )

def workspace_path(ctx):
    """The path of this workspace.

    A file below it that is named by this path and not by a label may change without making the
    repository again.
    """
    return str(ctx.path(Label("//third_party/fetch:BUILD.bazel")).dirname.dirname.dirname)

def source_path(label):
    """A label of this workspace as the path that a user sees."""
    return label.package + "/" + label.name if label.package else label.name

def skipped(ctx, reason):
    """The line that says which repository could not be had and what follows from it."""
    return "{}. What needs @{} is skipped until then; to try again: bazel sync --only={}".format(
        reason.strip(),
        ctx.name,
        ctx.name,
    )
