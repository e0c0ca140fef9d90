// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// swiglu on MindSpore tensors in CPU memory.
#include <optional>
#include <vector>

#include "csrc/cpu/runner.h"
#include "csrc/cpu/swiglu.h"
#include "csrc/cpu/visit.h"
#include "csrc/launch/swiglu.h"
#include "csrc/shapes/swiglu.h"

namespace mindforge {
namespace {

using Optional = std::optional<ms::Tensor>;

Optional Like(const Optional& tensor) {
  return tensor.has_value() ? Optional(ms::Tensor(tensor->data_type(), tensor->shape()))
                            : std::nullopt;
}

template <typename T>
T* PointerTo(const Optional& tensor) {
  return tensor.has_value() ? tensor->data_ptr<T>() : nullptr;
}

// Those of several tensors that there are.
std::vector<ms::Tensor> Present(const std::vector<Optional>& tensors) {
  std::vector<ms::Tensor> present;
  for (const Optional& tensor : tensors) {
    if (tensor.has_value()) {
      present.push_back(*tensor);
    }
  }
  return present;
}

}  // namespace

std::vector<mindspore::TypeId> SwigluDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32, mindspore::kNumberTypeFloat64};
}

ms::Tensor LaunchSwiglu(const ms::Tensor& x, const Optional& bias, const Optional& scale) {
  const SwigluSize size = SwigluSizeOf(x.shape());
  const ms::Tensor y(x.data_type(), SwigluShape(x.shape()));
  cpu::Run("swiglu", Present({x, bias, scale}), {y}, [=]() {
    cpu::VisitStorage(x.data_type(), [&](auto storage) {
      using T = decltype(storage);
      using C = typename cpu::Compute<T>::Type;
      cpu::Swiglu<T>(x.data_ptr<T>(), PointerTo<T>(bias), PointerTo<C>(scale), size.rows,
                     size.columns, y.data_ptr<T>());
    });
  });
  return y;
}

SwigluGradients LaunchSwigluGrad(const ms::Tensor& dy, const ms::Tensor& x, const Optional& bias,
                                 const Optional& scale) {
  const SwigluSize size = SwigluSizeOf(x.shape());
  const ms::Tensor dx(x.data_type(), x.shape());
  const Optional dbias = Like(bias), dscale = Like(scale);
  cpu::Run("swiglu_grad", Present({dy, x, bias, scale}), Present({dx, dbias, dscale}), [=]() {
    cpu::VisitStorage(x.data_type(), [&](auto storage) {
      using T = decltype(storage);
      using C = typename cpu::Compute<T>::Type;
      cpu::SwigluGrad<T>(dy.data_ptr<T>(), x.data_ptr<T>(), PointerTo<T>(bias), PointerTo<C>(scale),
                         size.rows, size.columns, dx.data_ptr<T>(), PointerTo<T>(dbias),
                         PointerTo<C>(dscale));
    });
  });
  return {dx, dbias, dscale};
}

}  // namespace mindforge
