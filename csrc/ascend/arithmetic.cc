// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/ascend/arithmetic.h"

#include <memory>

#include "csrc/ascend/runner.h"

namespace mindforge::ascend {

mindspore::ScalarPtr Scalar(double value) {
  return std::make_shared<mindspore::FP32Imm>(static_cast<float>(value));
}

ms::Tensor Add(const ms::Tensor& a, const ms::Tensor& b, double factor) {
  const ms::Tensor result = Like(a);
  Run({a, b}, {result}, MINDFORGE_ACLNN(Add, a, b, Scalar(factor), result));
  return result;
}

ms::Tensor Add(const ms::Tensor& a, double number) {
  const ms::Tensor result = Like(a);
  Run({a}, {result}, MINDFORGE_ACLNN(Adds, a, Scalar(number), Scalar(1.0), result));
  return result;
}

ms::Tensor Sub(const ms::Tensor& a, const ms::Tensor& b) {
  const ms::Tensor result = Like(a);
  Run({a, b}, {result}, MINDFORGE_ACLNN(Sub, a, b, Scalar(1.0), result));
  return result;
}

ms::Tensor Mul(const ms::Tensor& a, const ms::Tensor& b) {
  const ms::Tensor result = Like(a);
  Run({a, b}, {result}, MINDFORGE_ACLNN(Mul, a, b, result));
  return result;
}

ms::Tensor Mul(const ms::Tensor& a, double number) {
  const ms::Tensor result = Like(a);
  Run({a}, {result}, MINDFORGE_ACLNN(Muls, a, Scalar(number), result));
  return result;
}

ms::Tensor Div(const ms::Tensor& a, const ms::Tensor& b) {
  const ms::Tensor result = Like(a);
  Run({a, b}, {result}, MINDFORGE_ACLNN(Div, a, b, result));
  return result;
}

ms::Tensor Clamp(const ms::Tensor& x, const mindspore::ScalarPtr& least,
                 const mindspore::ScalarPtr& most) {
  const ms::Tensor result = Like(x);
  Run({x}, {result}, MINDFORGE_ACLNN(Clamp, x, least, most, result));
  return result;
}

ms::Tensor Exp(const ms::Tensor& x) {
  const ms::Tensor result = Like(x);
  Run({x}, {result}, MINDFORGE_ACLNN(Exp, x, result));
  return result;
}

ms::Tensor Log(const ms::Tensor& x) {
  const ms::Tensor result = Like(x);
  Run({x}, {result}, MINDFORGE_ACLNN(Log, x, result));
  return result;
}

ms::Tensor Biased(const ms::Tensor& x, const Optional& bias) {
  return bias.has_value() ? Add(x, *bias) : x;
}

ms::Tensor SumOver(const ms::Tensor& x, const std::vector<int64_t>& dims, bool keep_dims,
                   const ms::Tensor& like) {
  const ms::Tensor sum = Like(like);
  Run({x}, {sum}, MINDFORGE_ACLNN(ReduceSum, x, dims, keep_dims, like.data_type(), sum));
  return sum;
}

ms::Tensor Columns(const ms::Tensor& x, int64_t start, int64_t end) {
  std::vector<int64_t> shape = x.shape();
  shape.back() = end - start;
  const ms::Tensor columns(x.data_type(), shape);
  const int64_t step = 1;
  Run({x}, {columns}, MINDFORGE_ACLNN(Slice, x, kLast, start, end, step, columns));
  return columns;
}

ms::Tensor Repeat(const ms::Tensor& x, const std::vector<int64_t>& repeats) {
  std::vector<int64_t> shape = x.shape();
  for (size_t i = 0; i < shape.size(); ++i) {
    shape[i] *= repeats[i];
  }
  const ms::Tensor repeated(x.data_type(), shape);
  Run({x}, {repeated}, MINDFORGE_ACLNN(Repeat, x, repeats, repeated));
  return repeated;
}

ms::Tensor Gather(const ms::Tensor& x, const ms::Tensor& index) {
  const ms::Tensor found(x.data_type(), index.shape());
  Run({x, index}, {found}, MINDFORGE_ACLNN(Gather, x, kLast, index, found));
  return found;
}

ms::Tensor ScatterAdd(const ms::Tensor& x, const ms::Tensor& index, const ms::Tensor& source) {
  const ms::Tensor sum = Like(x);
  Run({x, index, source}, {sum}, MINDFORGE_ACLNN(ScatterAdd, x, kLast, index, source, sum));
  return sum;
}

ms::Tensor Counts(const ms::Tensor& numbers, int64_t count) {
  const ms::Tensor flat = numbers.reshape({-1}), counts(mindspore::kNumberTypeInt64, {count});
  const Optional unweighted;
  Run({flat}, {counts}, MINDFORGE_ACLNN(Bincount, flat, unweighted, count, counts));
  return counts;
}

}  // namespace mindforge::ascend
