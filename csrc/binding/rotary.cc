// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/rotary.h"

#include <string>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/rotary.h"
#include "csrc/shapes/rotary.h"

namespace mindforge {
namespace {

struct RotaryFunction : public Function<RotaryFunction> {
  static TensorPtr Forward(AutogradContext* context, const TensorPtr& x, const TensorPtr& cos,
                           const TensorPtr& sin, const int64_t& layout, const int64_t& start) {
    context->SaveForBackward({x, cos, sin});
    context->saved_data["layout"] = mindspore::MakeValue(layout);
    context->saved_data["start"] = mindspore::MakeValue(start);
    const RotarySettings settings{static_cast<RotaryLayout>(layout), start};
    return LaunchRotary(DenseRows(x), Dense(cos), Dense(sin), settings).tensor();
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("rotary_position_embedding");
    const TensorPtrList saved = context->GetSavedTensors();
    const auto setting = [context](const char* name) {
      return mindspore::GetValue<int64_t>(context->saved_data[name]);
    };
    const RotarySettings settings{static_cast<RotaryLayout>(setting("layout")), setting("start")};
    const ms::Tensor cos = Dense(saved[1]), sin = Dense(saved[2]);
    TensorPtrList result(5);
    if (context->NeedsInputGrad(0)) {
      result[0] = LaunchRotaryGrad(DenseRows(gradients[0]), cos, sin, settings).tensor();
    }
    if (context->NeedsInputGrad(1) || context->NeedsInputGrad(2)) {
      const RotaryTableGradients tables =
          LaunchRotaryTableGrad(Dense(gradients[0]), DenseRows(saved[0]), cos, sin, settings);
      result[1] = context->NeedsInputGrad(1) ? tables.dcos.tensor() : nullptr;
      result[2] = context->NeedsInputGrad(2) ? tables.dsin.tensor() : nullptr;
    }
    return result;
  }
};

void Check(const std::string& name, const ms::Tensor& x, const ms::Tensor& cos,
           const ms::Tensor& sin, int64_t start) {
  CheckDtype(name + ": x", x.data_type(), RotaryDtypes());
  CheckDtype(name + ": cos", cos.data_type(), OrFloat(x.data_type()));
  CheckDtype(name + ": sin", sin.data_type(), {cos.data_type()});
  CheckRotary(x.shape(), cos.shape(), sin.shape(), start);
}

pybind11::object Rotary(const ms::Tensor& x, const ms::Tensor& cos, const ms::Tensor& sin,
                        const std::string& layout, int64_t start) {
  Settle({x, cos, sin});
  Check("msops.rotary_position_embedding", x, cos, sin, start);
  const RotarySettings settings{RotaryLayoutOf(layout), start};
  const auto run = [x, cos, sin, settings, recording = IsRecording()]() {
    if (recording && Wants({x, cos, sin})) {
      const int64_t kind = static_cast<int64_t>(settings.layout);
      return ms::Tensor(
          RotaryFunction::Apply(x.tensor(), cos.tensor(), sin.tensor(), kind, settings.start));
    }
    return LaunchRotary(DenseRows(x.tensor()), Dense(cos.tensor()), Dense(sin.tensor()), settings);
  };
  return DispatchOne("rotary_position_embedding", {x, cos, sin}, run);
}

pybind11::object RotaryGrad(const ms::Tensor& dy, const ms::Tensor& cos, const ms::Tensor& sin,
                            const std::string& layout, int64_t start) {
  Settle({dy, cos, sin});
  Check("msops.parts.rotary_position_embedding_grad", dy, cos, sin, start);
  const RotarySettings settings{RotaryLayoutOf(layout), start};
  return DispatchOne("rotary_position_embedding_grad", {dy, cos, sin}, [=]() {
    return LaunchRotaryGrad(DenseRows(dy.tensor()), Dense(cos.tensor()), Dense(sin.tensor()),
                            settings);
  });
}

pybind11::object RotaryTableGrad(const ms::Tensor& dy, const ms::Tensor& x, const ms::Tensor& cos,
                                 const ms::Tensor& sin, const std::string& layout, int64_t start) {
  const std::string name = "msops.parts.rotary_position_embedding_table_grad";
  const std::vector<ms::Tensor> arguments{dy, x, cos, sin};
  Settle(arguments);
  Check(name, x, cos, sin, start);
  CheckDtype(name + ": dy", dy.data_type(), {x.data_type()});
  CheckSameShape(name, "x", x.shape(), "dy", dy.shape());
  const RotarySettings settings{RotaryLayoutOf(layout), start};
  return DispatchTwo("rotary_position_embedding_table_grad", arguments, [=]() {
    const RotaryTableGradients tables =
        LaunchRotaryTableGrad(Dense(dy.tensor()), DenseRows(x.tensor()), Dense(cos.tensor()),
                              Dense(sin.tensor()), settings);
    return std::vector<ms::Tensor>{tables.dcos, tables.dsin};
  });
}

}  // namespace

void BindRotary(pybind11::module_* module) {
  using pybind11::arg;
  module->def("rotary_position_embedding", &Rotary, arg("x"), arg("cos"), arg("sin"), arg("layout"),
              arg("start"));
  module->def("rotary_position_embedding_grad", &RotaryGrad);
  module->def("rotary_position_embedding_table_grad", &RotaryTableGrad);
}

}  // namespace mindforge
