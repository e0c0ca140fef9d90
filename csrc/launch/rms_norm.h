// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for rms_norm. csrc/cpu and csrc/ascend each define these functions; a build
// of the extension links one of the two. Arguments were checked and are dense.
#ifndef CSRC_LAUNCH_RMS_NORM_H_
#define CSRC_LAUNCH_RMS_NORM_H_

#include <vector>

#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

struct RmsNormOutput {
  ms::Tensor y;  // shape and dtype of x
  ms::Tensor
      rstd;  // 1 / sqrt(mean(x^2) + eps), RmsNormStatisticsShape, float32 unless x is float64
};

struct RmsNormGradients {
  ms::Tensor dx;       // shape and dtype of x
  ms::Tensor dweight;  // shape and dtype of weight
};

// The dtypes that x may have on this device.
std::vector<mindspore::TypeId> RmsNormDtypes();

RmsNormOutput LaunchRmsNorm(const ms::Tensor& x, const ms::Tensor& weight, double eps);

RmsNormGradients LaunchRmsNormGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                   const ms::Tensor& weight, const ms::Tensor& rstd);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_RMS_NORM_H_
