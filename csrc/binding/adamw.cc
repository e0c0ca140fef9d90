// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/adamw.h"

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/binding/dense.h"
#include "csrc/binding/dispatch.h"
#include "csrc/binding/dtype.h"
#include "csrc/launch/adamw.h"
#include "csrc/shapes/adamw.h"
#include "csrc/shapes/shape.h"
#include "pybind11/stl.h"

namespace mindforge {
namespace {

using mindspore::TypeId;

const char kName[] = "msops.apply_adamw";

std::string Entry(const std::string& list, size_t i) {
  return list + "[" + std::to_string(i) + "]";
}

void CheckDense(const std::string& name, const ms::Tensor& tensor) {
  if (!tensor.is_contiguous()) {
    throw std::invalid_argument(std::string(kName) + ": " + name +
                                " is changed in place and must be contiguous");
  }
}

// Each entry of a list against the parameter at the same place.
void CheckList(const std::string& list, const Tensors& tensors, const Tensors& parameters,
               const std::function<std::vector<TypeId>(TypeId)>& dtypes, bool changed) {
  if (tensors.size() != parameters.size()) {
    throw std::invalid_argument(std::string(kName) + ": " + list + " has " +
                                std::to_string(tensors.size()) + " tensors, parameters has " +
                                std::to_string(parameters.size()));
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::string name = Entry(list, i);
    CheckDtype(std::string(kName) + ": " + name, tensors[i].data_type(),
               dtypes(parameters[i].data_type()));
    CheckSameShape(kName, Entry("parameters", i), parameters[i].shape(), name, tensors[i].shape());
    if (changed) {
      CheckDense(name, tensors[i]);
    }
  }
}

std::vector<TypeId> StateDtypes(TypeId parameter) { return {ComputeDtype(parameter)}; }

void Check(const AdamWTensors& tensors) {
  for (size_t i = 0; i < tensors.parameters.size(); ++i) {
    const std::string name = Entry("parameters", i);
    CheckDtype(std::string(kName) + ": " + name, tensors.parameters[i].data_type(), AdamWDtypes());
    CheckDense(name, tensors.parameters[i]);
  }
  CheckList("gradients", tensors.gradients, tensors.parameters, OrFloat, false);
  CheckList("averages", tensors.averages, tensors.parameters, StateDtypes, true);
  CheckList("squares", tensors.squares, tensors.parameters, StateDtypes, true);
  if (!tensors.masters.empty()) {
    CheckList("masters", tensors.masters, tensors.parameters, StateDtypes, true);
  }
}

pybind11::object ApplyAdamW(const Tensors& parameters, const Tensors& gradients,
                            const Tensors& averages, const Tensors& squares, const Tensors& masters,
                            const AdamWSettings& settings) {
  AdamWTensors tensors{parameters, gradients, averages, squares, masters};
  Tensors all;
  for (const auto* list : {&parameters, &gradients, &averages, &squares, &masters}) {
    all.insert(all.end(), list->begin(), list->end());
  }
  Settle(all);
  CheckAdamW(settings);
  Check(tensors);
  return DispatchInPlace("apply_adamw", all, [tensors, settings]() {
    AdamWTensors dense = tensors;
    for (ms::Tensor& gradient : dense.gradients) {
      gradient = Dense(gradient.tensor());
    }
    LaunchAdamW(dense, settings);
  });
}

pybind11::object GlobalNorm(const Tensors& tensors) {
  Settle(tensors);
  for (size_t i = 0; i < tensors.size(); ++i) {
    CheckDtype("msops.global_norm: " + Entry("tensors", i), tensors[i].data_type(), AdamWDtypes());
  }
  return DispatchOne("global_norm", tensors, [tensors]() {
    Tensors dense;
    for (const ms::Tensor& tensor : tensors) {
      dense.push_back(Dense(tensor.tensor()));
    }
    return LaunchGlobalNorm(dense);
  });
}

}  // namespace

void BindAdamW(pybind11::module_* module) {
  const auto apply = [](const Tensors& parameters, const Tensors& gradients,
                        const Tensors& averages, const Tensors& squares, const Tensors& masters,
                        double lr, double beta1, double beta2, double eps, double weight_decay,
                        double gradient_scale, bool decoupled, int64_t step) {
    return ApplyAdamW(parameters, gradients, averages, squares, masters,
                      {lr, beta1, beta2, eps, weight_decay, gradient_scale, decoupled, step});
  };
  module->def("apply_adamw", apply);
  module->def("global_norm", &GlobalNorm);
}

}  // namespace mindforge
