// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_GELU_H_
#define CSRC_BINDING_GELU_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds gelu(x, bias, tanh), which is recorded, and gelu_grad(dy, x, tanh), which is not; bias
// may be None.
void BindGelu(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_GELU_H_
