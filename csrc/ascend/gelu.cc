// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// gelu on MindSpore tensors in the memory of an Ascend NPU, through CANN's operators:
//   aclnnGeluV2(x, approximate, y)                                     0 exact, 1 tanh
//   aclnnGeluBackwardV2(gradOutput, self, approximate, gradInput)      "none" or "tanh"
//   aclnnAdd(self, other, alpha, out)                                  the bias
//   aclnnReduceSum(self, dims, keepDims, dtype, out)                   its gradient
// Argument order as in CANN's operator library reference, 8.0 and later. CANN takes no empty
// tensors, so those do not reach it.
#include "csrc/launch/gelu.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "csrc/ascend/arithmetic.h"
#include "csrc/ascend/runner.h"
#include "csrc/shapes/gelu.h"

namespace mindforge {
namespace {

using namespace ascend;

}  // namespace

std::vector<mindspore::TypeId> GeluDtypes() { return FloatDtypes(); }

ms::Tensor LaunchGelu(const ms::Tensor& x, const Optional& bias, bool tanh) {
  if (x.numel() == 0) {
    return ZerosLike(x);
  }
  const ms::Tensor biased = Biased(x, bias), y = Like(x);
  const int64_t approximate = tanh ? 1 : 0;
  Run({biased}, {y}, MINDFORGE_ACLNN(GeluV2, biased, approximate, y));
  return y;
}

GeluGradients LaunchGeluGrad(const ms::Tensor& dy, const ms::Tensor& x, const Optional& bias,
                             bool tanh) {
  if (x.numel() == 0) {
    return {ZerosLike(x), bias.has_value() ? Optional(ZerosLike(*bias)) : std::nullopt};
  }
  const ms::Tensor biased = Biased(x, bias), dx = Like(x);
  const std::string approximate = tanh ? "tanh" : "none";
  Run({dy, biased}, {dx}, MINDFORGE_ACLNN(GeluBackwardV2, dy, biased, approximate, dx));
  if (!bias.has_value()) {
    return {dx, std::nullopt};
  }
  return {dx, SumOver(dx.reshape({-1, dx.shape().back()}), {0}, false, *bias)};
}

}  // namespace mindforge
