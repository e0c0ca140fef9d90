// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/moe.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/moe.h"
#include "csrc/shapes/moe.h"
#include "pybind11/stl.h"

namespace mindforge {
namespace {

using mindspore::ConstStringHash;  // MS_DECLARE_PARENT names it
using mindspore::TypeId;

TensorPtrList Pointers(const Tensors& tensors) {
  TensorPtrList pointers;
  for (const ms::Tensor& tensor : tensors) pointers.push_back(tensor.tensor());
  return pointers;
}

Tensors TensorsOf(const TensorPtrList& pointers) {
  return Tensors(pointers.begin(), pointers.end());
}

// What is computed in float32 has that dtype, unless it goes with float64.
void CheckCompute(const std::string& argument, const Optional& tensor, const ms::Tensor& with) {
  if (tensor.has_value()) {
    CheckDtype(argument, tensor->data_type(), {ComputeDtype(with.data_type())});
  }
}

Tensors ListOf(const MoeGatingOutput& output) {
  return {output.probs, output.indices, output.counts, output.sums};
}

// The settings of a call, for its backward.
struct Settings : public mindspore::Value {
  MS_DECLARE_PARENT(Settings, mindspore::Value)
  explicit Settings(const MoeGating& gating) : gating(gating) {}
  bool operator==(const mindspore::Value& other) const override { return this == &other; }
  const MoeGating gating;
};

struct MoeGatingFunction : public Function<MoeGatingFunction> {
  static TensorPtrList Forward(AutogradContext* context, const TensorPtr& logits,
                               const Optional& bias, const MoeGating& gating) {
    const MoeGatingOutput output = LaunchMoeGating(Dense(logits), DenseOf(bias), gating);
    const TensorPtr indices = output.indices.tensor(), counts = output.counts.tensor();
    context->SaveForBackward({logits, indices});
    context->saved_data["settings"] = std::make_shared<Settings>(gating);
    context->MarkNonDifferentiable({indices, counts});
    return Pointers(ListOf(output));
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("moe_gating");
    const TensorPtrList saved = context->GetSavedTensors();
    const auto settings = std::dynamic_pointer_cast<Settings>(context->saved_data["settings"]);
    return {LaunchMoeGatingGrad(Dense(gradients[0]), Dense(gradients[3]), Dense(saved[0]),
                                ms::Tensor(saved[1]), settings->gating)
                .tensor(),
            nullptr, nullptr};
  }
};

pybind11::object Gate(const ms::Tensor& logits, const Optional& bias, const MoeGating& gating) {
  const Tensors arguments = Present({logits, bias});
  Settle(arguments);
  CheckDtype("msops.moe_gating: logits", logits.data_type(), MoeDtypes());
  CheckCompute("msops.moe_gating: bias", bias, logits);
  CheckMoeGating(logits.shape(), ShapeOf(bias), gating);
  const auto run = [logits, bias, gating, recording = IsRecording()]() {
    if (recording && Wants(logits)) {
      return TensorsOf(MoeGatingFunction::Apply(logits.tensor(), bias, gating));
    }
    return ListOf(LaunchMoeGating(Dense(logits.tensor()), DenseOf(bias), gating));
  };
  return DispatchFour("moe_gating", arguments, run);
}

// Gradients on their own, for those who record by themselves.
pybind11::object GateGrad(const ms::Tensor& dprobs, const ms::Tensor& dsums,
                          const ms::Tensor& logits, const ms::Tensor& indices,
                          const MoeGating& gating) {
  const Tensors arguments{dprobs, dsums, logits, indices};
  Settle(arguments);
  CheckDtype("msops.moe_gating: logits", logits.data_type(), MoeDtypes());
  CheckDtype("msops.moe_gating: the gradient of probs", dprobs.data_type(), {logits.data_type()});
  CheckDtype("msops.moe_gating: indices", indices.data_type(), {mindspore::kNumberTypeInt32});
  CheckCompute("msops.moe_gating: the gradient of score_sums", dsums, logits);
  CheckMoeGatingGrad(dprobs.shape(), dsums.shape(), logits.shape(), indices.shape(), gating);
  return DispatchOne("moe_gating_grad", arguments, [=]() {
    return LaunchMoeGatingGrad(Dense(dprobs.tensor()), Dense(dsums.tensor()),
                               Dense(logits.tensor()), Dense(indices.tensor()), gating);
  });
}

Tensors ListOf(const MoePermuteOutput& output) {
  return {output.permuted, output.probs, output.positions, output.counts};
}

// MindSpore takes no absent tensor: where there are no probs, the tokens stand in their place, and
// get no gradient through it.
template <bool kProbs>
struct MoePermuteFunction : public Function<MoePermuteFunction<kProbs>> {
  static TensorPtrList Forward(AutogradContext* context, const TensorPtr& tokens,
                               const TensorPtr& probs, const TensorPtr& indices,
                               const MoeLayout& layout) {
    const MoePermuteOutput output =
        LaunchMoePermute(Dense(tokens), Dense(indices), DenseIf(kProbs, probs), layout);
    const TensorPtr positions = output.positions.tensor(), counts = output.counts.tensor();
    context->SaveForBackward({positions});
    context->MarkNonDifferentiable({positions, counts});
    return Pointers(ListOf(output));
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("moe_token_permute");
    const ms::Tensor positions(context->GetSavedTensors()[0]);
    TensorPtr dtokens, dprobs;
    if (context->NeedsInputGrad(0)) {
      dtokens = LaunchMoeUnpermute(Dense(gradients[0]), positions, std::nullopt).tensor();
    }
    if (kProbs && context->NeedsInputGrad(1)) {
      dprobs = LaunchMoePermuteProbsGrad(Dense(gradients[1]), positions).tensor();
    }
    return {dtokens, dprobs, nullptr, nullptr};
  }
};

pybind11::object Permute(const ms::Tensor& tokens, const ms::Tensor& indices, const Optional& probs,
                         const MoeLayout& layout) {
  const std::string name = "msops.moe_token_permute: ";
  const Tensors arguments = Present({tokens, indices, probs});
  Settle(arguments);
  CheckDtype(name + "tokens", tokens.data_type(), MoeDtypes());
  CheckDtype(name + "indices", indices.data_type(), IndexDtypes());
  CheckCompute(name + "probs", probs, tokens);
  CheckMoePermute(tokens.shape(), indices.shape(), ShapeOf(probs), layout);
  const auto run = [tokens, indices, probs, layout, recording = IsRecording()]() {
    const TensorPtr rows = tokens.tensor(), experts = indices.tensor();
    if (recording && Wants({tokens, probs})) {
      return TensorsOf(probs.has_value()
                           ? MoePermuteFunction<true>::Apply(rows, probs->tensor(), experts, layout)
                           : MoePermuteFunction<false>::Apply(rows, rows, experts, layout));
    }
    return ListOf(LaunchMoePermute(Dense(rows), Dense(experts), DenseOf(probs), layout));
  };
  return DispatchFour("moe_token_permute", arguments, run);
}

template <bool kProbs>
struct MoeUnpermuteFunction : public Function<MoeUnpermuteFunction<kProbs>> {
  static TensorPtr Forward(AutogradContext* context, const TensorPtr& permuted,
                           const TensorPtr& probs, const TensorPtr& positions) {
    context->SaveForBackward({permuted, probs, positions});
    return LaunchMoeUnpermute(Dense(permuted), Dense(positions), DenseIf(kProbs, probs)).tensor();
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("moe_token_unpermute");
    const TensorPtrList saved = context->GetSavedTensors();
    const MoeUnpermuteGradients result = LaunchMoeUnpermuteGrad(
        Dense(gradients[0]), Dense(saved[0]), Dense(saved[2]), DenseIf(kProbs, saved[1]));
    return {context->NeedsInputGrad(0) ? result.dpermuted.tensor() : nullptr,
            kProbs && context->NeedsInputGrad(1) ? result.dprobs->tensor() : nullptr, nullptr};
  }
};

void CheckUnpermuteDtypes(const ms::Tensor& permuted, const ms::Tensor& positions,
                          const Optional& probs) {
  const std::string name = "msops.moe_token_unpermute: ";
  CheckDtype(name + "permuted", permuted.data_type(), MoeDtypes());
  CheckDtype(name + "positions", positions.data_type(), {mindspore::kNumberTypeInt32});
  CheckCompute(name + "probs", probs, permuted);
}

pybind11::object Unpermute(const ms::Tensor& permuted, const ms::Tensor& positions,
                           const Optional& probs) {
  const Tensors arguments = Present({permuted, positions, probs});
  Settle(arguments);
  CheckUnpermuteDtypes(permuted, positions, probs);
  CheckMoeUnpermute(permuted.shape(), positions.shape(), ShapeOf(probs));
  const auto run = [permuted, positions, probs, recording = IsRecording()]() {
    const TensorPtr rows = permuted.tensor(), places = positions.tensor();
    if (recording && Wants({permuted, probs})) {
      return ms::Tensor(probs.has_value()
                            ? MoeUnpermuteFunction<true>::Apply(rows, probs->tensor(), places)
                            : MoeUnpermuteFunction<false>::Apply(rows, rows, places));
    }
    return LaunchMoeUnpermute(Dense(rows), Dense(places), DenseOf(probs));
  };
  return DispatchOne("moe_token_unpermute", arguments, run);
}

// Without probs, the second is none of theirs.
pybind11::object UnpermuteGrad(const ms::Tensor& dy, const ms::Tensor& permuted,
                               const ms::Tensor& positions, const Optional& probs) {
  const Tensors arguments = Present({dy, permuted, positions, probs});
  Settle(arguments);
  CheckUnpermuteDtypes(permuted, positions, probs);
  CheckDtype("msops.moe_token_unpermute: dy", dy.data_type(), {permuted.data_type()});
  CheckMoeUnpermuteGrad(dy.shape(), permuted.shape(), positions.shape(), ShapeOf(probs));
  return DispatchTwo("moe_token_unpermute_grad", arguments, [=]() {
    const MoeUnpermuteGradients gradients = LaunchMoeUnpermuteGrad(
        Dense(dy.tensor()), Dense(permuted.tensor()), Dense(positions.tensor()), DenseOf(probs));
    return Tensors{gradients.dpermuted,
                   gradients.dprobs.has_value() ? *gradients.dprobs : gradients.dpermuted};
  });
}

}  // namespace

void BindMoe(pybind11::module_* module) {
  module->def("moe_gating", [](const ms::Tensor& logits, const Optional& bias, int64_t top_k,
                               int64_t groups, int64_t top_groups, int64_t group_top_k,
                               bool softmax, bool normalize, double scale, double eps) {
    return Gate(logits, bias,
                {top_k, groups, top_groups, group_top_k, softmax, normalize, scale, eps});
  });
  module->def("moe_gating_grad",
              [](const ms::Tensor& dprobs, const ms::Tensor& dsums, const ms::Tensor& logits,
                 const ms::Tensor& indices, int64_t top_k, bool softmax, bool normalize,
                 double scale, double eps) {
                return GateGrad(dprobs, dsums, logits, indices,
                                {top_k, 1, 1, 1, softmax, normalize, scale, eps});
              });
  module->def("moe_token_permute",
              [](const ms::Tensor& tokens, const ms::Tensor& indices, const Optional& probs,
                 int64_t experts, int64_t capacity, bool by_probs) {
                return Permute(tokens, indices, probs, {experts, capacity, by_probs});
              });
  module->def("moe_token_unpermute", &Unpermute);
  module->def("moe_token_unpermute_grad", &UnpermuteGrad);
}

}  // namespace mindforge
