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
#include <memory>
#include <vector>

#include "csrc/ascend/api.h"
#include "csrc/shapes/embedding.h"

namespace mindforge {
namespace {

using ms::pynative::AclnnOpRunner;

// What CANN takes for the absence of a padding row.
const uint64_t kNoPadding = 0xFFFFFFFF;

}  // namespace

std::vector<mindspore::TypeId> EmbeddingDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32};
}

ms::Tensor LaunchEmbedding(const ms::Tensor& indices, const ms::Tensor& weight) {
  const Shape shape = EmbeddingShape(indices.shape(), weight.shape()[1]);
  if (indices.numel() == 0 || weight.numel() == 0) {
    return ms::zeros(shape, weight.data_type());
  }
  const ms::Tensor y(weight.data_type(), shape);
  const auto runner = std::make_shared<AclnnOpRunner>("Embedding");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnEmbedding, weight, indices, y));
  runner->Run({weight, indices}, {y});
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
  const auto runner = std::make_shared<AclnnOpRunner>("EmbeddingDenseBackward");
  runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnnEmbeddingDenseBackward, dy, indices, count, padding,
                                          by_frequency, dweight));
  runner->Run({dy, indices}, {dweight});
  return dweight;
}

}  // namespace mindforge
