// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// rotary_position_embedding on MindSpore tensors in CPU memory.
#include <stdexcept>
#include <vector>

#include "csrc/cpu/rotary.h"
#include "csrc/cpu/runner.h"
#include "csrc/launch/dtypes.h"
#include "csrc/launch/rotary.h"
#include "csrc/launch/tensors.h"

namespace mindforge {
namespace {

// Calls visit(T(), W()) with the storage types of x and of the tables.
template <typename Visit>
void VisitStorage(mindspore::TypeId x, mindspore::TypeId tables, const Visit& visit) {
  const bool wide = tables == mindspore::kNumberTypeFloat32;
  switch (x) {
    case mindspore::kNumberTypeFloat64:
      return visit(double{}, double{});
    case mindspore::kNumberTypeFloat32:
      return visit(float{}, float{});
    case mindspore::kNumberTypeFloat16:
      return wide ? visit(cpu::Float16{}, float{}) : visit(cpu::Float16{}, cpu::Float16{});
    case mindspore::kNumberTypeBFloat16:
      return wide ? visit(cpu::BFloat16{}, float{}) : visit(cpu::BFloat16{}, cpu::BFloat16{});
    default:
      throw std::logic_error(
          "rotary_position_embedding was launched with a dtype that its check does not let "
          "through");
  }
}

// Rows of x, or of a gradient of its shape. There are no elements behind a stride of an empty x.
cpu::RotaryRows RowsOf(const ms::Tensor& x, const ms::Tensor& cos, const RotarySettings& settings) {
  const Shape& shape = x.shape();
  const Shape table = RotaryTableShape(shape, cos.shape());
  const std::vector<int64_t> strides = x.stride();
  const size_t lead = shape.size() - 1;
  cpu::RotaryRows rows{{},
                       std::vector<size_t>(strides.begin(), strides.begin() + lead),
                       std::vector<size_t>(lead),
                       static_cast<size_t>(shape.back()),
                       static_cast<size_t>(settings.start),
                       static_cast<size_t>(table.back()),
                       settings.layout};
  rows.dims.assign(shape.begin(), shape.begin() + lead);
  size_t step = rows.size;
  for (size_t i = lead; i-- > 0;) {
    rows.table_strides[i] = table[i] == 1 ? 0 : step;
    step *= static_cast<size_t>(table[i]);
  }
  return rows;
}

}  // namespace

std::vector<mindspore::TypeId> RotaryDtypes() { return FloatAndDoubleDtypes(); }

ms::Tensor LaunchRotary(const ms::Tensor& x, const ms::Tensor& cos, const ms::Tensor& sin,
                        const RotarySettings& settings) {
  const ms::Tensor y = Like(x);
  cpu::Run("rotary", {x, cos, sin}, {y}, [=]() {
    VisitStorage(x.data_type(), cos.data_type(), [&](auto storage, auto table) {
      using T = decltype(storage);
      using W = decltype(table);
      cpu::Rotary<T, W>(x.data_ptr<T>(), cos.data_ptr<W>(), sin.data_ptr<W>(),
                        RowsOf(x, cos, settings), y.data_ptr<T>());
    });
  });
  return y;
}

ms::Tensor LaunchRotaryGrad(const ms::Tensor& dy, const ms::Tensor& cos, const ms::Tensor& sin,
                            const RotarySettings& settings) {
  const ms::Tensor dx = Like(dy);
  cpu::Run("rotary_grad", {dy, cos, sin}, {dx}, [=]() {
    VisitStorage(dy.data_type(), cos.data_type(), [&](auto storage, auto table) {
      using T = decltype(storage);
      using W = decltype(table);
      cpu::RotaryGrad<T, W>(dy.data_ptr<T>(), cos.data_ptr<W>(), sin.data_ptr<W>(),
                            RowsOf(dy, cos, settings), dx.data_ptr<T>());
    });
  });
  return dx;
}

RotaryTableGradients LaunchRotaryTableGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                           const ms::Tensor& cos, const ms::Tensor&,
                                           const RotarySettings& settings) {
  const ms::Tensor dcos = Like(cos), dsin = Like(cos);
  cpu::Run("rotary_table_grad", {dy, x}, {dcos, dsin}, [=]() {
    VisitStorage(x.data_type(), cos.data_type(), [&](auto storage, auto table) {
      using T = decltype(storage);
      using W = decltype(table);
      cpu::RotaryTableGrad<T, W>(dy.data_ptr<T>(), x.data_ptr<T>(), RowsOf(x, cos, settings),
                                 dcos.data_ptr<W>(), dsin.data_ptr<W>());
    });
  });
  return {dcos, dsin};
}

}  // namespace mindforge
