// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The norms on MindSpore tensors in CPU memory.
#include <stdexcept>
#include <vector>

#include "csrc/cpu/layer_norm.h"
#include "csrc/cpu/rms_norm.h"
#include "csrc/cpu/runner.h"
#include "csrc/launch/dtypes.h"
#include "csrc/launch/norm.h"
#include "csrc/launch/tensors.h"
#include "csrc/shapes/norm.h"

namespace mindforge {
namespace {

using mindspore::TypeId;

template <typename T>
struct Tag {
  using Type = T;
};

// Calls visit(Tag<T>, Tag<W>) with the storage types of x and weight.
template <typename Visit>
void VisitStorage(TypeId x, TypeId weight, const Visit& visit) {
  const bool same = x == weight;
  const bool float_weight = weight == mindspore::kNumberTypeFloat32;
  if (same && x == mindspore::kNumberTypeFloat32) {
    visit(Tag<float>(), Tag<float>());
  } else if (same && x == mindspore::kNumberTypeFloat64) {
    visit(Tag<double>(), Tag<double>());
  } else if (same && x == mindspore::kNumberTypeFloat16) {
    visit(Tag<cpu::Float16>(), Tag<cpu::Float16>());
  } else if (same && x == mindspore::kNumberTypeBFloat16) {
    visit(Tag<cpu::BFloat16>(), Tag<cpu::BFloat16>());
  } else if (float_weight && x == mindspore::kNumberTypeFloat16) {
    visit(Tag<cpu::Float16>(), Tag<float>());
  } else if (float_weight && x == mindspore::kNumberTypeBFloat16) {
    visit(Tag<cpu::BFloat16>(), Tag<float>());
  } else {
    throw std::logic_error("a norm was launched with dtypes that its check does not let through");
  }
}

ms::Tensor Statistic(const ms::Tensor& x, const ms::Tensor& weight) {
  return {ComputeDtype(x.data_type()), NormStatisticsShape(x.shape(), weight.shape())};
}

}  // namespace

std::vector<TypeId> NormDtypes() { return FloatAndDoubleDtypes(); }

RmsNormOutput LaunchRmsNorm(const ms::Tensor& x, const ms::Tensor& weight, double eps) {
  const NormRows size = NormRowsOf(x.shape(), weight.shape());
  const ms::Tensor y = Like(x);
  const ms::Tensor rstd = Statistic(x, weight);
  cpu::Run("rms_norm", {x, weight}, {y, rstd}, [=]() {
    VisitStorage(x.data_type(), weight.data_type(), [&](auto x_tag, auto weight_tag) {
      using T = typename decltype(x_tag)::Type;
      using W = typename decltype(weight_tag)::Type;
      cpu::RmsNorm(x.data_ptr<T>(), weight.data_ptr<W>(), eps, size.rows, size.columns,
                   y.data_ptr<T>(), rstd.data_ptr<typename cpu::Compute<T>::Type>());
    });
  });
  return {y, rstd};
}

AddRmsNormOutput LaunchAddRmsNorm(const ms::Tensor& x, const ms::Tensor& residual,
                                  const ms::Tensor& weight, double eps) {
  const NormRows size = NormRowsOf(x.shape(), weight.shape());
  const ms::Tensor y = Like(x), sum = Like(x);
  const ms::Tensor rstd = Statistic(x, weight);
  cpu::Run("add_rms_norm", {x, residual, weight}, {y, sum, rstd}, [=]() {
    VisitStorage(x.data_type(), weight.data_type(), [&](auto x_tag, auto weight_tag) {
      using T = typename decltype(x_tag)::Type;
      using W = typename decltype(weight_tag)::Type;
      cpu::AddRmsNorm(x.data_ptr<T>(), residual.data_ptr<T>(), weight.data_ptr<W>(), eps, size.rows,
                      size.columns, y.data_ptr<T>(), sum.data_ptr<T>(),
                      rstd.data_ptr<typename cpu::Compute<T>::Type>());
    });
  });
  return {y, sum, rstd};
}

RmsNormGradients LaunchRmsNormGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                   const ms::Tensor& weight, const ms::Tensor& rstd) {
  const NormRows size = NormRowsOf(x.shape(), weight.shape());
  const ms::Tensor dx = Like(x);
  const ms::Tensor dweight = Like(weight);
  cpu::Run("rms_norm_grad", {dy, x, weight, rstd}, {dx, dweight}, [=]() {
    VisitStorage(x.data_type(), weight.data_type(), [&](auto x_tag, auto weight_tag) {
      using T = typename decltype(x_tag)::Type;
      using W = typename decltype(weight_tag)::Type;
      cpu::RmsNormGrad<T, W>(dy.data_ptr<T>(), x.data_ptr<T>(), weight.data_ptr<W>(),
                             rstd.data_ptr<typename cpu::Compute<T>::Type>(), nullptr, size.rows,
                             size.columns, dx.data_ptr<T>(), dweight.data_ptr<W>());
    });
  });
  return {dx, dweight};
}

