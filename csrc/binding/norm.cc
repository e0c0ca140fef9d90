// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/norm.h"

#include <string>
#include <vector>

#include "csrc/binding/autograd.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/norm.h"
#include "csrc/shapes/norm.h"

namespace mindforge {
namespace {

// The gradient if the input wants it.
TensorPtr If(bool wanted, const ms::Tensor& gradient) {
  return wanted ? gradient.tensor() : nullptr;
}

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
    return {If(context->NeedsInputGrad(0), result.dx),
            If(context->NeedsInputGrad(1), result.dweight), nullptr};
  }
};

struct AddRmsNormFunction : public Function<AddRmsNormFunction> {
  static TensorPtrList Forward(AutogradContext* context, const TensorPtr& x,
                               const TensorPtr& residual, const TensorPtr& weight,
                               const double& eps) {
    const AddRmsNormOutput output = LaunchAddRmsNorm(Dense(x), Dense(residual), Dense(weight), eps);
    context->SaveForBackward({output.sum.tensor(), weight, output.rstd.tensor()});
    return {output.y.tensor(), output.sum.tensor()};
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("add_rms_norm");
    const TensorPtrList saved = context->GetSavedTensors();
    const AddRmsNormGradients result =
        LaunchAddRmsNormGrad(Dense(gradients[0]), Dense(gradients[1]), Dense(saved[0]),
                             Dense(saved[1]), ms::Tensor(saved[2]));
    return {If(context->NeedsInputGrad(0), result.dx),
            If(context->NeedsInputGrad(1), result.dresidual),
            If(context->NeedsInputGrad(2), result.dweight), nullptr};
  }
};

struct LayerNormFunction : public Function<LayerNormFunction> {
  static TensorPtr Forward(AutogradContext* context, const TensorPtr& x, const TensorPtr& weight,
                           const TensorPtr& bias, const double& eps) {
    const LayerNormOutput output = LaunchLayerNorm(Dense(x), Dense(weight), Dense(bias), eps);
    context->SaveForBackward({x, weight, bias, output.mean.tensor(), output.rstd.tensor()});
    return output.y.tensor();
  }

  static TensorPtrList Backward(AutogradContext* context, const TensorPtrList& gradients) {
    RefuseSecondOrder("layer_norm");
    const TensorPtrList saved = context->GetSavedTensors();
    const LayerNormGradients result =
        LaunchLayerNormGrad(Dense(gradients[0]), Dense(saved[0]), Dense(saved[1]), Dense(saved[2]),
                            ms::Tensor(saved[3]), ms::Tensor(saved[4]));
    return {If(context->NeedsInputGrad(0), result.dx),
            If(context->NeedsInputGrad(1), result.dweight),
            If(context->NeedsInputGrad(2), result.dbias), nullptr};
  }
};

void CheckRmsNorm(const std::string& operation, const ms::Tensor& x, const ms::Tensor& weight,
                  double eps) {
  CheckDtype(operation + ": x", x.data_type(), NormDtypes());
  CheckDtype(operation + ": weight", weight.data_type(), OrFloat(x.data_type()));
  CheckNorm(operation, x.shape(), weight.shape(), eps);
}

void CheckLayerNorm(const std::string& operation, const ms::Tensor& x, const ms::Tensor& weight,
                    const ms::Tensor& bias, double eps) {
  CheckRmsNorm(operation, x, weight, eps);
  CheckDtype(operation + ": bias", bias.data_type(), {weight.data_type()});
  CheckSameShape(operation, "weight", weight.shape(), "bias", bias.shape());
}

// A second tensor with the dtype and shape of x.
void CheckLike(const std::string& operation, const std::string& name, const ms::Tensor& tensor,
               const ms::Tensor& x) {
  CheckDtype(operation + ": " + name, tensor.data_type(), {x.data_type()});
  CheckSameShape(operation, "x", x.shape(), name, tensor.shape());
}

pybind11::object RmsNorm(const ms::Tensor& x, const ms::Tensor& weight, double eps) {
  Settle({x, weight});
  CheckRmsNorm("msops.rms_norm", x, weight, eps);
  return DispatchOne("rms_norm", {x, weight}, [x, weight, eps, recording = IsRecording()]() {
    if (recording && Wants({x, weight})) {
      return ms::Tensor(RmsNormFunction::Apply(x.tensor(), weight.tensor(), eps));
    }
    return LaunchRmsNorm(Dense(x.tensor()), Dense(weight.tensor()), eps).y;
  });
}

pybind11::object AddRmsNorm(const ms::Tensor& x, const ms::Tensor& residual,
                            const ms::Tensor& weight, double eps) {
  const std::string name = "msops.add_rms_norm";
  Settle({x, residual, weight});
  CheckRmsNorm(name, x, weight, eps);
  CheckLike(name, "residual", residual, x);
  const auto run = [x, residual, weight, eps, recording = IsRecording()]() {
    if (recording && Wants({x, residual, weight})) {
      const TensorPtrList outputs =
          AddRmsNormFunction::Apply(x.tensor(), residual.tensor(), weight.tensor(), eps);
      return std::vector<ms::Tensor>{ms::Tensor(outputs[0]), ms::Tensor(outputs[1])};
    }
    const AddRmsNormOutput output =
        LaunchAddRmsNorm(Dense(x.tensor()), Dense(residual.tensor()), Dense(weight.tensor()), eps);
    return std::vector<ms::Tensor>{output.y, output.sum};
  };
  return DispatchTwo("add_rms_norm", {x, residual, weight}, run);
}

