// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/embedding.h"

#include <optional>
#include <string>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/embedding.h"
#include "csrc/shapes/embedding.h"
#include "pybind11/stl.h"

namespace mindforge {
namespace {

using OptionalRow = std::optional<int64_t>;

// MindSpore records no absent number: the padding row is -1 where there is none.
struct EmbeddingFunction : public Function<EmbeddingFunction> {
  static TensorPtr Forward(AutogradContext* context, const TensorPtr& indices,
                           const TensorPtr& weight, const int64_t& padding) {
    context->SaveForBackward({indices});
    context->saved_data["rows"] = mindspore::MakeValue(weight->shape()[0]);
    context->saved_data["padding"] = mindspore::MakeValue(padding);
    return LaunchEmbedding(Dense(indices), Dense(weight)).tensor();
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("embedding");
    const int64_t padding = mindspore::GetValue<int64_t>(context->saved_data["padding"]);
    const ms::Tensor dweight =
        LaunchEmbeddingGrad(Dense(gradients[0]), Dense(context->GetSavedTensors()[0]),
                            mindspore::GetValue<int64_t>(context->saved_data["rows"]),
                            padding < 0 ? std::nullopt : OptionalRow(padding));
    return {nullptr, dweight.tensor(), nullptr};
  }
};

void CheckIndices(const std::string& operation, const ms::Tensor& indices) {
  CheckDtype(operation + ": indices", indices.data_type(), IndexDtypes());
}

pybind11::object Embedding(const ms::Tensor& indices, const ms::Tensor& weight,
                           const OptionalRow& padding_idx) {
  const std::string name = "msops.embedding";
  Settle({indices, weight});
  CheckIndices(name, indices);
  CheckDtype(name + ": weight", weight.data_type(), EmbeddingDtypes());
  CheckEmbedding(name, weight.shape());
  CheckPaddingIndex(name, weight.shape()[0], padding_idx);
  const auto run = [indices, weight, padding_idx, recording = IsRecording()]() {
    if (recording && Wants(weight)) {
      return ms::Tensor(
          EmbeddingFunction::Apply(indices.tensor(), weight.tensor(), padding_idx.value_or(-1)));
    }
    return LaunchEmbedding(Dense(indices.tensor()), Dense(weight.tensor()));
  };
  return DispatchOne("embedding", {indices, weight}, run);
}

pybind11::object EmbeddingGrad(const ms::Tensor& dy, const ms::Tensor& indices, int64_t rows,
                               const OptionalRow& padding_idx) {
  const std::string name = "msops.parts.embedding_grad";
  Settle({dy, indices});
  CheckIndices(name, indices);
  CheckDtype(name + ": dy", dy.data_type(), EmbeddingDtypes());
  CheckEmbeddingGrad(name, dy.shape(), indices.shape(), rows);
  CheckPaddingIndex(name, rows, padding_idx);
  return DispatchOne("embedding_grad", {dy, indices}, [dy, indices, rows, padding_idx]() {
    return LaunchEmbeddingGrad(Dense(dy.tensor()), Dense(indices.tensor()), rows, padding_idx);
  });
}

}  // namespace

void BindEmbedding(pybind11::module_* module) {
  module->def("embedding", &Embedding);
  module->def("embedding_grad", &EmbeddingGrad);
}

}  // namespace mindforge
