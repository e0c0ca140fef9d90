# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""mindforge_wheel: py_wheel with this workspace's version, licence, provenance and materials.

The wheel itself is rules_python's py_wheel, so that the same BUILD files work with the real one.
"""

load("@rules_python//python:packaging.bzl", "py_package", "py_wheel")
load("//:version.bzl", "VERSION")
load("//third_party:upstreams.bzl", "UPSTREAMS")
load("//tools/wheel:origin.bzl", "wheel_origin")

_LICENSE = Label("//:LICENSE")

# What a wheel with compiled parts runs on: the interpreter and the machine it was built on. A manylinux
# tag is for wheels that passed a compliance check, which these did not.
_NATIVE = {
    "abi": "cp311",
    "platform": "linux_x86_64",
    "python_tag": "cp311",
}

def _pin(name, role):
    pin = UPSTREAMS[name]
    return {
        "commit": pin.get("commit", ""),
        "distribution": pin["name"],
        "kind": pin["kind"],
        "license": pin["licence"],
        "name": name,
        "role": role,
        "sha256": pin.get("sha256", ""),
        "version": pin.get("version", ""),
    }

def mindforge_wheel(
        name,
        distribution,
        summary,
        packages,
        deps,
        version = VERSION,
        license = "Apache-2.0",
        license_files = {},
        requires = [],
        native = False,
        converted_from = None,
        contains = [],
        manifest = None,
        **kwargs):
    """Builds a wheel out of the runtime files of targets.

    Args:
      name: name of the target.
      distribution: name of the distribution.
      summary: what it is, in one line.
      packages: folders to take, dotted, as runfiles paths below the repository of `deps` spell them.
      deps: targets whose runtime files are searched for the packages.
      version: version of the distribution.
      license: SPDX expression of the whole content.
      license_files: further licence texts: label to file name below .dist-info/licenses.
      requires: requirements.
      native: the wheel holds compiled parts.
      converted_from: name of the pin that the sources are a converted form of.
      contains: names of the pins of which parts are in the wheel, compiled or as text.
      manifest: the converter's manifest, where something was converted.
      **kwargs: further attributes of py_wheel: strip_path_prefixes, entry_points, description_file.
    """
    pins = [_pin(converted_from, "converted")] if converted_from else []
    pins += [_pin(pin, "contained") for pin in contains]
    py_package(
        name = name + ".files",
        packages = packages,
        deps = deps,
    )
    wheel_origin(
        name = name + ".origin",
        contents = [name + ".files"],
        distribution = distribution,
        license = license,
        manifest = manifest,
        pins = json.encode(pins),
        producer_version = VERSION,
        provenance = name + ".provenance.json",
        requires = requires,
        sbom = name + ".cdx.json",
        version = version,
    )
    distinfo = {_LICENSE: "licenses/LICENSE"}
    distinfo.update({label: "licenses/" + file for label, file in license_files.items()})
    distinfo.update({
        name + ".cdx.json": "sboms/{}.cdx.json".format(distribution),
        name + ".provenance.json": "provenance.json",
    })
    attributes = dict(_NATIVE if native else {}, **kwargs)
    py_wheel(
        name = name,
        classifiers = [
            "Operating System :: POSIX :: Linux",
            "Programming Language :: Python :: 3",
            "Programming Language :: Python :: 3.11",
            "Topic :: Scientific/Engineering :: Artificial Intelligence",
        ],
        distribution = distribution,
        extra_distinfo_files = distinfo,
        license = license,
        python_requires = ">=3.11",
        requires = requires,
        summary = summary,
        version = version,
        deps = [name + ".files"],
        **attributes
    )
