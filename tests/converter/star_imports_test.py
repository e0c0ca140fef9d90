# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a star import of a module of torch binds."""

from torch2ms import mapping


def test_a_star_import_binds_public_names_and_no_others():
    names = mapping.public_names("torch")
    assert {"Tensor", "arange", "float32", "no_grad"} <= names
    assert not names & {"nn", "cuda", "set_default_dtype"}, "modules, and what __all__ leaves out"
    assert {"Linear", "Module", "Parameter"} <= mapping.public_names("torch.nn")


def test_a_module_without_a_list_of_public_names_binds_what_it_imports_itself():
    assert {"silu", "math", "torch", "Optional"} <= mapping.public_names("torch.nn.functional")


def test_no_private_name_is_bound_unless_the_module_lists_it():
    private = {
        f"{module}.{name}"
        for module in ("torch", "torch.nn", "torch.nn.functional", "torch.cuda", "torch.linalg")
        for name in mapping.public_names(module)
        if name.startswith("_")
    }
    assert private == set()


def test_of_a_module_that_is_not_in_the_table_nothing_is_said():
    assert mapping.public_names("torch.no_such_module") is None
