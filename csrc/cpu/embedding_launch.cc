// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// embedding on MindSpore tensors in CPU memory.
#include <stdexcept>
#include <vector>

#include "csrc/cpu/embedding.h"
#include "csrc/cpu/runner.h"
#include "csrc/launch/embedding.h"

namespace mindforge {
namespace {

using mindspore::TypeId;

// Calls visit(I()) with the type of the indices.
template <typename Visit>
void VisitIndices(TypeId indices, const Visit& visit) {
  if (indices == mindspore::kNumberTypeInt32) {
    visit(int32_t{});
  } else {
    visit(int64_t{});
  }
}

// Calls visit(T()) with the storage type of the table.
template <typename Visit>
void VisitStorage(TypeId weight, const Visit& visit) {
  switch (weight) {
    case mindspore::kNumberTypeFloat64:
      return visit(double{});
    case mindspore::kNumberTypeFloat32:
      return visit(float{});
    case mindspore::kNumberTypeFloat16:
      return visit(cpu::Float16{});
    case mindspore::kNumberTypeBFloat16:
      return visit(cpu::BFloat16{});
    default:
      throw std::logic_error(
          "embedding was launched with a dtype that its check does not let through");
  }
}

}  // namespace

std::vector<TypeId> EmbeddingDtypes() {
  return {mindspore::kNumberTypeFloat16, mindspore::kNumberTypeBFloat16,
          mindspore::kNumberTypeFloat32, mindspore::kNumberTypeFloat64};
}

ms::Tensor LaunchEmbedding(const ms::Tensor& indices, const ms::Tensor& weight) {
  const EmbeddingSize size = EmbeddingSizeOf(indices.shape(), weight.shape());
  const ms::Tensor y(weight.data_type(), EmbeddingShape(indices.shape(), weight.shape()[1]));
  cpu::Run("embedding", {indices, weight}, {y}, [=]() {
    VisitIndices(indices.data_type(), [&](auto index) {
      VisitStorage(weight.data_type(), [&](auto storage) {
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
    VisitIndices(indices.data_type(), [&](auto index) {
      VisitStorage(dy.data_type(), [&](auto storage) {
        using T = decltype(storage);
        cpu::EmbeddingGrad(dy.data_ptr<T>(), indices.data_ptr<decltype(index)>(), padding_idx, size,
                           dweight.data_ptr<T>());
      });
    });
  });
  return dweight;
}

}  // namespace mindforge
