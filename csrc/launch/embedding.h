// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What a device offers for embedding. csrc/cpu and csrc/ascend each define these functions; a build
// of the extension links one of the two. Arguments were checked and are dense.
#ifndef CSRC_LAUNCH_EMBEDDING_H_
#define CSRC_LAUNCH_EMBEDDING_H_

#include <optional>
#include <vector>

#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

// The dtypes that the table may have on this device. Indices are int32 or int64.
std::vector<mindspore::TypeId> EmbeddingDtypes();

// EmbeddingShape and the dtype of the table.
ms::Tensor LaunchEmbedding(const ms::Tensor& indices, const ms::Tensor& weight);

// The gradient of a table of `rows` rows, with the dtype of dy; zeros in the row padding_idx.
ms::Tensor LaunchEmbeddingGrad(const ms::Tensor& dy, const ms::Tensor& indices, int64_t rows,
                               const std::optional<int64_t>& padding_idx);

}  // namespace mindforge

#endif  // CSRC_LAUNCH_EMBEDDING_H_
