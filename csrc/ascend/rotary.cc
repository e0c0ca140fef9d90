// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// rotary_position_embedding on MindSpore tensors in the memory of an Ascend NPU, through CANN's
// operators:
//   aclnnRotaryPositionEmbedding(x, cos, sin, mode, out)     mode 0: half, 1: interleaved
//   aclnnRotaryPositionEmbeddingGrad(dy, cos, sin, xOptional, mode, dxOut, dcosOut, dsinOut)
//   aclnnSlice                                               the columns that are rotated
//   aclnnCat(tensors, dim, out)                              and the others put back beside them
//   aclnnPermute(self, dims, out)                            pairs side by side to halves, and back
// Argument order as in CANN's operator library reference, 8.0 and later. CANN's rotation wants four
// dimensions, tables of x's dtype, and no empty tensors; those do not reach it.
#include "csrc/launch/rotary.h"

#include <cstdint>
#include <vector>

#include "csrc/ascend/arithmetic.h"
#include "csrc/ascend/runner.h"

namespace mindforge {
namespace {

using namespace ascend;

// The columns that are rotated: x itself where they are all of it.
ms::Tensor Rotated(const ms::Tensor& x, int64_t start, int64_t size) {
  const bool all = size == x.shape().back() && x.is_contiguous();
  return all ? x : Columns(x, start, start + size);
}

// x with `part` in place of its columns from `start` on.
ms::Tensor WithColumns(const ms::Tensor& x, int64_t start, const ms::Tensor& part) {
  const int64_t end = start + part.shape().back(), columns = x.shape().back();
  Tensors pieces;
  if (start > 0) {
    pieces.push_back(Columns(x, 0, start));
  }
  pieces.push_back(part);
  if (end < columns) {
    pieces.push_back(Columns(x, end, columns));
  }
  if (pieces.size() == 1) {
    return part;
  }
  const ms::Tensor out = Like(x);
  Run(pieces, {out}, MINDFORGE_ACLNN(Cat, pieces, kLast, out));
  return out;
}

// Four dimensions, for as many as there are: the first ones joined, or ones put before.
Shape FourDimensions(const Shape& shape) {
  Shape four = shape;
  while (four.size() < 4) {
    four.insert(four.begin(), 1);
  }
  while (four.size() > 4) {
    four[1] *= four[0];
    four.erase(four.begin());
  }
  return four;
}

// Tables as CANN wants them beside x; expanded first where joined dimensions need it.
ms::Tensor Table(const ms::Tensor& x, const ms::Tensor& table) {
  Shape shape = RotaryTableShape(x.shape(), table.shape());
  ms::Tensor whole = table.reshape(shape);
  if (shape.size() > 4) {
    std::vector<int64_t> repeats(shape.size(), 1);
    for (size_t i = 0; i + 3 < shape.size(); ++i) {
      repeats[i] = x.shape()[i] / shape[i];
      shape[i] = x.shape()[i];
    }
    whole = Repeat(whole, repeats);
  }
  const ms::Tensor four = whole.reshape(FourDimensions(shape));
  return As(four, x.data_type());
}

// Pairs side by side to two halves, or, from halves, back.
ms::Tensor Regrouped(const ms::Tensor& part, bool to_halves) {
  Shape shape = part.shape();
  const int64_t half = shape.back() / 2, count = static_cast<int64_t>(part.numel()) / (2 * half);
  const Shape from = to_halves ? Shape{count, half, 2} : Shape{count, 2, half};
  const Shape to = to_halves ? Shape{count, 2, half} : Shape{count, half, 2};
  const ms::Tensor grouped = part.reshape(from);
  const ms::Tensor out(part.data_type(), to);
  const std::vector<int64_t> dims{0, 2, 1};
  Run({grouped}, {out}, MINDFORGE_ACLNN(Permute, grouped, dims, out));
  return out.reshape(shape);
}

int64_t Mode(RotaryLayout layout) { return layout == RotaryLayout::kInterleaved ? 1 : 0; }

struct Gradients {
  ms::Tensor dx, dcos, dsin;
};

// The gradients of the rotated part, all of its dtype; those of the tables only where x is given.
Gradients PartGradients(const ms::Tensor& dy, const Optional& x, const ms::Tensor& cos,
                        const ms::Tensor& sin, RotaryLayout layout) {
  const Shape four = FourDimensions(dy.shape());
  const ms::Tensor above = dy.reshape(four);
  const Optional below = x.has_value() ? Optional(x->reshape(four)) : std::nullopt;
  const ms::Tensor c = Table(dy, cos), s = Table(dy, sin);
  const ms::Tensor dx = Like(above), dcos = Like(c), dsin = Like(s);
  Run(Present({above, c, s, below}), {dx, dcos, dsin},
      MINDFORGE_ACLNN(RotaryPositionEmbeddingGrad, above, c, s, below, Mode(layout), dx, dcos,
                      dsin));
  return {dx.reshape(dy.shape()), dcos, dsin};
}

// A gradient of a table, in the table's own shape and dtype: joined dimensions were expanded.
ms::Tensor TableGradient(const ms::Tensor& gradient, const ms::Tensor& x, const ms::Tensor& table) {
  const Shape own = RotaryTableShape(x.shape(), table.shape());
  ms::Tensor result = gradient;
  if (own.size() > 4) {
    Shape expanded = own;
    std::vector<int64_t> shared;
    for (size_t i = 0; i + 3 < own.size(); ++i) {
      expanded[i] = x.shape()[i];
      if (own[i] != expanded[i]) {
        shared.push_back(static_cast<int64_t>(i));
      }
    }
    result = gradient.reshape(expanded);
    if (!shared.empty()) {
      result = SumOver(result, shared, true, ms::Tensor(gradient.data_type(), own));
    }
  }
  result = result.reshape(table.shape());
  return As(result, table.data_type());
}

}  // namespace

std::vector<mindspore::TypeId> RotaryDtypes() { return FloatDtypes(); }

ms::Tensor LaunchRotary(const ms::Tensor& x, const ms::Tensor& cos, const ms::Tensor& sin,
                        const RotarySettings& settings) {
  const int64_t size = cos.shape().back();
  if (x.numel() == 0) {
    return ZerosLike(x);
  }
  if (size == 0) {
    return Columns(x, 0, x.shape().back());
  }
  ms::Tensor part = Rotated(x, settings.start, size);
  if (settings.layout == RotaryLayout::kInterleavedHalf) {
    part = Regrouped(part, true);
  }
  const ms::Tensor four = part.reshape(FourDimensions(part.shape()));
  const ms::Tensor c = Table(part, cos), s = Table(part, sin), y = Like(four);
  Run({four, c, s}, {y},
      MINDFORGE_ACLNN(RotaryPositionEmbedding, four, c, s, Mode(settings.layout), y));
  return WithColumns(x, settings.start, y.reshape(part.shape()));
}

ms::Tensor LaunchRotaryGrad(const ms::Tensor& dy, const ms::Tensor& cos, const ms::Tensor& sin,
                            const RotarySettings& settings) {
  const int64_t size = cos.shape().back();
  if (dy.numel() == 0) {
    return ZerosLike(dy);
  }
  if (size == 0) {
    return Columns(dy, 0, dy.shape().back());
  }
  const ms::Tensor above = Rotated(dy, settings.start, size);
  ms::Tensor dx = PartGradients(above, std::nullopt, cos, sin, settings.layout).dx;
  if (settings.layout == RotaryLayout::kInterleavedHalf) {
    dx = Regrouped(dx, false);
  }
  return WithColumns(dy, settings.start, dx);
}

RotaryTableGradients LaunchRotaryTableGrad(const ms::Tensor& dy, const ms::Tensor& x,
                                           const ms::Tensor& cos, const ms::Tensor& sin,
                                           const RotarySettings& settings) {
  const int64_t size = cos.shape().back();
  if (x.numel() == 0 || size == 0) {
    return {ZerosLike(cos), ZerosLike(sin)};
  }
  const ms::Tensor above = Rotated(dy, settings.start, size);
  ms::Tensor below = Rotated(x, settings.start, size);
  if (settings.layout == RotaryLayout::kInterleavedHalf) {
    below = Regrouped(below, true);
  }
  const Gradients result = PartGradients(above, below, cos, sin, settings.layout);
  return {TableGradient(result.dcos, x, cos), TableGradient(result.dsin, x, sin)};
}

}  // namespace mindforge
