// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/vocab_cross_entropy.h"

#include <string>
#include <utility>
#include <vector>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/vocab_cross_entropy.h"

namespace mindforge {
namespace {

VocabRule WholeVocabulary(const ms::Tensor& logits, int64_t ignore_index, double smoothing) {
  return {0, logits.shape().back(), ignore_index, smoothing};
}

struct VocabCrossEntropyFunction : public Function<VocabCrossEntropyFunction> {
  static TensorPtr Forward(AutogradContext* context, const TensorPtr& logits,
                           const TensorPtr& target, const int64_t& ignore_index,
                           const double& smoothing) {
    const ms::Tensor dense = Dense(logits), dense_target = Dense(target);
    const VocabPieceTensors pieces = LaunchVocabPieces(dense, dense_target, 0);
    context->SaveForBackward({logits, target, pieces.max.tensor(), pieces.sum.tensor()});
    context->saved_data["ignore_index"] = mindspore::MakeValue(ignore_index);
    context->saved_data["smoothing"] = mindspore::MakeValue(smoothing);
    return LaunchVocabLoss(pieces, dense_target, WholeVocabulary(dense, ignore_index, smoothing))
        .tensor();
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("vocab_cross_entropy");
    const TensorPtrList saved = context->GetSavedTensors();
    const ms::Tensor logits = Dense(saved[0]);
    const VocabRule rule =
        WholeVocabulary(logits, mindspore::GetValue<int64_t>(context->saved_data["ignore_index"]),
                        mindspore::GetValue<double>(context->saved_data["smoothing"]));
    const ms::Tensor dlogits = LaunchVocabGrad(Dense(gradients[0]), logits, Dense(saved[1]),
                                               ms::Tensor(saved[2]), ms::Tensor(saved[3]), rule);
    return {dlogits.tensor(), nullptr, nullptr, nullptr};
  }
};

void CheckTensors(const std::string& operation, const ms::Tensor& logits,
                  const ms::Tensor& target) {
  CheckDtype(operation + ": logits", logits.data_type(), VocabDtypes());
  CheckDtype(operation + ": target", target.data_type(), IndexDtypes());
  CheckVocabLogits(operation, logits.shape(), target.shape());
}

using Named = std::pair<const char*, ms::Tensor>;

// Numbers of a row, which have the shape of the targets.
void CheckRows(const std::string& operation, const ms::Tensor& target,
               const std::vector<mindspore::TypeId>& dtypes, const std::vector<Named>& rows) {
  for (const auto& [name, tensor] : rows) {
    CheckDtype(operation + ": " + name, tensor.data_type(), dtypes);
    CheckSameShape(operation, "target", target.shape(), name, tensor.shape());
  }
}

pybind11::object VocabCrossEntropy(const ms::Tensor& logits, const ms::Tensor& target,
                                   int64_t ignore_index, double smoothing) {
  const std::string name = "msops.vocab_cross_entropy";
  Settle({logits, target});
  CheckTensors(name, logits, target);
  CheckVocabRule(name, WholeVocabulary(logits, ignore_index, smoothing));
  const auto run = [=, recording = IsRecording()]() {
    if (recording && Wants(logits)) {
      return ms::Tensor(VocabCrossEntropyFunction::Apply(logits.tensor(), target.tensor(),
                                                         ignore_index, smoothing));
    }
    const ms::Tensor dense = Dense(logits.tensor()), dense_target = Dense(target.tensor());
    return LaunchVocabLoss(LaunchVocabPieces(dense, dense_target, 0), dense_target,
                           WholeVocabulary(dense, ignore_index, smoothing));
  };
  return DispatchOne("vocab_cross_entropy", {logits, target}, run);
}

pybind11::object VocabPieces(const ms::Tensor& logits, const ms::Tensor& target, int64_t first) {
  const std::string name = "msops.parts.vocab_pieces";
  Settle({logits, target});
  CheckTensors(name, logits, target);
  CheckVocabRule(name, {first, 1, 0, 0.0});
  return DispatchFour("vocab_pieces", {logits, target}, [=]() {
    const VocabPieceTensors pieces =
        LaunchVocabPieces(Dense(logits.tensor()), Dense(target.tensor()), first);
    return std::vector<ms::Tensor>{pieces.max, pieces.sum, pieces.target, pieces.total};
  });
}

pybind11::object VocabLoss(const ms::Tensor& max, const ms::Tensor& sum,
                           const ms::Tensor& target_logit, const ms::Tensor& total,
                           const ms::Tensor& target, int64_t classes, int64_t ignore_index,
                           double smoothing) {
  const std::string name = "msops.parts.vocab_loss";
  const VocabRule rule{0, classes, ignore_index, smoothing};
  const std::vector<ms::Tensor> arguments{max, sum, target_logit, total, target};
  Settle(arguments);
  CheckDtype(name + ": max", max.data_type(),
             {mindspore::kNumberTypeFloat32, ComputeDtype(VocabDtypes().back())});
  CheckRows(name, target, {max.data_type()},
            {{"max", max}, {"sum", sum}, {"target_logit", target_logit}, {"total", total}});
  CheckDtype(name + ": target", target.data_type(), IndexDtypes());
  CheckVocabRule(name, rule);
  return DispatchOne("vocab_loss", arguments, [=]() {
    return LaunchVocabLoss({Dense(max.tensor()), Dense(sum.tensor()), Dense(target_logit.tensor()),
                            Dense(total.tensor())},
                           Dense(target.tensor()), rule);
  });
}

pybind11::object VocabGrad(const ms::Tensor& dloss, const ms::Tensor& logits,
                           const ms::Tensor& target, const ms::Tensor& max, const ms::Tensor& sum,
                           int64_t first, int64_t classes, int64_t ignore_index, double smoothing) {
  const std::string name = "msops.parts.vocab_grad";
  const VocabRule rule{first, classes, ignore_index, smoothing};
  const std::vector<ms::Tensor> arguments{dloss, logits, target, max, sum};
  Settle(arguments);
  CheckTensors(name, logits, target);
  CheckRows(name, target, {ComputeDtype(logits.data_type())},
            {{"dloss", dloss}, {"max", max}, {"sum", sum}});
  CheckVocabRule(name, rule);
  return DispatchOne("vocab_grad", arguments, [=]() {
    return LaunchVocabGrad(Dense(dloss.tensor()), Dense(logits.tensor()), Dense(target.tensor()),
                           Dense(max.tensor()), Dense(sum.tensor()), rule);
  });
}

}  // namespace

void BindVocabCrossEntropy(pybind11::module_* module) {
  module->def("vocab_cross_entropy", &VocabCrossEntropy);
  module->def("vocab_pieces", &VocabPieces);
  module->def("vocab_loss", &VocabLoss);
  module->def("vocab_grad", &VocabGrad);
}

}  // namespace mindforge
