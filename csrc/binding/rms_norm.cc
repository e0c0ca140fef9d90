// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/rms_norm.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
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
  if (!IsFloating(x.data_type())) {
    throw pybind11::type_error(
        "msops.rms_norm: x must be float16, bfloat16, float32 or float64, got " +
        DtypeName(x.data_type()));
  }
  const bool is_half = IsHalf(x.data_type());
  if (weight.data_type() != x.data_type() &&
      !(is_half && weight.data_type() == mindspore::kNumberTypeFloat32)) {
    throw pybind11::type_error("msops.rms_norm: weight must be " + DtypeName(x.data_type()) +
                               (is_half ? " like x, or float32" : " like x") + ", got " +
                               DtypeName(weight.data_type()));
  }
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
