// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// gelu on MindSpore tensors in CPU memory.
#include <optional>
#include <vector>

#include "csrc/cpu/gelu.h"
#include "csrc/cpu/runner.h"
#include "csrc/cpu/visit.h"
#include "csrc/launch/gelu.h"
#include "csrc/shapes/gelu.h"

namespace mindforge {
namespace {

using Optional = std::optional<ms::Tensor>;

template <typename T>
T* PointerTo(const Optional& tensor) {
  return tensor.has_value() ? tensor->data_ptr<T>() : nullptr;
}

// `tensors`, and `last` where there is such a thing.
std::vector<ms::Tensor> With(std::vector<ms::Tensor> tensors, const Optional& last) {
  if (last.has_value()) {
    tensors.push_back(*last);
  }
  return tensors;
}

}  // namespace

std::vector<mindspore::TypeId> GeluDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32, mindspore::kNumberTypeFloat64};
}

ms::Tensor LaunchGelu(const ms::Tensor& x, const Optional& bias, bool tanh) {
  const GeluSize size = GeluSizeOf(x.shape(), bias.has_value());
  const ms::Tensor y(x.data_type(), x.shape());
  cpu::Run("gelu", With({x}, bias), {y}, [=]() {
    cpu::VisitStorage(x.data_type(), [&](auto storage) {
      using T = decltype(storage);
      cpu::Gelu<T>(x.data_ptr<T>(), PointerTo<T>(bias), tanh, size.rows, size.columns,
                   y.data_ptr<T>());
    });
  });
  return y;
}

GeluGradients LaunchGeluGrad(const ms::Tensor& dy, const ms::Tensor& x, const Optional& bias,
                             bool tanh) {
  const GeluSize size = GeluSizeOf(x.shape(), bias.has_value());
  const ms::Tensor dx(x.data_type(), x.shape());
  const Optional dbias =
      bias.has_value() ? Optional(ms::Tensor(bias->data_type(), bias->shape())) : std::nullopt;
  cpu::Run("gelu_grad", With({dy, x}, bias), With({dx}, dbias), [=]() {
    cpu::VisitStorage(x.data_type(), [&](auto storage) {
      using T = decltype(storage);
      cpu::GeluGrad<T>(dy.data_ptr<T>(), x.data_ptr<T>(), PointerTo<T>(bias), tanh, size.rows,
                       size.columns, dx.data_ptr<T>(), PointerTo<T>(dbias));
    });
  });
  return {dx, dbias};
}

}  // namespace mindforge
