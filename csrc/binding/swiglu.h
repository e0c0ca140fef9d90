// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_SWIGLU_H_
#define CSRC_BINDING_SWIGLU_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds swiglu(x, bias, scale) to the Python module; bias and scale may be None.
void BindSwiglu(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_SWIGLU_H_
