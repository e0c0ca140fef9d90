// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_NORM_H_
#define CSRC_BINDING_NORM_H_

#include "pybind11/pybind11.h"

namespace mindforge {

// Adds to the Python module: rms_norm(x, weight, eps), add_rms_norm(x, residual, weight, eps) and
// layer_norm(x, weight, bias, eps); and their parts, which are not recorded: rms_norm_part,
// rms_norm_grad, layer_norm_part, layer_norm_grad.
void BindNorms(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_NORM_H_
