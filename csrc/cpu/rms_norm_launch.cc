// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// rms_norm on MindSpore tensors in CPU memory.
#include <stdexcept>
#include <vector>

#include "csrc/cpu/rms_norm.h"
#include "csrc/cpu/runner.h"
#include "csrc/launch/rms_norm.h"
#include "csrc/shapes/rms_norm.h"

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
    throw std::logic_error("rms_norm was launched with dtypes that its check does not let through");
  }
}

TypeId StatisticsDtype(TypeId x) {
  return x == mindspore::kNumberTypeFloat64 ? x : mindspore::kNumberTypeFloat32;
}

}  // namespace

std::vector<TypeId> RmsNormDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32, mindspore::kNumberTypeFloat64};
}

RmsNormOutput LaunchRmsNorm(const ms::Tensor& x, const ms::Tensor& weight, double eps) {
  const RmsNormRows size = CheckRmsNorm(x.shape(), weight.shape(), eps);
  const ms::Tensor y(x.data_type(), x.shape());
  const ms::Tensor rstd(StatisticsDtype(x.data_type()),
                        RmsNormStatisticsShape(x.shape(), weight.shape()));
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

RmsNormGradients LaunchRmsNormGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                   const ms::Tensor& weight, const ms::Tensor& rstd) {
  const RmsNormRows size = CheckRmsNorm(x.shape(), weight.shape(), 0.0);
  const ms::Tensor dx(x.data_type(), x.shape());
  const ms::Tensor dweight(weight.data_type(), weight.shape());
  cpu::Run("rms_norm_grad", {dy, x, weight, rstd}, {dx, dweight}, [=]() {
    VisitStorage(x.data_type(), weight.data_type(), [&](auto x_tag, auto weight_tag) {
      using T = typename decltype(x_tag)::Type;
      using W = typename decltype(weight_tag)::Type;
      cpu::RmsNormGrad(dy.data_ptr<T>(), x.data_ptr<T>(), weight.data_ptr<W>(),
                       rstd.data_ptr<typename cpu::Compute<T>::Type>(), size.rows, size.columns,
                       dx.data_ptr<T>(), dweight.data_ptr<W>());
    });
  });
  return {dx, dweight};
}

}  // namespace mindforge
