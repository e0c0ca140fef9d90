// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic on tensors in the memory of an Ascend NPU, through CANN's operators:
//   aclnnAdd, aclnnSub(self, other, alpha, out), aclnnMul, aclnnDiv(self, other, out)
//   aclnnAdds(self, other, alpha, out), aclnnMuls(self, other, out)
//   aclnnClamp(self, clipValueMin, clipValueMax, out), aclnnExp, aclnnLog(self, out)
//   aclnnReduceSum(self, dims, keepDims, dtype, out)
//   aclnnSlice(self, dim, start, end, step, out), aclnnRepeat(self, repeats, out)
//   aclnnGather(self, dim, index, out), aclnnScatterAdd(self, dim, index, src, out)
//   aclnnBincount(self, weights, minlength, out)
// Unless it says otherwise a result has the shape and dtype of the first argument, to which a
// second one is broadcast.
#ifndef CSRC_ASCEND_ARITHMETIC_H_
#define CSRC_ASCEND_ARITHMETIC_H_

#include <cstdint>
#include <vector>

#include "csrc/ascend/tensors.h"
#include "ir/scalar.h"

namespace mindforge::ascend {

mindspore::ScalarPtr Scalar(double value);

// a + factor * b
ms::Tensor Add(const ms::Tensor& a, const ms::Tensor& b, double factor = 1.0);
ms::Tensor Add(const ms::Tensor& a, double number);

ms::Tensor Sub(const ms::Tensor& a, const ms::Tensor& b);

ms::Tensor Mul(const ms::Tensor& a, const ms::Tensor& b);
ms::Tensor Mul(const ms::Tensor& a, double number);

ms::Tensor Div(const ms::Tensor& a, const ms::Tensor& b);

// What lies outside [least, most] becomes the nearer end.
ms::Tensor Clamp(const ms::Tensor& x, const mindspore::ScalarPtr& least,
                 const mindspore::ScalarPtr& most);

ms::Tensor Exp(const ms::Tensor& x);

ms::Tensor Log(const ms::Tensor& x);

// x + bias, or x where there is none.
ms::Tensor Biased(const ms::Tensor& x, const Optional& bias);

// The sum over `dims`, with the shape and dtype of `like`.
ms::Tensor SumOver(const ms::Tensor& x, const std::vector<int64_t>& dims, bool keep_dims,
                   const ms::Tensor& like);

// The columns from `start` to `end`.
ms::Tensor Columns(const ms::Tensor& x, int64_t start, int64_t end);

// x so often behind itself along each axis.
ms::Tensor Repeat(const ms::Tensor& x, const std::vector<int64_t>& repeats);

// Elements of each row by int64 indices, with their shape.
ms::Tensor Gather(const ms::Tensor& x, const ms::Tensor& index);

// x, with `source` added to the elements of each row that Gather would take.
ms::Tensor ScatterAdd(const ms::Tensor& x, const ms::Tensor& index, const ms::Tensor& source);

// How often each number below `count` is among `numbers`, int64.
ms::Tensor Counts(const ms::Tensor& numbers, int64_t count);

}  // namespace mindforge::ascend

#endif  // CSRC_ASCEND_ARITHMETIC_H_
