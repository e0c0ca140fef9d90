// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The cross entropy over a vocabulary on MindSpore tensors in the memory of an Ascend NPU. CANN's
// own loss wants the whole vocabulary on one device and keeps the logarithm of the softmax; so the
// pieces, the loss and the gradient are composed of
//   aclnnAmax(self, dims, keepDim, out)
//   aclnnLogSumExp(self, dims, keepDim, out)
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

#include "csrc/ascend/api.h"

namespace mindforge {
namespace {

using mindspore::ScalarPtr;
using ms::pynative::AclnnOpRunner;

const int64_t kLast = 1;

ScalarPtr Scalar(double value) {
  return std::make_shared<mindspore::FP32Imm>(static_cast<float>(value));
}

ScalarPtr Whole(int64_t value) { return std::make_shared<mindspore::Int64Imm>(value); }

ms::Tensor Like(const ms::Tensor& tensor) { return {tensor.data_type(), tensor.shape()}; }

ms::Tensor As(const ms::Tensor& tensor, mindspore::TypeId dtype) {
  return tensor.data_type() == dtype ? tensor : tensor.cast(dtype);
}

ms::Tensor Floats(const ms::Tensor& tensor) { return As(tensor, mindspore::kNumberTypeFloat32); }

// The results have the shape and dtype of the first argument.

ms::Tensor Plus(const ms::Tensor& a, const ms::Tensor& b, double factor) {
  const ms::Tensor result = Like(a);
  const auto runner = std::make_shared<AclnnOpRunner>("Add");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnAdd, a, b, Scalar(factor), result));
  runner->Run({a, b}, {result});
  return result;
}

ms::Tensor Minus(const ms::Tensor& a, const ms::Tensor& b) {
  const ms::Tensor result = Like(a);
  const auto runner = std::make_shared<AclnnOpRunner>("Sub");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnSub, a, b, Scalar(1.0), result));
  runner->Run({a, b}, {result});
  return result;
}

ms::Tensor Times(const ms::Tensor& a, const ms::Tensor& b) {
  const ms::Tensor result = Like(a);
  const auto runner = std::make_shared<AclnnOpRunner>("Mul");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnMul, a, b, result));
  runner->Run({a, b}, {result});
  return result;
}

ms::Tensor Over(const ms::Tensor& a, const ms::Tensor& b) {
  const ms::Tensor result = Like(a);
  const auto runner = std::make_shared<AclnnOpRunner>("Div");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnDiv, a, b, result));
  runner->Run({a, b}, {result});
  return result;
}

ms::Tensor Shifted(const ms::Tensor& a, const ScalarPtr& by, const ScalarPtr& one) {
  const ms::Tensor result = Like(a);
  const auto runner = std::make_shared<AclnnOpRunner>("Adds");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnAdds, a, by, one, result));
  runner->Run({a}, {result});
  return result;
}

ms::Tensor Scaled(const ms::Tensor& a, double factor) {
  const ms::Tensor result = Like(a);
  const auto runner = std::make_shared<AclnnOpRunner>("Muls");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnMuls, a, Scalar(factor), result));
  runner->Run({a}, {result});
  return result;
}

ms::Tensor Exp(const ms::Tensor& a) {
  const ms::Tensor result = Like(a);
  const auto runner = std::make_shared<AclnnOpRunner>("Exp");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnExp, a, result));
  runner->Run({a}, {result});
  return result;
}

ms::Tensor Log(const ms::Tensor& a) {
  const ms::Tensor result = Like(a);
  const auto runner = std::make_shared<AclnnOpRunner>("Log");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnLog, a, result));
  runner->Run({a}, {result});
  return result;
}

// What lies outside [0, last] becomes the nearer end.
ms::Tensor Clamped(const ms::Tensor& a, int64_t last) {
  const ms::Tensor result = Like(a);
  const ScalarPtr least = Whole(0), most = Whole(last);
  const auto runner = std::make_shared<AclnnOpRunner>("Clamp");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnClamp, a, least, most, result));
  runner->Run({a}, {result});
  return result;
}

// 0 where the target is to be ignored.
ms::Tensor Kept(const ms::Tensor& values, const ms::Tensor& target, int64_t ignore_index) {
  const ms::Tensor ignored(mindspore::kNumberTypeBool, target.shape());
  const auto compare = std::make_shared<AclnnOpRunner>("EqScalar");
  compare->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnEqScalar, target, Whole(ignore_index), ignored));
  compare->Run({target}, {ignored});
  const ms::Tensor zeros = ms::zeros(values.shape(), values.data_type());
  const ms::Tensor result = Like(values);
  const auto choose = std::make_shared<AclnnOpRunner>("SWhere");
  choose->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnSWhere, ignored, zeros, values, result));
  choose->Run({ignored, zeros, values}, {result});
  return result;
}

