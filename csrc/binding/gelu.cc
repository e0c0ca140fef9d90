// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/gelu.h"

#include <optional>
#include <string>
#include <vector>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/gelu.h"
#include "csrc/shapes/gelu.h"
#include "pybind11/stl.h"

namespace mindforge {
namespace {

// MindSpore takes no absent tensor: where there is no bias, x stands in its place, and gets no
// gradient through it.
template <bool kBias, bool kTanh>
struct GeluFunction : public Function<GeluFunction<kBias, kTanh>> {
  static TensorPtr Forward(AutogradContext* context, const TensorPtr& x, const TensorPtr& bias) {
    context->SaveForBackward({x, bias});
    return LaunchGelu(Dense(x), DenseIf(kBias, bias), kTanh).tensor();
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder(kBias ? "bias_gelu" : "gelu");
    const TensorPtrList saved = context->GetSavedTensors();
    const GeluGradients result =
        LaunchGeluGrad(Dense(gradients[0]), Dense(saved[0]), DenseIf(kBias, saved[1]), kTanh);
    const bool wants_bias = result.dbias.has_value() && context->NeedsInputGrad(1);
    return {context->NeedsInputGrad(0) ? result.dx.tensor() : nullptr,
            wants_bias ? result.dbias->tensor() : nullptr};
  }
};

TensorPtr Record(const TensorPtr& x, const Optional& bias, bool tanh) {
  if (bias.has_value()) {
    return tanh ? GeluFunction<true, true>::Apply(x, bias->tensor())
                : GeluFunction<true, false>::Apply(x, bias->tensor());
  }
  return tanh ? GeluFunction<false, true>::Apply(x, x) : GeluFunction<false, false>::Apply(x, x);
}

pybind11::object Gelu(const ms::Tensor& x, const Optional& bias, bool tanh) {
  const std::string name = bias.has_value() ? "msops.bias_gelu" : "msops.gelu";
  const Tensors arguments = Present({x, bias});
  Settle(arguments);
  CheckDtype(name + ": x", x.data_type(), GeluDtypes());
  if (bias.has_value()) {
    CheckDtype(name + ": bias", bias->data_type(), {x.data_type()});
    CheckGelu(name, x.shape(), bias->shape());
  }
  const auto run = [x, bias, tanh, recording = IsRecording()]() {
    if (recording && Wants({x, bias})) {
      return ms::Tensor(Record(x.tensor(), bias, tanh));
    }
    return LaunchGelu(Dense(x.tensor()), DenseOf(bias), tanh);
  };
  return DispatchOne(name, arguments, run);
}

pybind11::object GeluGrad(const ms::Tensor& dy, const ms::Tensor& x, bool tanh) {
  const std::string name = "msops.parts.gelu_grad";
  Settle({dy, x});
  CheckDtype(name + ": x", x.data_type(), GeluDtypes());
  CheckDtype(name + ": dy", dy.data_type(), {x.data_type()});
  CheckSameShape(name, "x", x.shape(), "dy", dy.shape());
  return DispatchOne("gelu_grad", {dy, x}, [dy, x, tanh]() {
    return LaunchGeluGrad(Dense(dy.tensor()), Dense(x.tensor()), std::nullopt, tanh).dx;
  });
}

}  // namespace

void BindGelu(pybind11::module_* module) {
  module->def("gelu", &Gelu);
  module->def("gelu_grad", &GeluGrad);
}

}  // namespace mindforge
