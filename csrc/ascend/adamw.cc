// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// AdamW and the norm of many tensors on MindSpore tensors in the memory of an Ascend NPU, through
// CANN's operators, a tensor at a time:
//   aclnnApplyAdamWV2(varRef, mRef, vRef, maxGradNormOptionalRef, grad, step, lr, beta1, beta2,
//                     weightDecay, eps, amsgrad, maximize)
//   aclnnMuls(self, other, out)                         where the gradient is scaled
//   aclnnAdd(self, other, alpha, out)                    where the decay is not decoupled
//   aclnnInplaceFillScalar(selfRef, value)               the step
//   aclnnInplaceCopy(selfRef, src)                       a half parameter from its float32 copy
//   aclnnLinalgVectorNorm(self, ord, dims, keepDims, dtype, out), aclnnMul, aclnnAdd, aclnnSqrt
// Argument order as in CANN's operator library reference, 8.0 and later. CANN takes no empty
// tensors, so those do not reach it.
#include "csrc/launch/adamw.h"

#include <cstdint>
#include <vector>

#include "csrc/ascend/arithmetic.h"
#include "csrc/ascend/runner.h"

namespace mindforge {
namespace {

using namespace ascend;

ms::Tensor StepTensor(int64_t step) {
  const ms::Tensor result = ms::zeros({1});
  Run({result}, {}, MINDFORGE_ACLNN(InplaceFillScalar, result, Scalar(static_cast<double>(step))));
  return result;
}

void Copy(const ms::Tensor& to, const ms::Tensor& from) {
  Run({to, from}, {}, MINDFORGE_ACLNN(InplaceCopy, to, from));
}

void Update(const ms::Tensor& parameter, const ms::Tensor& gradient, const ms::Tensor& average,
            const ms::Tensor& square, const ms::Tensor& step, const AdamWSettings& settings) {
  const Optional no_amsgrad;
  const float lr = static_cast<float>(settings.lr), eps = static_cast<float>(settings.eps);
  const float beta1 = static_cast<float>(settings.beta1);
  const float beta2 = static_cast<float>(settings.beta2);
  const float decay = settings.decoupled ? static_cast<float>(settings.decay) : 0.0f;
  const bool amsgrad = false, maximize = false;
  Run({parameter, average, square, gradient, step}, {},
      MINDFORGE_ACLNN(ApplyAdamWV2, parameter, average, square, no_amsgrad, gradient, step, lr,
                      beta1, beta2, decay, eps, amsgrad, maximize));
}

// What one tensor has to the square of the norm of all, a scalar.
ms::Tensor SquaredNorm(const ms::Tensor& tensor) {
  const ms::Tensor norm(kFloat, {});
  const std::vector<int64_t> all;
  const bool keep = false;
  Run({tensor}, {norm},
      MINDFORGE_ACLNN(LinalgVectorNorm, tensor, Scalar(2.0), all, keep, kFloat, norm));
  return Mul(norm, norm);
}

}  // namespace

std::vector<mindspore::TypeId> AdamWDtypes() { return FloatDtypes(); }

void LaunchAdamW(const AdamWTensors& tensors, const AdamWSettings& settings) {
  const ms::Tensor step = StepTensor(settings.step);
  for (size_t i = 0; i < tensors.parameters.size(); ++i) {
    const ms::Tensor& parameter = tensors.parameters[i];
    if (parameter.numel() == 0) {
      continue;
    }
    const bool has_master = !tensors.masters.empty();
    const ms::Tensor updated = has_master ? tensors.masters[i] : As(parameter, kFloat);
    ms::Tensor gradient = As(tensors.gradients[i], kFloat);
    if (settings.gradient_scale != 1.0) {
      gradient = Mul(gradient, settings.gradient_scale);
    }
    if (!settings.decoupled && settings.decay != 0.0) {
      gradient = Add(gradient, updated, settings.decay);
    }
    Update(updated, gradient, tensors.averages[i], tensors.squares[i], step, settings);
    if (has_master || parameter.data_type() != kFloat) {
      Copy(parameter, updated);
    }
  }
}

ms::Tensor LaunchGlobalNorm(const Tensors& tensors) {
  ms::Tensor total = ms::zeros({});
  for (const ms::Tensor& tensor : tensors) {
    if (tensor.numel() != 0) {
      total = Add(total, SquaredNorm(tensor));
    }
  }
  const ms::Tensor norm = Like(total);
  Run({total}, {norm}, MINDFORGE_ACLNN(Sqrt, total, norm));
  return norm;
}

}  // namespace mindforge
