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
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "csrc/ascend/tensors.h"
#include "csrc/shapes/gelu.h"

namespace mindforge {
namespace {

using ascend::Biased;
using ascend::Like;
using ascend::SumOver;
using ascend::ZerosLike;
using ms::pynative::AclnnOpRunner;
using Optional = std::optional<ms::Tensor>;

}  // namespace

std::vector<mindspore::TypeId> GeluDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32};
}

ms::Tensor LaunchGelu(const ms::Tensor& x, const Optional& bias, bool tanh) {
  if (x.numel() == 0) {
    return ZerosLike(x);
  }
  const ms::Tensor biased = Biased(x, bias), y = Like(x);
  const int64_t approximate = tanh ? 1 : 0;
  const auto runner = std::make_shared<AclnnOpRunner>("GeluV2");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnGeluV2, biased, approximate, y));
  runner->Run({biased}, {y});
  return y;
}

GeluGradients LaunchGeluGrad(const ms::Tensor& dy, const ms::Tensor& x, const Optional& bias,
                             bool tanh) {
  if (x.numel() == 0) {
    return {ZerosLike(x), bias.has_value() ? Optional(ZerosLike(*bias)) : std::nullopt};
  }
  const ms::Tensor biased = Biased(x, bias), dx = Like(x);
  const std::string approximate = tanh ? "tanh" : "none";
  const auto runner = std::make_shared<AclnnOpRunner>("GeluBackwardV2");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnGeluBackwardV2, dy, biased, approximate, dx));
  runner->Run({dy, biased}, {dx});
  if (!bias.has_value()) {
    return {dx, std::nullopt};
  }
  return {dx, SumOver(dx.reshape({-1, dx.shape().back()}), {0}, false, *bias)};
}

}  // namespace mindforge
