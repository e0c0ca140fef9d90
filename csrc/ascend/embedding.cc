// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// embedding on MindSpore tensors in the memory of an Ascend NPU, through CANN's operators:
//   aclnnEmbedding(weight, indices, out)
//   aclnnEmbeddingDenseBackward(grad, indices, numWeights, paddingIdx, scaleGradByFreq, out)
// Argument order as in CANN's operator library reference, 8.0 and later. CANN takes no empty
// tensors, so those do not reach it. Whether equal inputs give equal bits is for CANN's own setting
// of determinism to say.
#include "csrc/launch/embedding.h"

#include <cstdint>
#include <vector>

#include "csrc/ascend/runner.h"
#include "csrc/ascend/tensors.h"
#include "csrc/shapes/embedding.h"

namespace mindforge {
namespace {

using namespace ascend;

// What CANN takes for the absence of a padding row.
const uint64_t kNoPadding = 0xFFFFFFFF;

}  // namespace

std::vector<mindspore::TypeId> EmbeddingDtypes() { return FloatDtypes(); }

ms::Tensor LaunchEmbedding(const ms::Tensor& indices, const ms::Tensor& weight) {
  const Shape shape = EmbeddingShape(indices.shape(), weight.shape()[1]);
  if (indices.numel() == 0 || weight.numel() == 0) {
    return ms::zeros(shape, weight.data_type());
  }
  const ms::Tensor y(weight.data_type(), shape);
  Run({weight, indices}, {y}, MINDFORGE_ACLNN(Embedding, weight, indices, y));
  return y;
}

ms::Tensor LaunchEmbeddingGrad(const ms::Tensor& dy, const ms::Tensor& indices, int64_t rows,
                               const std::optional<int64_t>& padding_idx) {
  const Shape shape{rows, dy.shape().back()};
  if (dy.numel() == 0 || rows == 0) {
    return ms::zeros(shape, dy.data_type());
  }
  const ms::Tensor dweight(dy.data_type(), shape);
  const uint64_t count = static_cast<uint64_t>(rows);
  const uint64_t padding =
      padding_idx.has_value() ? static_cast<uint64_t>(*padding_idx) : kNoPadding;
  const bool by_frequency = false;
  Run({dy, indices}, {dweight},
      MINDFORGE_ACLNN(EmbeddingDenseBackward, dy, indices, count, padding, by_frequency, dweight));
  return dweight;
}

}  // namespace mindforge
