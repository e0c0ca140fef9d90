// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// swiglu on MindSpore tensors in CPU memory.
#include <vector>

#include "csrc/cpu/runner.h"
#include "csrc/cpu/swiglu.h"
#include "csrc/cpu/visit.h"
#include "csrc/launch/dtypes.h"
#include "csrc/launch/swiglu.h"
#include "csrc/launch/tensors.h"
#include "csrc/shapes/swiglu.h"

namespace mindforge {
std::vector<mindspore::TypeId> SwigluDtypes() { return FloatAndDoubleDtypes(); }

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
  const ms::Tensor dx = Like(x);
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
