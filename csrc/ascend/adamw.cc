// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// AdamW and the norm of many tensors on MindSpore tensors in the memory of an Ascend NPU, through
// CANN's operators, a tensor at a time:
//   aclnnApplyAdamWV2(varRef, mRef, vRef, maxGradNormOptionalRef, grad, step, lr, beta1, beta2,
//                     weightDecay, eps, amsgrad, maximize)
//   aclnnMuls(self, scalar, out)                         where the gradient is scaled
//   aclnnAdd(self, other, alpha, out)                    where the decay is not decoupled
//   aclnnInplaceFillScalar(selfRef, value)               the step
//   aclnnInplaceCopy(selfRef, src)                       a half parameter from its float32 copy
//   aclnnLinalgVectorNorm(self, ord, dims, keepDims, dtype, out), aclnnMul, aclnnAdd, aclnnSqrt
// Argument order as in CANN's operator library reference, 8.0 and later. CANN takes no empty
// tensors, so those do not reach it.
#include "csrc/launch/adamw.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "csrc/ascend/tensors.h"

namespace mindforge {
namespace {

using ascend::Like;
using ascend::Sum;
using ms::pynative::AclnnOpRunner;

mindspore::ScalarPtr Scalar(double value) {
  return std::make_shared<mindspore::FP32Imm>(static_cast<float>(value));
}

ms::Tensor AsFloat(const ms::Tensor& tensor) {
  const bool is_float = tensor.data_type() == mindspore::kNumberTypeFloat32;
  return is_float ? tensor : tensor.cast(mindspore::kNumberTypeFloat32);
}

ms::Tensor Scaled(const ms::Tensor& tensor, double factor) {
  const ms::Tensor result = Like(tensor);
  const auto runner = std::make_shared<AclnnOpRunner>("Muls");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnMuls, tensor, Scalar(factor), result));
  runner->Run({tensor}, {result});
  return result;
}

ms::Tensor StepTensor(int64_t step) {
  const ms::Tensor result = ms::zeros({1});
  const auto runner = std::make_shared<AclnnOpRunner>("InplaceFillScalar");
  runner->SetLaunchFunc(
      LAUNCH_ACLNN_FUNC(aclnnInplaceFillScalar, result, Scalar(static_cast<double>(step))));
  runner->Run({result}, {});
  return result;
}

void Copy(const ms::Tensor& to, const ms::Tensor& from) {
  const auto runner = std::make_shared<AclnnOpRunner>("InplaceCopy");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnInplaceCopy, to, from));
  runner->Run({to, from}, {});
}

void Update(const ms::Tensor& parameter, const ms::Tensor& gradient, const ms::Tensor& average,
            const ms::Tensor& square, const ms::Tensor& step, const AdamWSettings& settings) {
  const std::optional<ms::Tensor> no_amsgrad;
  const float lr = static_cast<float>(settings.lr), eps = static_cast<float>(settings.eps);
  const float beta1 = static_cast<float>(settings.beta1);
  const float beta2 = static_cast<float>(settings.beta2);
  const float decay = settings.decoupled ? static_cast<float>(settings.decay) : 0.0f;
  const bool amsgrad = false, maximize = false;
  const auto runner = std::make_shared<AclnnOpRunner>("ApplyAdamWV2");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnApplyAdamWV2, parameter, average, square, no_amsgrad,
                                          gradient, step, lr, beta1, beta2, decay, eps, amsgrad,
                                          maximize));
  runner->Run({parameter, average, square, gradient, step}, {});
}

// What one tensor has to the square of the norm of all, a scalar.
ms::Tensor SquaredNorm(const ms::Tensor& tensor) {
  const ms::Tensor norm(mindspore::kNumberTypeFloat32, {});
  const std::vector<int64_t> all;
  const bool keep = false;
  const mindspore::TypeId dtype = mindspore::kNumberTypeFloat32;
  const auto norm_runner = std::make_shared<AclnnOpRunner>("LinalgVectorNorm");
  norm_runner->SetLaunchFunc(
      LAUNCH_ACLNN_FUNC(aclnnLinalgVectorNorm, tensor, Scalar(2.0), all, keep, dtype, norm));
  norm_runner->Run({tensor}, {norm});
  const ms::Tensor square = Like(norm);
  const auto square_runner = std::make_shared<AclnnOpRunner>("Mul");
  square_runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnMul, norm, norm, square));
  square_runner->Run({norm}, {square});
  return square;
}

}  // namespace

std::vector<mindspore::TypeId> AdamWDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32};
}

void LaunchAdamW(const AdamWTensors& tensors, const AdamWSettings& settings) {
  const ms::Tensor step = StepTensor(settings.step);
  for (size_t i = 0; i < tensors.parameters.size(); ++i) {
    const ms::Tensor& parameter = tensors.parameters[i];
    if (parameter.numel() == 0) {
      continue;
    }
    const bool has_master = !tensors.masters.empty();
    const ms::Tensor updated = has_master ? tensors.masters[i] : AsFloat(parameter);
    ms::Tensor gradient = AsFloat(tensors.gradients[i]);
    if (settings.gradient_scale != 1.0) {
      gradient = Scaled(gradient, settings.gradient_scale);
    }
    if (!settings.decoupled && settings.decay != 0.0) {
      gradient = Sum(gradient, updated, settings.decay);
    }
    Update(updated, gradient, tensors.averages[i], tensors.squares[i], step, settings);
    if (has_master || parameter.data_type() != mindspore::kNumberTypeFloat32) {
      Copy(parameter, updated);
    }
  }
}

ms::Tensor LaunchGlobalNorm(const std::vector<ms::Tensor>& tensors) {
  ms::Tensor total = ms::zeros({});
  for (const ms::Tensor& tensor : tensors) {
    if (tensor.numel() != 0) {
      total = Sum(total, SquaredNorm(tensor));
    }
  }
  const ms::Tensor norm = Like(total);
  const auto runner = std::make_shared<AclnnOpRunner>("Sqrt");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnSqrt, total, norm));
  runner->Run({total}, {norm});
  return norm;
}

}  // namespace mindforge
