// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// gelu on MindSpore tensors in CPU memory.
#include <vector>

#include "csrc/cpu/gelu.h"
#include "csrc/cpu/runner.h"
#include "csrc/cpu/visit.h"
#include "csrc/launch/dtypes.h"
#include "csrc/launch/gelu.h"
#include "csrc/launch/tensors.h"
#include "csrc/shapes/gelu.h"

namespace mindforge {
std::vector<mindspore::TypeId> GeluDtypes() { return FloatAndDoubleDtypes(); }

ms::Tensor LaunchGelu(const ms::Tensor& x, const Optional& bias, bool tanh) {
  const GeluSize size = GeluSizeOf(x.shape(), bias.has_value());
  const ms::Tensor y = Like(x);
  cpu::Run("gelu", Present({x, bias}), {y}, [=]() {
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
  const ms::Tensor dx = Like(x);
  const Optional dbias = Like(bias);
  cpu::Run("gelu_grad", Present({dy, x, bias}), Present({dx, dbias}), [=]() {
    cpu::VisitStorage(x.data_type(), [&](auto storage) {
      using T = decltype(storage);
      cpu::GeluGrad<T>(dy.data_ptr<T>(), x.data_ptr<T>(), PointerTo<T>(bias), tanh, size.rows,
                       size.columns, dx.data_ptr<T>(), PointerTo<T>(dbias));
    });
  });
  return {dx, dbias};
}

}  // namespace mindforge
