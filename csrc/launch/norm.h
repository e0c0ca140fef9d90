// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for the norms. csrc/cpu and csrc/ascend each define these functions; a build
// of the extension links one of the two. Arguments were checked and are dense.
#ifndef CSRC_LAUNCH_NORM_H_
#define CSRC_LAUNCH_NORM_H_

#include <vector>

#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

// The dtypes that x may have on this device.
std::vector<mindspore::TypeId> NormDtypes();

// Statistics have NormStatisticsShape and are float32 unless x is float64.

struct RmsNormOutput {
  ms::Tensor y;     // shape and dtype of x
  ms::Tensor rstd;  // statistic: 1 / sqrt(mean(x^2) + eps)
};

RmsNormOutput LaunchRmsNorm(const ms::Tensor& x, const ms::Tensor& weight, double eps);

struct RmsNormGradients {
  ms::Tensor dx;       // shape and dtype of x
  ms::Tensor dweight;  // shape and dtype of weight
};

RmsNormGradients LaunchRmsNormGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                   const ms::Tensor& weight, const ms::Tensor& rstd);

struct AddRmsNormOutput {
  ms::Tensor y;    // shape and dtype of x
  ms::Tensor sum;  // x + residual
  ms::Tensor rstd;
};

AddRmsNormOutput LaunchAddRmsNorm(const ms::Tensor& x, const ms::Tensor& residual,
                                  const ms::Tensor& weight, double eps);

struct AddRmsNormGradients {
  ms::Tensor dx, dresidual;  // equal, and not the same memory: each input keeps its own
  ms::Tensor dweight;
};

AddRmsNormGradients LaunchAddRmsNormGrad(const ms::Tensor& dy, const ms::Tensor& dsum,
                                         const ms::Tensor& sum, const ms::Tensor& weight,
                                         const ms::Tensor& rstd);

struct LayerNormOutput {
  ms::Tensor y;     // shape and dtype of x
  ms::Tensor mean;  // statistic
  ms::Tensor rstd;  // statistic: 1 / sqrt(mean((x - mean)^2) + eps)
};

LayerNormOutput LaunchLayerNorm(const ms::Tensor& x, const ms::Tensor& weight,
                                const ms::Tensor& bias, double eps);

struct LayerNormGradients {
  ms::Tensor dx;              // shape and dtype of x
  ms::Tensor dweight, dbias;  // shape and dtype of weight
};

LayerNormGradients LaunchLayerNormGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                       const ms::Tensor& weight, const ms::Tensor& bias,
                                       const ms::Tensor& mean, const ms::Tensor& rstd);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_NORM_H_
