// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// rotary_position_embedding on MindSpore tensors in the memory of an Ascend NPU, through CANN's
// operators:
//   aclnnRotaryPositionEmbedding(x, cos, sin, mode, out)     mode 0: half, 1: interleaved
//   aclnnRotaryPositionEmbeddingGrad(dy, cos, sin, xOptional, mode, dxOut, dcosOut, dsinOut)
//   aclnnSlice(self, dim, start, end, step, out)             the columns that are rotated
//   aclnnCat(tensors, dim, out)                              and the others put back beside them
//   aclnnPermute(self, dims, out)                            pairs side by side to halves, and back
// Argument order as in CANN's operator library reference, 8.0 and later. CANN's rotation wants four
// dimensions, tables of x's dtype, and no empty tensors; those do not reach it.
#include "csrc/launch/rotary.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "csrc/ascend/tensors.h"

namespace mindforge {
namespace {

using ascend::Like;
using ascend::SumOver;
using ascend::ZerosLike;
using ms::pynative::AclnnOpRunner;

const int64_t kLast = -1;

ms::Tensor Columns(const ms::Tensor& x, int64_t start, int64_t end) {
  Shape shape = x.shape();
  shape.back() = end - start;
  const ms::Tensor out(x.data_type(), shape);
  const int64_t step = 1;
  const auto runner = std::make_shared<AclnnOpRunner>("Slice");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnSlice, x, kLast, start, end, step, out));
  runner->Run({x}, {out});
  return out;
}

// x with `part` in place of its columns from `start` on.
ms::Tensor WithColumns(const ms::Tensor& x, int64_t start, const ms::Tensor& part) {
  const int64_t end = start + part.shape().back(), columns = x.shape().back();
  std::vector<ms::Tensor> pieces;
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
  const auto runner = std::make_shared<AclnnOpRunner>("Cat");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnCat, pieces, kLast, out));
  runner->Run(pieces, {out});
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
    whole = whole.repeat(repeats);
  }
  const ms::Tensor four = whole.reshape(FourDimensions(shape));
  return four.data_type() == x.data_type() ? four : four.cast(x.data_type());
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
  const auto runner = std::make_shared<AclnnOpRunner>("Permute");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnPermute, grouped, dims, out));
  runner->Run({grouped}, {out});
  return out.reshape(shape);
}

int64_t Mode(RotaryLayout layout) { return layout == RotaryLayout::kInterleaved ? 1 : 0; }

struct Gradients {
  ms::Tensor dx, dcos, dsin;
};

// The gradients of the rotated part, all of x's dtype.
Gradients PartGradients(const ms::Tensor& dy, const ms::Tensor& x, const ms::Tensor& cos,
                        const ms::Tensor& sin, RotaryLayout layout) {
  const Shape four = FourDimensions(dy.shape());
  const ms::Tensor above = dy.reshape(four), below = x.reshape(four);
  const ms::Tensor c = Table(dy, cos), s = Table(dy, sin);
  const ms::Tensor dx = Like(above), dcos = Like(c), dsin = Like(s);
  const int64_t mode = Mode(layout);
  const auto runner = std::make_shared<AclnnOpRunner>("RotaryPositionEmbeddingGrad");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnRotaryPositionEmbeddingGrad, above, c, s, below,
                                          mode, dx, dcos, dsin));
  runner->Run({above, c, s, below}, {dx, dcos, dsin});
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
  return result.data_type() == table.data_type() ? result : result.cast(table.data_type());
}

}  // namespace

std::vector<mindspore::TypeId> RotaryDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32};
}

ms::Tensor LaunchRotary(const ms::Tensor& x, const ms::Tensor& cos, const ms::Tensor& sin,
                        const RotarySettings& settings) {
  const int64_t size = cos.shape().back();
  if (x.numel() == 0) {
    return ZerosLike(x);
  }
  if (size == 0) {
    return Columns(x, 0, x.shape().back());
  }
  ms::Tensor part = Columns(x, settings.start, settings.start + size);
  if (settings.layout == RotaryLayout::kInterleavedHalf) {
    part = Regrouped(part, true);
  }
  const ms::Tensor four = part.reshape(FourDimensions(part.shape()));
  const ms::Tensor c = Table(part, cos), s = Table(part, sin), y = Like(four);
  const int64_t mode = Mode(settings.layout);
  const auto runner = std::make_shared<AclnnOpRunner>("RotaryPositionEmbedding");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnRotaryPositionEmbedding, four, c, s, mode, y));
  runner->Run({four, c, s}, {y});
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
  const ms::Tensor above = Columns(dy, settings.start, settings.start + size);
  // What stands for x here goes into the gradients of the tables alone, which are not used.
  ms::Tensor dx = PartGradients(above, above, cos, sin, settings.layout).dx;
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
  const ms::Tensor above = Columns(dy, settings.start, settings.start + size);
  ms::Tensor below = Columns(x, settings.start, settings.start + size);
  if (settings.layout == RotaryLayout::kInterleavedHalf) {
    below = Regrouped(below, true);
  }
  const Gradients result = PartGradients(above, below, cos, sin, settings.layout);
  return {TableGradient(result.dcos, x, cos), TableGradient(result.dsin, x, sin)};
}

}  // namespace mindforge
