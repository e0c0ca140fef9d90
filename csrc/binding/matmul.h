// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_MATMUL_H_
#define CSRC_BINDING_MATMUL_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds grouped_matmul, matmul_accumulate and matmul_into to the module.
void BindMatmuls(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_MATMUL_H_
