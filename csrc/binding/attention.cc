// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/attention.h"

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/attention.h"
#include "csrc/shapes/attention.h"
#include "pybind11/stl.h"

namespace mindforge {
namespace {

// What is not a tensor, on its way to the gradients.
struct Plan {
  AttentionPacking packing;
  AttentionSettings settings;
};

int64_t BitsOf(double value) {
  int64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

double DoubleOf(int64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// MindSpore keeps lists of integers.
void Save(const Plan& plan, AutogradContext* context) {
  const AttentionSettings& s = plan.settings;
  const std::vector<int64_t> settings{BitsOf(s.scale),   s.before,
                                      s.after,           s.from_end,
                                      BitsOf(s.dropout), static_cast<int64_t>(s.seed),
                                      s.offset};
  context->saved_data["settings"] = mindspore::MakeValue(settings);
  context->saved_data["query_ends"] = mindspore::MakeValue(plan.packing.query_ends);
  context->saved_data["key_ends"] = mindspore::MakeValue(plan.packing.key_ends);
}

Plan Saved(AutogradContext* context) {
  const auto list = [context](const char* name) {
    return mindspore::GetValue<std::vector<int64_t>>(context->saved_data[name]);
  };
  const std::vector<int64_t> s = list("settings");
  return {{list("query_ends"), list("key_ends")},
          {DoubleOf(s[0]), s[1], s[2], s[3] != 0, DoubleOf(s[4]), static_cast<uint64_t>(s[5]),
           static_cast<uint32_t>(s[6])}};
}

Optional AsItLies(const Optional& mask) {
  if (mask.has_value()) {
    mask->SetNeedContiguous(false);
  }
  return mask;
}

AttentionArguments Arguments(const TensorPtr& query, const TensorPtr& key, const TensorPtr& value,
                             const Optional& mask, const Plan& plan) {
  return {DenseRows(query), DenseRows(key), DenseRows(value),
          AsItLies(mask),   plan.packing,   plan.settings};
}

// MindSpore takes no absent tensor: where there is no mask, the query stands in its place.
template <bool kMask, bool kLogSum>
struct AttentionFunction : public Function<AttentionFunction<kMask, kLogSum>> {
  static TensorPtrList Forward(AutogradContext* context, const TensorPtr& query,
                               const TensorPtr& key, const TensorPtr& value, const TensorPtr& mask,
                               const Plan& plan) {
    const AttentionResult result = LaunchAttention(
        Arguments(query, key, value, kMask ? Optional(ms::Tensor(mask)) : std::nullopt, plan));
    context->SaveForBackward(
        {query, key, value, mask, result.output.tensor(), result.log_sum.tensor()});
    Save(plan, context);
    return kLogSum ? TensorPtrList{result.output.tensor(), result.log_sum.tensor()}
                   : TensorPtrList{result.output.tensor()};
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("fusion_attention");
    const TensorPtrList saved = context->GetSavedTensors();
    const AttentionOutput output{ms::Tensor(saved[4]), ms::Tensor(saved[5])};
    const Optional mask = kMask ? Optional(ms::Tensor(saved[3])) : std::nullopt;
    const AttentionGradientTensors result = LaunchAttentionGrad(
        Arguments(saved[0], saved[1], saved[2], mask, Saved(context)), output, Dense(gradients[0]),
        kLogSum ? Optional(Dense(gradients[1])) : std::nullopt);
    const auto wanted = [context](const ms::Tensor& gradient, size_t input) {
      return context->NeedsInputGrad(input) ? gradient.tensor() : nullptr;
    };
    return {wanted(result.dquery, 0), wanted(result.dkey, 1), wanted(result.dvalue, 2), nullptr,
            nullptr};
  }
};

struct MergeFunction : public Function<MergeFunction> {
  static TensorPtrList Forward(AutogradContext* context, const TensorPtr& output,
                               const TensorPtr& log_sum, const TensorPtr& other,
                               const TensorPtr& other_log_sum) {
    context->SaveForBackward({output, log_sum, other, other_log_sum});
    const MergedAttention result =
        LaunchAttentionMerge({Dense(output), Dense(log_sum)}, {Dense(other), Dense(other_log_sum)});
    return {result.output.tensor(), result.log_sum.tensor()};
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("ring_attention_update");
    const TensorPtrList saved = context->GetSavedTensors();
    const MergedAttentionGradients result = LaunchAttentionMergeGrad(
        {Dense(gradients[0]), Dense(gradients[1])}, {Dense(saved[0]), Dense(saved[1])},
        {Dense(saved[2]), Dense(saved[3])});
    const auto wanted = [context](const ms::Tensor& gradient, size_t input) {
      return context->NeedsInputGrad(input) ? gradient.tensor() : nullptr;
    };
    return {wanted(result.one.output, 0), wanted(result.one.log_sum, 1),
            wanted(result.other.output, 2), wanted(result.other.log_sum, 3)};
  }
};

template <bool kMask>
TensorPtrList Record(const ms::Tensor& query, const ms::Tensor& key, const ms::Tensor& value,
                     const TensorPtr& mask, const Plan& plan, bool log_sum) {
  return log_sum ? AttentionFunction<kMask, true>::Apply(query.tensor(), key.tensor(),
                                                         value.tensor(), mask, plan)
                 : AttentionFunction<kMask, false>::Apply(query.tensor(), key.tensor(),
                                                          value.tensor(), mask, plan);
}

void Check(const ms::Tensor& query, const ms::Tensor& key, const ms::Tensor& value,
           const Optional& mask, const Plan& plan) {
  const std::string name = "msops.fusion_attention: ";
  CheckDtype(name + "query", query.data_type(), AttentionDtypes());
  CheckDtype(name + "key", key.data_type(), {query.data_type()});
  CheckDtype(name + "value", value.data_type(), {query.data_type()});
  std::optional<Shape> mask_shape;
  if (mask.has_value()) {
    CheckDtype(name + "mask", mask->data_type(), {mindspore::kNumberTypeBool, query.data_type()});
    mask_shape = mask->shape();
    if (IsRecording() && Wants(*mask)) {
      throw attention::Error(
          "mask gets no gradient; detach it, or compose the attention where it is learned");
    }
  }
  CheckAttention(query.shape(), key.shape(), value.shape(), mask_shape, plan.packing,
                 plan.settings);
}

pybind11::object FusionAttention(const ms::Tensor& query, const ms::Tensor& key,
                                 const ms::Tensor& value, const Optional& mask,
                                 const std::vector<int64_t>& query_ends,
                                 const std::vector<int64_t>& key_ends, double scale, int64_t before,
                                 int64_t after, bool from_end, double dropout, uint64_t seed,
                                 uint32_t offset, bool log_sum) {
  const Tensors tensors = Present({query, key, value, mask});
  Settle(tensors);
  const Plan plan{{query_ends, key_ends}, {scale, before, after, from_end, dropout, seed, offset}};
  Check(query, key, value, mask, plan);
  const auto run = [query, key, value, mask, plan, log_sum, recording = IsRecording()]() {
    if (recording && Wants({query, key, value})) {
      const TensorPtrList outputs =
          mask.has_value() ? Record<true>(query, key, value, mask->tensor(), plan, log_sum)
                           : Record<false>(query, key, value, query.tensor(), plan, log_sum);
      return std::vector<ms::Tensor>(outputs.begin(), outputs.end());
    }
    const AttentionResult result =
        LaunchAttention(Arguments(query.tensor(), key.tensor(), value.tensor(), mask, plan));
    return std::vector<ms::Tensor>{result.output, result.log_sum};
  };
  if (log_sum) {
    return DispatchTwo("fusion_attention", tensors, run);
  }
  return DispatchOne("fusion_attention", tensors, [run]() { return run()[0]; });
}

pybind11::object FusionAttentionPart(const ms::Tensor& query, const ms::Tensor& key,
                                     const ms::Tensor& value, const Optional& mask,
                                     const std::vector<int64_t>& query_ends,
                                     const std::vector<int64_t>& key_ends, double scale,
                                     int64_t before, int64_t after, bool from_end, double dropout,
                                     uint64_t seed, uint32_t offset) {
  const Tensors tensors = Present({query, key, value, mask});
  Settle(tensors);
  const Plan plan{{query_ends, key_ends}, {scale, before, after, from_end, dropout, seed, offset}};
  Check(query, key, value, mask, plan);
  return DispatchThree("fusion_attention", tensors, [=]() {
    const AttentionResult result =
        LaunchAttention(Arguments(query.tensor(), key.tensor(), value.tensor(), mask, plan));
    return std::vector<ms::Tensor>{result.output, result.log_sum, result.maximum};
  });
}

pybind11::object FusionAttentionGrad(const ms::Tensor& doutput, const ms::Tensor& query,
                                     const ms::Tensor& key, const ms::Tensor& value,
                                     const Optional& mask, const ms::Tensor& output,
                                     const ms::Tensor& log_sum,
                                     const std::vector<int64_t>& query_ends,
                                     const std::vector<int64_t>& key_ends, double scale,
                                     int64_t before, int64_t after, bool from_end, double dropout,
                                     uint64_t seed, uint32_t offset) {
  const std::string name = "msops.parts.fusion_attention_grad";
  const Tensors tensors = Present({doutput, query, key, value, output, log_sum, mask});
  Settle(tensors);
  const Plan plan{{query_ends, key_ends}, {scale, before, after, from_end, dropout, seed, offset}};
  Check(query, key, value, mask, plan);
  CheckDtype(name + ": doutput", doutput.data_type(), {query.data_type()});
  CheckDtype(name + ": output", output.data_type(), {query.data_type()});
  CheckDtype(name + ": log_sum", log_sum.data_type(), {ComputeDtype(query.data_type())});
  const Shape expected = AttentionOutputShape(query.shape(), value.shape());
  CheckSameShape(name, "the result", expected, "doutput", doutput.shape());
  CheckSameShape(name, "the result", expected, "output", output.shape());
  CheckSameShape(name, "the result's rows", AttentionLogSumShape(query.shape()), "log_sum",
                 log_sum.shape());
  const auto run = [=]() {
    const AttentionGradientTensors result = LaunchAttentionGrad(
        Arguments(query.tensor(), key.tensor(), value.tensor(), mask, plan),
        {Dense(output.tensor()), Dense(log_sum.tensor())}, Dense(doutput.tensor()), std::nullopt);
    return std::vector<ms::Tensor>{result.dquery, result.dkey, result.dvalue};
  };
  return DispatchThree("fusion_attention_grad", tensors, run);
}

pybind11::object RingAttentionUpdate(const ms::Tensor& output, const ms::Tensor& log_sum,
                                     const ms::Tensor& other, const ms::Tensor& other_log_sum) {
  const std::string name = "msops.ring_attention_update";
  const std::vector<ms::Tensor> tensors{output, log_sum, other, other_log_sum};
  Settle(tensors);
  CheckDtype(name + ": output", output.data_type(), AttentionDtypes());
  CheckDtype(name + ": other", other.data_type(), {output.data_type()});
  const mindspore::TypeId sums = ComputeDtype(output.data_type());
  CheckDtype(name + ": log_sum", log_sum.data_type(), {sums});
  CheckDtype(name + ": other_log_sum", other_log_sum.data_type(), {sums});
  CheckAttentionMerge(name, output.shape(), log_sum.shape(), other.shape(), other_log_sum.shape());
  const auto run = [tensors, recording = IsRecording()]() {
    const auto& t = tensors;
    if (recording && Wants({t[0], t[1], t[2], t[3]})) {
      const TensorPtrList outputs =
          MergeFunction::Apply(t[0].tensor(), t[1].tensor(), t[2].tensor(), t[3].tensor());
      return std::vector<ms::Tensor>(outputs.begin(), outputs.end());
    }
    const MergedAttention result = LaunchAttentionMerge(
        {Dense(t[0].tensor()), Dense(t[1].tensor())}, {Dense(t[2].tensor()), Dense(t[3].tensor())});
    return std::vector<ms::Tensor>{result.output, result.log_sum};
  };
  return DispatchTwo("ring_attention_update", tensors, run);
}

}  // namespace

void BindAttention(pybind11::module_* module) {
  using pybind11::arg;
  module->def("fusion_attention", &FusionAttention, arg("query"), arg("key"), arg("value"),
              arg("mask"), arg("query_ends"), arg("key_ends"), arg("scale"), arg("before"),
              arg("after"), arg("from_end"), arg("dropout"), arg("seed"), arg("offset"),
              arg("log_sum"));
  module->def("fusion_attention_part", &FusionAttentionPart);
  module->def("fusion_attention_grad", &FusionAttentionGrad, arg("doutput"), arg("query"),
              arg("key"), arg("value"), arg("mask"), arg("output"), arg("log_sum"),
              arg("query_ends"), arg("key_ends"), arg("scale"), arg("before"), arg("after"),
              arg("from_end"), arg("dropout"), arg("seed"), arg("offset"));
  module->def("ring_attention_update", &RingAttentionUpdate, arg("output"), arg("log_sum"),
              arg("other"), arg("other_log_sum"));
}

}  // namespace mindforge
