// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// rms_norm on MindSpore tensors in the memory of an Ascend NPU, through CANN's fused operators:
//   aclnnRmsNorm(x, gamma, epsilon, yOut, rstdOut)
//   aclnnRmsNormGrad(dy, x, rstd, gamma, dxOut, dgammaOut)
// Argument order as in CANN's operator library reference, 8.0 and later. rstdOut and dgammaOut are
// float32 whatever x and gamma are. CANN takes no empty tensors, so those do not reach it.
#include "csrc/launch/rms_norm.h"

#include <memory>
#include <vector>

#include "csrc/ascend/api.h"
#include "csrc/shapes/rms_norm.h"

namespace mindforge {
namespace {

using ms::pynative::AclnnOpRunner;

}  // namespace

std::vector<mindspore::TypeId> RmsNormDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32};
}

RmsNormOutput LaunchRmsNorm(const ms::Tensor& x, const ms::Tensor& weight, double eps) {
  const Shape statistics = RmsNormStatisticsShape(x.shape(), weight.shape());
  if (x.numel() == 0) {
    return {ms::zeros(x.shape(), x.data_type()), ms::zeros(statistics)};
  }
  const ms::Tensor y(x.data_type(), x.shape());
  const ms::Tensor rstd(mindspore::kNumberTypeFloat32, statistics);
  const auto runner = std::make_shared<AclnnOpRunner>("RmsNorm");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnRmsNorm, x, weight, eps, y, rstd));
  runner->Run({x, weight}, {y, rstd});
  return {y, rstd};
}

RmsNormGradients LaunchRmsNormGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                   const ms::Tensor& weight, const ms::Tensor& rstd) {
  if (x.numel() == 0) {
    return {ms::zeros(x.shape(), x.data_type()), ms::zeros(weight.shape(), weight.data_type())};
  }
  const ms::Tensor dx(x.data_type(), x.shape());
  const ms::Tensor dweight(mindspore::kNumberTypeFloat32, weight.shape());
  const auto runner = std::make_shared<AclnnOpRunner>("RmsNormGrad");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnRmsNormGrad, dy, x, rstd, weight, dx, dweight));
  runner->Run({dy, x, rstd, weight}, {dx, dweight});
  return {dx, weight.data_type() == mindspore::kNumberTypeFloat32
                  ? dweight
                  : dweight.cast(weight.data_type())};
}

}  // namespace mindforge
