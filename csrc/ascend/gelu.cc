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

#include "csrc/ascend/api.h"
#include "csrc/shapes/gelu.h"

namespace mindforge {
namespace {

using ms::pynative::AclnnOpRunner;
using Optional = std::optional<ms::Tensor>;

ms::Tensor Like(const ms::Tensor& tensor) { return {tensor.data_type(), tensor.shape()}; }

ms::Tensor ZerosLike(const ms::Tensor& tensor) {
  return ms::zeros(tensor.shape(), tensor.data_type());
}

ms::Tensor Biased(const ms::Tensor& x, const Optional& bias) {
  if (!bias.has_value()) {
    return x;
  }
  const ms::Tensor sum = Like(x);
  const mindspore::ScalarPtr one = std::make_shared<mindspore::FP32Imm>(1.0f);
  const auto runner = std::make_shared<AclnnOpRunner>("Add");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnAdd, x, *bias, one, sum));
  runner->Run({x, *bias}, {sum});
  return sum;
}

// The sums of the columns, with the shape and dtype of `bias`.
ms::Tensor ColumnSums(const ms::Tensor& dx, const ms::Tensor& bias) {
  const ms::Tensor table = dx.reshape({-1, dx.shape().back()});
  const ms::Tensor sums = Like(bias);
  const std::vector<int64_t> first{0};
  const bool keep = false;
  const mindspore::TypeId dtype = bias.data_type();
  const auto runner = std::make_shared<AclnnOpRunner>("ReduceSum");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnReduceSum, table, first, keep, dtype, sums));
  runner->Run({table}, {sums});
  return sums;
}

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
  return {dx, bias.has_value() ? Optional(ColumnSums(dx, *bias)) : std::nullopt};
}

}  // namespace mindforge
