// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The norms on MindSpore tensors in the memory of an Ascend NPU, through CANN's fused operators:
//   aclnnRmsNorm(x, gamma, epsilon, yOut, rstdOut)
//   aclnnRmsNormGrad(dy, x, rstd, gamma, dxOut, dgammaOut)
//   aclnnAddRmsNorm(x1, x2, gamma, epsilon, yOut, rstdOut, xOut)
//   aclnnAdd(self, other, alpha, out)
//   aclnnLayerNorm(input, normalizedShape, weightOptional, biasOptional, eps, out, meanOutOptional,
//                  rstdOutOptional)
//   aclnnLayerNormBackward(gradOut, input, normalizedShape, mean, rstd, weightOptional,
//                          biasOptional, outputMask, gradInputOut, gradWeightOut,
//                          gradBiasOut)
// Argument order as in CANN's operator library reference, 8.0 and later. Statistics and the
// dgammaOut of rms_norm are float32 whatever x and gamma are. CANN takes no empty tensors, so those
// do not reach it.
#include "csrc/launch/norm.h"

#include <cstdint>
#include <vector>

#include "csrc/ascend/arithmetic.h"
#include "csrc/ascend/runner.h"
#include "csrc/shapes/norm.h"

namespace mindforge {
namespace {

using namespace ascend;

ms::Tensor Statistic(const ms::Tensor& x, const ms::Tensor& weight) {
  return {mindspore::kNumberTypeFloat32, NormStatisticsShape(x.shape(), weight.shape())};
}

}  // namespace

std::vector<mindspore::TypeId> NormDtypes() { return FloatDtypes(); }

RmsNormOutput LaunchRmsNorm(const ms::Tensor& x, const ms::Tensor& weight, double eps) {
  const ms::Tensor rstd = Statistic(x, weight);
  if (x.numel() == 0) {
    return {ZerosLike(x), ZerosLike(rstd)};
  }
  const ms::Tensor y = Like(x);
  Run({x, weight}, {y, rstd}, MINDFORGE_ACLNN(RmsNorm, x, weight, eps, y, rstd));
  return {y, rstd};
}

RmsNormGradients LaunchRmsNormGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                   const ms::Tensor& weight, const ms::Tensor& rstd) {
  if (x.numel() == 0) {
    return {ZerosLike(x), ZerosLike(weight)};
  }
  const ms::Tensor dx = Like(x);
  const ms::Tensor dweight(mindspore::kNumberTypeFloat32, weight.shape());
  Run({dy, x, rstd, weight}, {dx, dweight},
      MINDFORGE_ACLNN(RmsNormGrad, dy, x, rstd, weight, dx, dweight));
  return {dx, weight.data_type() == mindspore::kNumberTypeFloat32
                  ? dweight
                  : dweight.cast(weight.data_type())};
}

AddRmsNormOutput LaunchAddRmsNorm(const ms::Tensor& x, const ms::Tensor& residual,
                                  const ms::Tensor& weight, double eps) {
  const ms::Tensor rstd = Statistic(x, weight);
  if (x.numel() == 0) {
    return {ZerosLike(x), ZerosLike(x), ZerosLike(rstd)};
  }
  const ms::Tensor y = Like(x), sum = Like(x);
  Run({x, residual, weight}, {y, rstd, sum},
      MINDFORGE_ACLNN(AddRmsNorm, x, residual, weight, eps, y, rstd, sum));
  return {y, sum, rstd};
}

// CANN's gradient of the norm, and what comes to the sum from elsewhere added to it.
AddRmsNormGradients LaunchAddRmsNormGrad(const ms::Tensor& dy, const ms::Tensor& dsum,
                                         const ms::Tensor& sum, const ms::Tensor& weight,
                                         const ms::Tensor& rstd) {
  const RmsNormGradients norm = LaunchRmsNormGrad(dy, sum, weight, rstd);
  if (sum.numel() == 0) {
    return {norm.dx, ZerosLike(sum), norm.dweight};
  }
  return {Add(norm.dx, dsum), Add(norm.dx, dsum), norm.dweight};
}

LayerNormOutput LaunchLayerNorm(const ms::Tensor& x, const ms::Tensor& weight,
                                const ms::Tensor& bias, double eps) {
  const ms::Tensor mean = Statistic(x, weight), rstd = Statistic(x, weight);
  if (x.numel() == 0) {
    return {ZerosLike(x), ZerosLike(mean), ZerosLike(rstd)};
  }
  const ms::Tensor y = Like(x);
  const std::vector<int64_t> normalized = weight.shape();
  Run({x, weight, bias}, {y, mean, rstd},
      MINDFORGE_ACLNN(LayerNorm, x, normalized, weight, bias, eps, y, mean, rstd));
  return {y, mean, rstd};
}

LayerNormGradients LaunchLayerNormGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                       const ms::Tensor& weight, const ms::Tensor& bias,
                                       const ms::Tensor& mean, const ms::Tensor& rstd) {
  if (x.numel() == 0) {
    return {ZerosLike(x), ZerosLike(weight), ZerosLike(bias)};
  }
  const ms::Tensor dx = Like(x), dweight = Like(weight), dbias = Like(bias);
  const std::vector<int64_t> normalized = weight.shape();
  const std::vector<uint8_t> all{1, 1, 1};
  Run({dy, x, mean, rstd, weight, bias}, {dx, dweight, dbias},
      MINDFORGE_ACLNN(LayerNormBackward, dy, x, normalized, mean, rstd, weight, bias, all, dx,
                      dweight, dbias));
  return {dx, dweight, dbias};
}

}  // namespace mindforge
