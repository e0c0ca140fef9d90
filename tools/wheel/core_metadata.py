# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Text of the METADATA, WHEEL and entry_points.txt files of a wheel.

Field names and their order of appearance follow the packaging standard's core metadata, version
2.4. Everything here is a pure function of its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

METADATA_VERSION = "2.4"
GENERATOR = "mindforge-wheel 1"

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_CONTENT_TYPES = {"md": "text/markdown", "rst": "text/x-rst"}


class WheelError(ValueError):
    """A wheel cannot be written as asked; the message says which part and why."""


@dataclass(frozen=True)
class Project:
    """What a wheel says about itself. Defaults mean 'leave the field out'."""

    distribution: str
    version: str
    summary: str = ""
    license: str = ""
    license_files: Sequence[str] = ()
    author: str = ""
    author_email: str = ""
    homepage: str = ""
    python_requires: str = ""
    classifiers: Sequence[str] = ()
    project_urls: Mapping[str, str] = field(default_factory=dict)
    requires: Sequence[str] = ()
    extra_requires: Mapping[str, Sequence[str]] = field(default_factory=dict)
    description: str = ""
    description_content_type: str = ""


def escaped_name(distribution: str) -> str:
    """Returns the distribution name as the file name and the .dist-info folder spell it."""
    if not _NAME.fullmatch(distribution):
        raise WheelError(f"distribution name {distribution!r} is not a valid project name")
    return re.sub(r"[-_.]+", "_", distribution).lower()


def escaped_version(version: str) -> str:
    """Returns the version as the file name spells it; '+' of a local version stays."""
    if not re.fullmatch(r"[A-Za-z0-9.+!_-]+", version):
        raise WheelError(f"version {version!r} holds characters that no version may have")
    return version.replace("-", "_")


def dist_info_folder(project: Project) -> str:
    """Returns the name of the .dist-info folder, without a trailing slash."""
    return f"{escaped_name(project.distribution)}-{escaped_version(project.version)}.dist-info"


def _single_line(name: str, value: str) -> str:
    if "\n" in value or "\r" in value:
        raise WheelError(f"metadata field {name} must be one line, got {value!r}")
    return f"{name}: {value}"


def _content_type(project: Project, description_path: str) -> str:
    if project.description_content_type:
        return project.description_content_type
    return _CONTENT_TYPES.get(description_path.rpartition(".")[2], "text/plain")


def metadata_text(project: Project, description_path: str = "") -> str:
    """Returns the METADATA file.

    Args:
        project: what to say.
        description_path: name of the file that the description was read from; its ending gives the
            content type unless the project states one.

    Raises:
        WheelError: a field holds a line break, or the name or version is not a valid one.
    """
    escaped_name(project.distribution)
    escaped_version(project.version)
    pairs: list[tuple[str, str]] = [
        ("Metadata-Version", METADATA_VERSION),
        ("Name", project.distribution),
        ("Version", project.version),
        ("Summary", project.summary),
        ("Author", project.author),
        ("Author-email", project.author_email),
        ("License-Expression", project.license),
    ]
    pairs += [("License-File", name) for name in sorted(project.license_files)]
    pairs += [("Classifier", name) for name in project.classifiers]
    if project.homepage:
        pairs.append(("Project-URL", f"Homepage, {project.homepage}"))
    pairs += [("Project-URL", f"{k}, {v}") for k, v in sorted(project.project_urls.items())]
    pairs.append(("Requires-Python", project.python_requires))
    pairs += [("Requires-Dist", requirement) for requirement in project.requires]
    for extra, requirements in sorted(project.extra_requires.items()):
        pairs.append(("Provides-Extra", extra))
        pairs += [("Requires-Dist", f"{r}; extra == '{extra}'") for r in requirements]
    if project.description:
        pairs.append(("Description-Content-Type", _content_type(project, description_path)))
    lines = [_single_line(name, value) for name, value in pairs if value]
    text = "\n".join(lines) + "\n"
    return f"{text}\n{project.description}" if project.description else text


def expanded_tags(python_tag: str, abi: str, platform: str) -> list[str]:
    """Returns every 'python-abi-platform' that a compressed tag set such as py2.py3 stands for."""
    return [
        f"{p}-{a}-{s}"
        for p in python_tag.split(".")
        for a in abi.split(".")
        for s in platform.split(".")
    ]


def wheel_text(python_tag: str, abi: str, platform: str) -> str:
    """Returns the WHEEL file. A wheel for platform 'any' is pure."""
    lines = [
        "Wheel-Version: 1.0",
        f"Generator: {GENERATOR}",
        f"Root-Is-Purelib: {'true' if platform == 'any' else 'false'}",
        *(f"Tag: {tag}" for tag in expanded_tags(python_tag, abi, platform)),
    ]
    return "\n".join(lines) + "\n"


def entry_points_text(groups: Mapping[str, Iterable[str]]) -> str:
    """Returns entry_points.txt for {'console_scripts': ['name = module:function', ...], ...}."""
    blocks = []
    for group, entries in sorted(groups.items()):
        for entry in entries:
            if not re.fullmatch(r"[^\s=][^=]*=\s*[\w.]+(:[\w.]+)?\s*(\[.*\])?", entry):
                raise WheelError(f"entry point {entry!r} of {group} is not 'name = module:object'")
        blocks.append("\n".join([f"[{group}]", *sorted(entries)]) + "\n")
    return "\n".join(blocks)