ms::Tensor RowMax(const ms::Tensor& x) {
  const ms::Tensor result(x.data_type(), {x.shape()[0]});
  const std::vector<int64_t> last{kLast};
  const bool keep = false;
  const auto runner = std::make_shared<AclnnOpRunner>("Amax");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnAmax, x, last, keep, result));
  runner->Run({x}, {result});
  return result;
}

ms::Tensor RowLogSumExp(const ms::Tensor& x) {
  const ms::Tensor result(x.data_type(), {x.shape()[0]});
  const std::vector<int64_t> last{kLast};
  const bool keep = false;
  const auto runner = std::make_shared<AclnnOpRunner>("LogSumExp");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnLogSumExp, x, last, keep, result));
  runner->Run({x}, {result});
  return result;
}

ms::Tensor RowSum(const ms::Tensor& x) {
  const ms::Tensor result(x.data_type(), {x.shape()[0]});
  const std::vector<int64_t> last{kLast};
  const bool keep = false;
  const mindspore::TypeId dtype = x.data_type();
  const auto runner = std::make_shared<AclnnOpRunner>("ReduceSum");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnReduceSum, x, last, keep, dtype, result));
  runner->Run({x}, {result});
  return result;
}

// The columns of the targets, (rows, 1), and 1 where the target is among them, else 0.
struct Hits {
  ms::Tensor column, among;
};

Hits HitsOf(const ms::Tensor& target, int64_t first, int64_t columns) {
  const ms::Tensor wide = As(target, mindspore::kNumberTypeInt64).reshape({-1, 1});
  const ms::Tensor shifted = Shifted(wide, Whole(-first), Whole(1));
  const ms::Tensor column = Clamped(shifted, columns - 1);
  const ms::Tensor same(mindspore::kNumberTypeBool, column.shape());
  const auto runner = std::make_shared<AclnnOpRunner>("EqTensor");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnEqTensor, shifted, column, same));
  runner->Run({shifted, column}, {same});
  return {column, Floats(same)};
}

ms::Tensor AtHits(const ms::Tensor& x, const Hits& hits) {
  const ms::Tensor found(x.data_type(), hits.column.shape());
  const auto runner = std::make_shared<AclnnOpRunner>("Gather");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnGather, x, kLast, hits.column, found));
  runner->Run({x, hits.column}, {found});
  return Times(found, hits.among);
}

ms::Tensor WithAtHits(const ms::Tensor& x, const Hits& hits, double added) {
  const ms::Tensor result = Like(x), source = Scaled(hits.among, added);
  const auto runner = std::make_shared<AclnnOpRunner>("ScatterAdd");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnScatterAdd, x, kLast, hits.column, source, result));
  runner->Run({x, hits.column, source}, {result});
  return result;
}

ms::Tensor Rows(const ms::Tensor& logits) {
  return Floats(logits).reshape({-1, logits.shape().back()});
}

}  // namespace

std::vector<mindspore::TypeId> VocabDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32};
}

VocabPieceTensors LaunchVocabPieces(const ms::Tensor& logits, const ms::Tensor& target,
                                    int64_t first) {
  if (target.numel() == 0) {
    const auto none = [&]() { return ms::zeros(target.shape()); };
    return {none(), none(), none(), none()};
  }
  const ms::Tensor x = Rows(logits);
  const ms::Tensor max = RowMax(x);
  const ms::Tensor sum = Exp(Minus(RowLogSumExp(x), max));
  const ms::Tensor hit = AtHits(x, HitsOf(target, first, logits.shape().back()));
  const auto shaped = [&](const ms::Tensor& row) { return row.reshape(target.shape()); };
  return {shaped(max), shaped(sum), shaped(hit), shaped(RowSum(x))};
}

ms::Tensor LaunchVocabLoss(const VocabPieceTensors& pieces, const ms::Tensor& target,
                           const VocabRule& rule) {
  if (target.numel() == 0) {
    return ms::zeros(target.shape());
  }
  ms::Tensor loss = Plus(Log(pieces.sum), pieces.max, 1.0);
  loss = Plus(loss, pieces.target, rule.smoothing - 1.0);
  if (rule.smoothing > 0.0) {
    loss = Plus(loss, pieces.total, -rule.smoothing / static_cast<double>(rule.classes));
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
  ms::Tensor slope = Over(Exp(Minus(Rows(logits), column(max))), column(sum));
  if (rule.smoothing > 0.0) {
    const double level = -rule.smoothing / static_cast<double>(rule.classes);
    slope = Shifted(slope, Scalar(level), Scalar(1.0));
  }
  const Hits hits = HitsOf(target, rule.first, logits.shape().back());
  slope = WithAtHits(slope, hits, rule.smoothing - 1.0);
  const ms::Tensor scale = Kept(dloss, target, rule.ignore_index);
  return As(Times(slope, column(scale)), logits.data_type()).reshape(logits.shape());
}

}  // namespace mindforge
