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

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "csrc/ascend/tensors.h"
#include "csrc/shapes/swiglu.h"

namespace mindforge {
namespace {

using ascend::Biased;
using ascend::Like;
using ascend::SumOver;
using ascend::ZerosLike;
using ms::pynative::AclnnOpRunner;
using Optional = std::optional<ms::Tensor>;

const int64_t kLast = -1;

// Elements of `factor` go with rows of `tensor`, or with its elements. The product has the shape
// and dtype of `tensor`.
ms::Tensor Product(const ms::Tensor& tensor, const ms::Tensor& factor) {
  const ms::Tensor same =
      factor.data_type() == tensor.data_type() ? factor : factor.cast(tensor.data_type());
  const ms::Tensor product = Like(tensor);
  const auto runner = std::make_shared<AclnnOpRunner>("Mul");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnMul, tensor, same, product));
  runner->Run({tensor, same}, {product});
  return product;
}

ms::Tensor Plain(const ms::Tensor& x) {
  const ms::Tensor y(x.data_type(), SwigluShape(x.shape()));
  const auto runner = std::make_shared<AclnnOpRunner>("SwiGlu");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnSwiGlu, x, kLast, y));
  runner->Run({x}, {y});
  return y;
}

}  // namespace

std::vector<mindspore::TypeId> SwigluDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32};
}

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
  const auto runner = std::make_shared<AclnnOpRunner>("SwiGluGrad");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnSwiGluGrad, gradient, biased, kLast, dx));
  runner->Run({gradient, biased}, {dx});
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
