// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The cross entropy over a vocabulary on MindSpore tensors in the memory of an Ascend NPU. CANN's
// own loss wants the whole vocabulary on one device and keeps the logarithm of the softmax; so the
// pieces, the loss and the gradient are composed of
//   aclnnAmax(self, dim, keepDim, out)
//   aclnnLogSumExp(self, dim, keepDim, out)
//   aclnnReduceSum(self, dims, keepDims, dtype, out)
//   aclnnGather(self, dim, index, out)
//   aclnnScatterAdd(self, dim, index, src, out)
//   aclnnClamp(self, clipValueMin, clipValueMax, out)
//   aclnnEqTensor(self, other, out), aclnnEqScalar(self, other, out)
//   aclnnSWhere(condition, self, other, out)
//   aclnnAdds(self, other, alpha, out), aclnnMuls(self, other, out)
//   aclnnAdd, aclnnSub(self, other, alpha, out)
//   aclnnMul, aclnnDiv(self, other, out)
//   aclnnExp, aclnnLog(self, out)
// Argument order as in CANN's operator library reference, 8.0 and later. CANN takes no empty
// tensors, so those do not reach it.
#include "csrc/launch/vocab_cross_entropy.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "csrc/ascend/arithmetic.h"
#include "csrc/ascend/runner.h"

namespace mindforge {
namespace {

using namespace ascend;

mindspore::ScalarPtr Whole(int64_t value) { return std::make_shared<mindspore::Int64Imm>(value); }

// 0 where the target is to be ignored.
ms::Tensor Kept(const ms::Tensor& values, const ms::Tensor& target, int64_t ignore_index) {
  const ms::Tensor ignored(mindspore::kNumberTypeBool, target.shape());
  Run({target}, {ignored}, MINDFORGE_ACLNN(EqScalar, target, Whole(ignore_index), ignored));
  const ms::Tensor zeros = ms::zeros(values.shape(), values.data_type());
  const ms::Tensor result = Like(values);
  Run({ignored, zeros, values}, {result}, MINDFORGE_ACLNN(SWhere, ignored, zeros, values, result));
  return result;
}

ms::Tensor RowMax(const ms::Tensor& x) {
  const ms::Tensor result(x.data_type(), {x.shape()[0]});
  const std::vector<int64_t> last{kLast};
  const bool keep = false;
  Run({x}, {result}, MINDFORGE_ACLNN(Amax, x, last, keep, result));
  return result;
}

ms::Tensor RowLogSumExp(const ms::Tensor& x) {
  const ms::Tensor result(x.data_type(), {x.shape()[0]});
  const std::vector<int64_t> last{kLast};
  const bool keep = false;
  Run({x}, {result}, MINDFORGE_ACLNN(LogSumExp, x, last, keep, result));
  return result;
}

ms::Tensor RowSum(const ms::Tensor& x) {
  return SumOver(x, {kLast}, false, ms::Tensor(x.data_type(), {x.shape()[0]}));
}

// The columns of the targets, (rows, 1), and 1 where the target is among them, else 0.
struct Hits {
  ms::Tensor column, among;
};

Hits HitsOf(const ms::Tensor& target, int64_t first, int64_t columns) {
  const ms::Tensor wide = As(target, mindspore::kNumberTypeInt64).reshape({-1, 1});
  const ms::Tensor shifted = Like(wide);
  Run({wide}, {shifted}, MINDFORGE_ACLNN(Adds, wide, Whole(-first), Whole(1), shifted));
  const ms::Tensor column = Clamp(shifted, Whole(0), Whole(columns - 1));
  const ms::Tensor same(mindspore::kNumberTypeBool, column.shape());
  Run({shifted, column}, {same}, MINDFORGE_ACLNN(EqTensor, shifted, column, same));
  return {column, As(same, kFloat)};
}

ms::Tensor AtHits(const ms::Tensor& x, const Hits& hits) {
  return Mul(Gather(x, hits.column), hits.among);
}

ms::Tensor Rows(const ms::Tensor& logits) {
  return As(logits, kFloat).reshape({-1, logits.shape().back()});
}

}  // namespace

std::vector<mindspore::TypeId> VocabDtypes() { return FloatDtypes(); }

VocabPieceTensors LaunchVocabPieces(const ms::Tensor& logits, const ms::Tensor& target,
                                    int64_t first) {
  if (target.numel() == 0) {
    const auto none = [&]() { return ms::zeros(target.shape()); };
    return {none(), none(), none(), none()};
  }
  const ms::Tensor x = Rows(logits);
  const ms::Tensor max = RowMax(x);
  const ms::Tensor sum = Exp(Sub(RowLogSumExp(x), max));
  const ms::Tensor hit = AtHits(x, HitsOf(target, first, logits.shape().back()));
  const auto shaped = [&](const ms::Tensor& row) { return row.reshape(target.shape()); };
  return {shaped(max), shaped(sum), shaped(hit), shaped(RowSum(x))};
}

ms::Tensor LaunchVocabLoss(const VocabPieceTensors& pieces, const ms::Tensor& target,
                           const VocabRule& rule) {
  if (target.numel() == 0) {
    return ms::zeros(target.shape());
  }
  ms::Tensor loss = Add(Log(pieces.sum), pieces.max);
  loss = Add(loss, pieces.target, rule.smoothing - 1.0);
  if (rule.smoothing > 0.0) {
    loss = Add(loss, pieces.total, -rule.smoothing / static_cast<double>(rule.classes));
  }
  return Kept(loss, target, rule.ignore_index);
}

ms::Tensor LaunchVocabGrad(const ms::Tensor& dloss, const ms::Tensor& logits,
                           const ms::Tensor& target, const ms::Tensor& max, const ms::Tensor& sum,
                           const VocabRule& rule) {
  if (target.numel() == 0) {
    return ms::zeros(logits.shape(), logits.data_type());
  }
  const auto column = [](const ms::Tensor& row) { return row.reshape({-1, 1}); };
  ms::Tensor slope = Div(Exp(Sub(Rows(logits), column(max))), column(sum));
  if (rule.smoothing > 0.0) {
    slope = Add(slope, -rule.smoothing / static_cast<double>(rule.classes));
  }
  const Hits hits = HitsOf(target, rule.first, logits.shape().back());
  slope = ScatterAdd(slope, hits.column, Mul(hits.among, rule.smoothing - 1.0));
  const ms::Tensor scale = Kept(dloss, target, rule.ignore_index);
  return As(Mul(slope, column(scale)), logits.data_type()).reshape(logits.shape());
}

}  // namespace mindforge
