// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/rms_norm.h"

#include <vector>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/rms_norm.h"
#include "csrc/shapes/rms_norm.h"

namespace mindforge {
namespace {

using mindspore::pynative::autograd::AutogradContext;
using mindspore::pynative::autograd::Function;
using mindspore::pynative::autograd::TensorPtrList;
using mindspore::tensor::TensorPtr;

struct RmsNormFunction : public Function<RmsNormFunction> {
  static TensorPtr Forward(AutogradContext* context, const TensorPtr& x, const TensorPtr& weight,
                           const double& eps) {
    const RmsNormOutput output = LaunchRmsNorm(Dense(x), Dense(weight), eps);
    context->SaveForBackward({x, weight, output.rstd.tensor()});
    return output.y.tensor();
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("rms_norm");
    const TensorPtrList saved = context->GetSavedTensors();
    const RmsNormGradients result = LaunchRmsNormGrad(Dense(gradients[0]), Dense(saved[0]),
                                                      Dense(saved[1]), ms::Tensor(saved[2]));
    return {context->NeedsInputGrad(0) ? result.dx.tensor() : nullptr,
            context->NeedsInputGrad(1) ? result.dweight.tensor() : nullptr, nullptr};
  }
};

void CheckDtypes(const ms::Tensor& x, const ms::Tensor& weight) {
  CheckDtype("msops.rms_norm: x", x.data_type(), RmsNormDtypes());
  std::vector<mindspore::TypeId> weights{x.data_type()};
  if (IsHalf(x.data_type())) {
    weights.push_back(mindspore::kNumberTypeFloat32);
  }
  CheckDtype("msops.rms_norm: weight", weight.data_type(), weights);
}

pybind11::object RmsNorm(const ms::Tensor& x, const ms::Tensor& weight, double eps) {
  Settle({x, weight});
  CheckDtypes(x, weight);
  CheckRmsNorm(x.shape(), weight.shape(), eps);
  return DispatchOne("rms_norm", {x, weight}, [x, weight, eps, recording = IsRecording()]() {
    if (recording && (x.tensor()->requires_grad() || weight.tensor()->requires_grad())) {
      return ms::Tensor(RmsNormFunction::Apply(x.tensor(), weight.tensor(), eps));
    }
    return LaunchRmsNorm(Dense(x.tensor()), Dense(weight.tensor()), eps).y;
  });
}

}  // namespace

void BindRmsNorm(pybind11::module_* module) {
  module->def("rms_norm", &RmsNorm, pybind11::arg("x"), pybind11::arg("weight"),
              pybind11::arg("eps"));
}

}  // namespace mindforge
