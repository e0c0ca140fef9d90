// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// swiglu on MindSpore tensors in the memory of an Ascend NPU, through CANN's operators:
//   aclnnSwiGlu(x, dim, out)
//   aclnnSwiGluGrad(yGrad, x, dim, out)
//   aclnnAdd(self, other, alpha, out)                        the bias
//   aclnnMul(self, other, out)                               the scale
//   aclnnReduceSum(self, dims, keepDims, dtype, out)         gradients of bias and scale
// Argument order as in CANN's operator library reference, 8.0 and later. CANN takes no empty
// tensors, so those do not reach it.
#include "csrc/launch/swiglu.h"

#include <optional>
#include <vector>

#include "csrc/ascend/arithmetic.h"
#include "csrc/ascend/runner.h"
#include "csrc/shapes/swiglu.h"

namespace mindforge {
namespace {

using namespace ascend;

// Elements of `factor` go with rows of `tensor`, or with its elements.
ms::Tensor Product(const ms::Tensor& tensor, const ms::Tensor& factor) {
  return Mul(tensor, As(factor, tensor.data_type()));
}

ms::Tensor Plain(const ms::Tensor& x) {
  const ms::Tensor y(x.data_type(), SwigluShape(x.shape()));
  Run({x}, {y}, MINDFORGE_ACLNN(SwiGlu, x, kLast, y));
  return y;
}

}  // namespace

std::vector<mindspore::TypeId> SwigluDtypes() { return FloatDtypes(); }

ms::Tensor LaunchSwiglu(const ms::Tensor& x, const Optional& bias, const Optional& scale) {
  if (x.numel() == 0) {
    return ms::zeros(SwigluShape(x.shape()), x.data_type());
  }
  const ms::Tensor y = Plain(Biased(x, bias));
  return scale.has_value() ? Product(y, *scale) : y;
}

SwigluGradients LaunchSwigluGrad(const ms::Tensor& dy, const ms::Tensor& x, const Optional& bias,
                                 const Optional& scale) {
  if (x.numel() == 0) {
    const auto zeros = [](const Optional& tensor) {
      return tensor.has_value() ? Optional(ZerosLike(*tensor)) : std::nullopt;
    };
    return {ZerosLike(x), zeros(bias), zeros(scale)};
  }
  const ms::Tensor biased = Biased(x, bias);
  const ms::Tensor gradient = scale.has_value() ? Product(dy, *scale) : dy;
  const ms::Tensor dx = Like(x);
  Run({gradient, biased}, {dx}, MINDFORGE_ACLNN(SwiGluGrad, gradient, biased, kLast, dx));
  SwigluGradients result{dx, std::nullopt, std::nullopt};
  if (bias.has_value()) {
    const ms::Tensor table = dx.reshape({-1, x.shape().back()});
    result.dbias = SumOver(table, {0}, false, *bias);
  }
  if (scale.has_value()) {
    result.dscale = SumOver(Product(dy, Plain(biased)), {kLast}, true, *scale);
  }
  return result;
}

}  // namespace mindforge
