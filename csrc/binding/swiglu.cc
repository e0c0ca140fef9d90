// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/swiglu.h"

#include <optional>
#include <vector>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/swiglu.h"
#include "csrc/shapes/swiglu.h"
#include "pybind11/stl.h"

namespace mindforge {
namespace {

// MindSpore takes no absent tensor: where there is no bias or scale, x stands in its place, and
// gets no gradient through it.
template <bool kBias, bool kScale>
struct SwigluFunction : public Function<SwigluFunction<kBias, kScale>> {
  static TensorPtr Forward(AutogradContext* context, const TensorPtr& x, const TensorPtr& bias,
                           const TensorPtr& scale) {
    context->SaveForBackward({x, bias, scale});
    return LaunchSwiglu(Dense(x), DenseIf(kBias, bias), DenseIf(kScale, scale)).tensor();
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("swiglu");
    const TensorPtrList saved = context->GetSavedTensors();
    const SwigluGradients result = LaunchSwigluGrad(
        Dense(gradients[0]), Dense(saved[0]), DenseIf(kBias, saved[1]), DenseIf(kScale, saved[2]));
    const auto gradient = [context](const Optional& value, size_t input) {
      return value.has_value() && context->NeedsInputGrad(input) ? value->tensor() : nullptr;
    };
    return {gradient(result.dx, 0), gradient(result.dbias, 1), gradient(result.dscale, 2)};
  }
};

TensorPtr Record(const TensorPtr& x, const Optional& bias, const Optional& scale) {
  const TensorPtr b = bias.has_value() ? bias->tensor() : x;
  const TensorPtr s = scale.has_value() ? scale->tensor() : x;
  if (bias.has_value()) {
    return scale.has_value() ? SwigluFunction<true, true>::Apply(x, b, s)
                             : SwigluFunction<true, false>::Apply(x, b, s);
  }
  return scale.has_value() ? SwigluFunction<false, true>::Apply(x, b, s)
                           : SwigluFunction<false, false>::Apply(x, b, s);
}

void Check(const ms::Tensor& x, const Optional& bias, const Optional& scale) {
  CheckDtype("msops.swiglu: x", x.data_type(), SwigluDtypes());
  if (bias.has_value()) {
    CheckDtype("msops.swiglu: bias", bias->data_type(), {x.data_type()});
  }
  if (scale.has_value()) {
    CheckDtype("msops.swiglu: scale", scale->data_type(), {ComputeDtype(x.data_type())});
  }
  CheckSwiglu(x.shape(), ShapeOf(bias), ShapeOf(scale));
}

pybind11::object Swiglu(const ms::Tensor& x, const Optional& bias, const Optional& scale) {
  const Tensors arguments = Present({x, bias, scale});
  Settle(arguments);
  Check(x, bias, scale);
  const auto run = [x, bias, scale, recording = IsRecording()]() {
    if (recording && Wants({x, bias, scale})) {
      return ms::Tensor(Record(x.tensor(), bias, scale));
    }
    return LaunchSwiglu(Dense(x.tensor()), DenseOf(bias), DenseOf(scale));
  };
  return DispatchOne("swiglu", arguments, run);
}

// Three tensors; dx stands in the place of a gradient that there is not.
pybind11::object SwigluGrad(const ms::Tensor& dy, const ms::Tensor& x, const Optional& bias,
                            const Optional& scale) {
  const Tensors arguments = Present({dy, x, bias, scale});
  Settle(arguments);
  Check(x, bias, scale);
  const std::string name = "msops.parts.swiglu_grad";
  CheckDtype(name + ": dy", dy.data_type(), {x.data_type()});
  CheckSameShape(name, "the result", SwigluShape(x.shape()), "dy", dy.shape());
  return DispatchThree("swiglu_grad", arguments, [dy, x, bias, scale]() {
    const SwigluGradients result =
        LaunchSwigluGrad(Dense(dy.tensor()), Dense(x.tensor()), DenseOf(bias), DenseOf(scale));
    return std::vector<ms::Tensor>{result.dx, result.dbias.value_or(result.dx),
                                   result.dscale.value_or(result.dx)};
  });
}

}  // namespace

void BindSwiglu(pybind11::module_* module) {
  module->def("swiglu", &Swiglu);
  module->def("swiglu_grad", &SwigluGrad);
}

}  // namespace mindforge