AddRmsNormGradients LaunchAddRmsNormGrad(const ms::Tensor& dy, const ms::Tensor& dsum,
                                         const ms::Tensor& sum, const ms::Tensor& weight,
                                         const ms::Tensor& rstd) {
  const NormRows size = NormRowsOf(sum.shape(), weight.shape());
  const ms::Tensor dx = Like(sum), dresidual = Like(sum);
  const ms::Tensor dweight = Like(weight);
  cpu::Run("add_rms_norm_grad", {dy, dsum, sum, weight, rstd}, {dx, dresidual, dweight}, [=]() {
    VisitStorage(sum.data_type(), weight.data_type(), [&](auto sum_tag, auto weight_tag) {
      using T = typename decltype(sum_tag)::Type;
      using W = typename decltype(weight_tag)::Type;
      cpu::RmsNormGrad<T, W>(dy.data_ptr<T>(), sum.data_ptr<T>(), weight.data_ptr<W>(),
                             rstd.data_ptr<typename cpu::Compute<T>::Type>(), dsum.data_ptr<T>(),
                             size.rows, size.columns, dx.data_ptr<T>(), dweight.data_ptr<W>(),
                             dresidual.data_ptr<T>());
    });
  });
  return {dx, dresidual, dweight};
}

LayerNormOutput LaunchLayerNorm(const ms::Tensor& x, const ms::Tensor& weight,
                                const ms::Tensor& bias, double eps) {
  const NormRows size = NormRowsOf(x.shape(), weight.shape());
  const ms::Tensor y = Like(x);
  const ms::Tensor mean = Statistic(x, weight), rstd = Statistic(x, weight);
  cpu::Run("layer_norm", {x, weight, bias}, {y, mean, rstd}, [=]() {
    VisitStorage(x.data_type(), weight.data_type(), [&](auto x_tag, auto weight_tag) {
      using T = typename decltype(x_tag)::Type;
      using W = typename decltype(weight_tag)::Type;
      using C = typename cpu::Compute<T>::Type;
      cpu::LayerNorm(x.data_ptr<T>(), weight.data_ptr<W>(), bias.data_ptr<W>(), eps, size.rows,
                     size.columns, y.data_ptr<T>(), mean.data_ptr<C>(), rstd.data_ptr<C>());
    });
  });
  return {y, mean, rstd};
}

LayerNormGradients LaunchLayerNormGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                       const ms::Tensor& weight, const ms::Tensor& bias,
                                       const ms::Tensor& mean, const ms::Tensor& rstd) {
  const NormRows size = NormRowsOf(x.shape(), weight.shape());
  const ms::Tensor dx = Like(x);
  const ms::Tensor dweight = Like(weight);
  const ms::Tensor dbias = Like(bias);
  cpu::Run("layer_norm_grad", {dy, x, weight, mean, rstd}, {dx, dweight, dbias}, [=]() {
    VisitStorage(x.data_type(), weight.data_type(), [&](auto x_tag, auto weight_tag) {
      using T = typename decltype(x_tag)::Type;
      using W = typename decltype(weight_tag)::Type;
      using C = typename cpu::Compute<T>::Type;
      cpu::LayerNormGrad<T, W>(dy.data_ptr<T>(), x.data_ptr<T>(), weight.data_ptr<W>(),
                               mean.data_ptr<C>(), rstd.data_ptr<C>(), size.rows, size.columns,
                               dx.data_ptr<T>(), dweight.data_ptr<W>(), dbias.data_ptr<W>());
    });
  });
  return {dx, dweight, dbias};
}

}  // namespace mindforge
