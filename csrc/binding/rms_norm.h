// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_RMS_NORM_H_
#define CSRC_BINDING_RMS_NORM_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds rms_norm(x, weight, eps) to the Python module.
void BindRmsNorm(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_RMS_NORM_H_
