// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// embedding on MindSpore tensors in CPU memory.
#include <vector>

#include "csrc/cpu/embedding.h"
#include "csrc/cpu/runner.h"
#include "csrc/cpu/visit.h"
#include "csrc/launch/dtypes.h"
#include "csrc/launch/embedding.h"

namespace mindforge {

using mindspore::TypeId;

std::vector<TypeId> EmbeddingDtypes() { return FloatAndDoubleDtypes(); }

ms::Tensor LaunchEmbedding(const ms::Tensor& indices, const ms::Tensor& weight) {
  const EmbeddingSize size = EmbeddingSizeOf(indices.shape(), weight.shape());
  const ms::Tensor y(weight.data_type(), EmbeddingShape(indices.shape(), weight.shape()[1]));
  cpu::Run("embedding", {indices, weight}, {y}, [=]() {
    cpu::VisitIndex(indices.data_type(), [&](auto index) {
      cpu::VisitStorage(weight.data_type(), [&](auto storage) {
        cpu::Embedding(weight.GetDataPtr(), indices.data_ptr<decltype(index)>(), size,
                       sizeof(storage), y.GetDataPtr());
      });
    });
  });
  return y;
}

ms::Tensor LaunchEmbeddingGrad(const ms::Tensor& dy, const ms::Tensor& indices, int64_t rows,
                               const std::optional<int64_t>& padding_idx) {
  const ms::Tensor dweight(dy.data_type(), {rows, dy.shape().back()});
  const EmbeddingSize size = EmbeddingSizeOf(indices.shape(), dweight.shape());
  cpu::Run("embedding_grad", {dy, indices}, {dweight}, [=]() {
    cpu::VisitIndex(indices.data_type(), [&](auto index) {
      cpu::VisitStorage(dy.data_type(), [&](auto storage) {
        using T = decltype(storage);
        cpu::EmbeddingGrad(dy.data_ptr<T>(), indices.data_ptr<decltype(index)>(), padding_idx, size,
                           dweight.data_ptr<T>());
      });
    });
  });
  return dweight;
}

}  // namespace mindforge
