// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_ADAMW_H_
#define CSRC_BINDING_ADAMW_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds apply_adamw(...) and global_norm(tensors) to the Python module.
void BindAdamW(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_ADAMW_H_