pybind11::object LayerNorm(const ms::Tensor& x, const ms::Tensor& weight, const ms::Tensor& bias,
                           double eps) {
  Settle({x, weight, bias});
  CheckLayerNorm("msops.layer_norm", x, weight, bias, eps);
  const auto run = [x, weight, bias, eps, recording = IsRecording()]() {
    if (recording && Wants({x, weight, bias})) {
      return ms::Tensor(LayerNormFunction::Apply(x.tensor(), weight.tensor(), bias.tensor(), eps));
    }
    return LaunchLayerNorm(Dense(x.tensor()), Dense(weight.tensor()), Dense(bias.tensor()), eps).y;
  };
  return DispatchOne("layer_norm", {x, weight, bias}, run);
}

// The parts are not recorded.

pybind11::object RmsNormPart(const ms::Tensor& x, const ms::Tensor& weight, double eps) {
  Settle({x, weight});
  CheckRmsNorm("msops.parts.rms_norm", x, weight, eps);
  return DispatchTwo("rms_norm", {x, weight}, [x, weight, eps]() {
    const RmsNormOutput output = LaunchRmsNorm(Dense(x.tensor()), Dense(weight.tensor()), eps);
    return std::vector<ms::Tensor>{output.y, output.rstd};
  });
}

pybind11::object AddRmsNormPart(const ms::Tensor& x, const ms::Tensor& residual,
                                const ms::Tensor& weight, double eps) {
  const std::string name = "msops.parts.add_rms_norm";
  Settle({x, residual, weight});
  CheckRmsNorm(name, x, weight, eps);
  CheckLike(name, "residual", residual, x);
  return DispatchThree("add_rms_norm", {x, residual, weight}, [x, residual, weight, eps]() {
    const AddRmsNormOutput output =
        LaunchAddRmsNorm(Dense(x.tensor()), Dense(residual.tensor()), Dense(weight.tensor()), eps);
    return std::vector<ms::Tensor>{output.y, output.sum, output.rstd};
  });
}

// A statistic of the rows of x, as the parts above give it.
void CheckStatistic(const std::string& operation, const ms::Tensor& x, const ms::Tensor& weight,
                    const std::string& name, const ms::Tensor& statistic) {
  CheckDtype(operation + ": " + name, statistic.data_type(), {ComputeDtype(x.data_type())});
  const Shape shape = NormStatisticsShape(x.shape(), weight.shape());
  if (statistic.shape() != shape) {
    throw std::invalid_argument(operation + ": " + name + " must have the shape " +
                                ShapeText(shape) + ", got " + ShapeText(statistic.shape()));
  }
}

pybind11::object RmsNormGrad(const ms::Tensor& dy, const ms::Tensor& x, const ms::Tensor& weight,
                             const ms::Tensor& rstd) {
  const std::string name = "msops.parts.rms_norm_grad";
  const std::vector<ms::Tensor> arguments{dy, x, weight, rstd};
  Settle(arguments);
  CheckRmsNorm(name, x, weight, 0.0);
  CheckLike(name, "dy", dy, x);
  CheckStatistic(name, x, weight, "rstd", rstd);
  return DispatchTwo("rms_norm_grad", arguments, [dy, x, weight, rstd]() {
    const RmsNormGradients result = LaunchRmsNormGrad(Dense(dy.tensor()), Dense(x.tensor()),
                                                      Dense(weight.tensor()), Dense(rstd.tensor()));
    return std::vector<ms::Tensor>{result.dx, result.dweight};
  });
}

pybind11::object LayerNormPart(const ms::Tensor& x, const ms::Tensor& weight,
                               const ms::Tensor& bias, double eps) {
  Settle({x, weight, bias});
  CheckLayerNorm("msops.parts.layer_norm", x, weight, bias, eps);
  return DispatchThree("layer_norm", {x, weight, bias}, [x, weight, bias, eps]() {
    const LayerNormOutput output =
        LaunchLayerNorm(Dense(x.tensor()), Dense(weight.tensor()), Dense(bias.tensor()), eps);
    return std::vector<ms::Tensor>{output.y, output.mean, output.rstd};
  });
}

pybind11::object LayerNormGrad(const ms::Tensor& dy, const ms::Tensor& x, const ms::Tensor& weight,
                               const ms::Tensor& bias, const ms::Tensor& mean,
                               const ms::Tensor& rstd) {
  const std::string name = "msops.parts.layer_norm_grad";
  const std::vector<ms::Tensor> arguments{dy, x, weight, bias, mean, rstd};
  Settle(arguments);
  CheckLayerNorm(name, x, weight, bias, 0.0);
  CheckLike(name, "dy", dy, x);
  CheckStatistic(name, x, weight, "mean", mean);
  CheckStatistic(name, x, weight, "rstd", rstd);
  return DispatchThree("layer_norm_grad", arguments, [dy, x, weight, bias, mean, rstd]() {
    const LayerNormGradients result =
        LaunchLayerNormGrad(Dense(dy.tensor()), Dense(x.tensor()), Dense(weight.tensor()),
                            Dense(bias.tensor()), Dense(mean.tensor()), Dense(rstd.tensor()));
    return std::vector<ms::Tensor>{result.dx, result.dweight, result.dbias};
  });
}

}  // namespace

void BindNorms(pybind11::module_* module) {
  using pybind11::arg;
  module->def("rms_norm", &RmsNorm, arg("x"), arg("weight"), arg("eps"));
  module->def("add_rms_norm", &AddRmsNorm, arg("x"), arg("residual"), arg("weight"), arg("eps"));
  module->def("layer_norm", &LayerNorm, arg("x"), arg("weight"), arg("bias"), arg("eps"));
  module->def("rms_norm_part", &RmsNormPart);
  module->def("add_rms_norm_part", &AddRmsNormPart);
  module->def("rms_norm_grad", &RmsNormGrad);
  module->def("layer_norm_part", &LayerNormPart);
  module->def("layer_norm_grad", &LayerNormGrad);
}

}  // namespace mindforge
