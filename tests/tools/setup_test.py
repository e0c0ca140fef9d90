# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""tools/setup on machines that lack something, each played by a PATH of small scripts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SETUP = Path("tools/setup").absolute()

GOOD_PYTHON = "echo 'at /usr/bin/python3.11'"
HARMLESS = {"bazel": "", "javac": "", "g++": "", "id": "echo 0", "python3": GOOD_PYTHON}

# An apt-get that notes its arguments and puts a command for each package it installs on PATH.
APT = """
echo "$@" >> "$LOG"
case "$1" in
  update) exit 0 ;;
esac
for package in "$@"; do
  case "$package" in
    bazel-bootstrap) command=bazel ;;
    default-jdk-headless) command=javac ;;
    g++) command=g++ ;;
    chromium) command=chromium ;;
    chromium-driver) command=chromedriver ;;
    *) continue ;;
  esac
  printf '#!/bin/sh\n' > "$BIN/$command"
  chmod +x "$BIN/$command"
done
"""


class Machine:
    """A machine that has only the commands given."""

    def __init__(self, folder: Path, commands: dict[str, str]) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        for tool in ("env", "chmod", "bash"):
            (self.bin / tool).symlink_to(Path("/usr/bin") / tool)
        for name, script in commands.items():
            self.add(name, script)

    def add(self, name: str, script: str) -> None:
        """Adds a command."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def setup(self, **environ: str) -> subprocess.CompletedProcess[str]:
        """Runs tools/setup there."""
        return subprocess.run(
            ["/bin/bash", SETUP],
            env={"PATH": str(self.bin), "BIN": str(self.bin), "LOG": str(self.log), **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def asked_of_apt(self) -> str:
        """What apt-get was called with."""
        return self.log.read_text() if self.log.exists() else ""


def without(*names: str, **more: str) -> dict[str, str]:
    return {key: value for key, value in HARMLESS.items() if key not in names} | more


def test_a_complete_machine_hears_nothing(tmp_path) -> None:
    result = Machine(tmp_path, HARMLESS).setup()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_what_is_missing_is_installed(tmp_path) -> None:
    machine = Machine(tmp_path, without("bazel", "javac", "g++", **{"apt-get": APT}))
    result = machine.setup()
    assert result.returncode == 0, result.stderr
    asked = machine.asked_of_apt()
    assert asked.startswith("install --yes ")
    packages = "bazel-bootstrap default-jdk-headless g++ libhwy-dev libgtest-dev\n"
    assert asked.endswith(f" {packages}")
    assert result.stderr == f"setup: installing {packages}"


@pytest.mark.parametrize(
    ("header", "package"),
    [("hwy/highway.h", "libhwy-dev"), ("gtest/gtest.h", "libgtest-dev")],
)
def test_a_compiler_that_does_not_find_a_header_gets_it(tmp_path, header, package) -> None:
    compiler = f'while read -r line; do case $line in *{header}*) test -e "$LOG"; exit;; esac; done'
    machine = Machine(tmp_path, without("g++", **{"g++": compiler, "apt-get": APT}))
    assert machine.setup().returncode == 0
    assert machine.asked_of_apt().endswith(f" {package}\n")


def test_a_browser_is_installed_only_where_it_is_required(tmp_path) -> None:
    machine = Machine(tmp_path, without(**{"apt-get": APT}))
    assert machine.setup().returncode == 0
    assert machine.asked_of_apt() == ""
    assert machine.setup(MINDFORGE_REQUIRE_CHROMIUM="1").returncode == 0
    assert machine.asked_of_apt().endswith(" chromium chromium-driver\n")
    asked = machine.asked_of_apt()
    assert machine.setup(MINDFORGE_REQUIRE_CHROMIUM="1").stderr == ""
    assert machine.asked_of_apt() == asked


def test_cpythons_tests_are_installed_only_where_they_are_required(tmp_path) -> None:
    dpkg = 'while read -r line; do case $line in *testsuite*) exit 0;; esac; done < "$LOG"; exit 1'
    machine = Machine(tmp_path, without(**{"apt-get": APT, "dpkg": dpkg}))
    assert machine.setup().returncode == 0
    assert machine.asked_of_apt() == ""
    assert machine.setup(MINDFORGE_REQUIRE_TESTSUITE="1").returncode == 0
    assert machine.asked_of_apt().endswith(" libpython3.11-testsuite\n")
    asked = machine.asked_of_apt()
    assert machine.setup(MINDFORGE_REQUIRE_TESTSUITE="1").stderr == ""
    assert machine.asked_of_apt() == asked


def test_old_package_lists_are_refreshed_once(tmp_path) -> None:
    flaky = 'if [ ! -e "$LOG.seen" ]; then : > "$LOG.seen"; exit 100; fi\n'
    machine = Machine(tmp_path, without("g++", **{"apt-get": flaky + APT}))
    assert machine.setup().returncode == 0
    assert machine.asked_of_apt().startswith("update -qq\ninstall ")


def test_a_failing_apt_is_an_error(tmp_path) -> None:
    machine = Machine(tmp_path, without("g++", **{"apt-get": "echo 'E: no' >&2; exit 100"}))
    result = machine.setup()
    assert result.returncode == 1
    assert "setup: apt-get could not install g++" in result.stderr


def test_an_installation_that_changes_nothing_is_an_error(tmp_path) -> None:
    result = Machine(tmp_path, without("g++", **{"apt-get": ""})).setup()
    assert result.returncode == 1
    assert "still missing after the installation: g++" in result.stderr


def test_without_root_sudo_is_used(tmp_path) -> None:
    commands = without("bazel", "id", id="echo 1000", sudo='exec "$@"', **{"apt-get": APT})
    machine = Machine(tmp_path, commands)
    assert machine.setup().returncode == 0
    assert "bazel-bootstrap" in machine.asked_of_apt()


def test_without_root_and_sudo_the_command_to_ask_for_is_printed(tmp_path) -> None:
    machine = Machine(tmp_path, without("bazel", "id", id="echo 1000", **{"apt-get": APT}))
    result = machine.setup()
    assert result.returncode == 1
    assert "Ask for: apt-get install bazel-bootstrap" in result.stderr
    assert machine.asked_of_apt() == ""


def test_another_distribution_is_told_what_it_needs(tmp_path) -> None:
    result = Machine(tmp_path, without("bazel", "g++")).setup()
    assert result.returncode == 1
    assert "this machine lacks what Debian 12 calls: bazel-bootstrap g++" in result.stderr


@pytest.mark.parametrize(
    ("answer", "package"), [("venv", "python3-venv"), ("headers", "python3-dev")]
)
def test_the_system_python_is_completed(tmp_path, answer: str, package: str) -> None:
    python = f'test -e "$LOG" || echo {answer}; {GOOD_PYTHON}'
    machine = Machine(tmp_path, without("python3", python3=python, **{"apt-get": APT}))
    assert machine.setup().returncode == 0
    assert machine.asked_of_apt().endswith(f" {package}\n")


@pytest.mark.parametrize("answer", ["venv", "headers"])
def test_a_python_of_the_users_own_is_theirs_to_complete(tmp_path, answer: str) -> None:
    python = f"echo {answer}; echo 'at /opt/python3.11'"
    result = Machine(tmp_path, without("python3", python3=python, **{"apt-get": APT})).setup()
    assert result.returncode == 1
    assert "/opt/python3.11 was built without" in result.stderr


def test_another_version_of_python_is_refused(tmp_path) -> None:
    python = "echo 'version 3.13'; echo 'at /usr/bin/python3.13'"
    result = Machine(tmp_path, without("python3", python3=python)).setup()
    assert result.returncode == 1
    assert "python3 is Python 3.13 (/usr/bin/python3.13), and MindForge needs 3.11" in result.stderr


def test_the_python_that_the_environment_names_is_asked(tmp_path) -> None:
    machine = Machine(tmp_path, without("python3", mypython=GOOD_PYTHON))
    assert machine.setup(MINDFORGE_PYTHON="mypython").returncode == 0
    absent = machine.setup(MINDFORGE_PYTHON="nowhere")
    assert absent.returncode == 1
    assert "MINDFORGE_PYTHON is nowhere, which does not exist" in absent.stderr


def test_a_python_that_does_not_start_is_an_error(tmp_path) -> None:
    result = Machine(tmp_path, without("python3", python3="echo broken >&2; exit 1")).setup()
    assert result.returncode == 1
    assert "python3 does not run: broken" in result.stderr


def test_the_python_that_runs_the_tests_is_complete(tmp_path) -> None:
    machine = Machine(tmp_path, without("python3"))
    real = os.path.realpath(sys.executable)
    result = machine.setup(MINDFORGE_PYTHON=real)
    assert (result.returncode, result.stderr) == (0, "")
