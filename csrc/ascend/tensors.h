// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What launches on Ascend share: new tensors, and sums through CANN's operators:
//   aclnnAdd(self, other, alpha, out)
//   aclnnReduceSum(self, dims, keepDims, dtype, out)
#ifndef CSRC_ASCEND_TENSORS_H_
#define CSRC_ASCEND_TENSORS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "csrc/ascend/api.h"

namespace mindforge::ascend {

// A tensor of the same shape and dtype, whose elements are not set.
inline ms::Tensor Like(const ms::Tensor& tensor) { return {tensor.data_type(), tensor.shape()}; }

inline ms::Tensor ZerosLike(const ms::Tensor& tensor) {
  return ms::zeros(tensor.shape(), tensor.data_type());
}

// a + factor * b, with the shape and dtype of a.
ms::Tensor Sum(const ms::Tensor& a, const ms::Tensor& b, double factor = 1.0);

// x + bias, or x where there is none.
ms::Tensor Biased(const ms::Tensor& x, const std::optional<ms::Tensor>& bias);

// The sum over `dims`, with the shape and dtype of `like`.
ms::Tensor SumOver(const ms::Tensor& tensor, const std::vector<int64_t>& dims, bool keep_dims,
                   const ms::Tensor& like);

}  // namespace mindforge::ascend

#endif  // CSRC_ASCEND_TENSORS_H_
