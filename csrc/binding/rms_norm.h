// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for rms_norm. csrc/cpu and csrc/ascend each define these functions; a build
// of the extension links one of the two. Arguments were checked and are contiguous.
#ifndef CSRC_BINDING_RMS_NORM_H_
#define CSRC_BINDING_RMS_NORM_H_

#include "include/pynative/utils/pyboost/custom/tensor.h"
#include "pybind11/pybind11.h"

namespace mindforge {

struct RmsNormOutput {
  ms::Tensor y;     // shape and dtype of x
  ms::Tensor rstd;  // x's leading dimensions followed by a 1 for each of weight's
};

struct RmsNormGradients {
  ms::Tensor dx;       // shape and dtype of x
  ms::Tensor dweight;  // shape and dtype of weight
};

RmsNormOutput LaunchRmsNorm(const ms::Tensor& x, const ms::Tensor& weight, double eps);

RmsNormGradients LaunchRmsNormGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                   const ms::Tensor& weight, const ms::Tensor& rstd);

// Adds rms_norm to the Python module.
void BindRmsNorm(pybind11::module_* module);

}  // namespace mindforge

#endif  // CSRC_BINDING_RMS_NORM_H_
