// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/binding/dispatch.h"

#include "include/pynative/utils/pyboost/custom/pyboost_extension.h"

namespace mindforge {

namespace {

template <size_t kOutputs>
pybind11::object DispatchSeveral(const std::string& name, const std::vector<ms::Tensor>& arguments,
                                 const std::function<std::vector<ms::Tensor>()>& function) {
  const auto run = [function](const std::vector<ms::Tensor>&) { return function(); };
  return ms::pynative::PyboostRunner::Call<kOutputs>(name, run, arguments);
}

}  // namespace

void Settle(const std::vector<ms::Tensor>& arguments) {
  const pybind11::gil_scoped_release released;
  ms::inner::ConvertStubNodeToTensor(arguments);
}

pybind11::object DispatchOne(const std::string& name, const std::vector<ms::Tensor>& arguments,
                             const std::function<ms::Tensor()>& function) {
  const auto run = [function](const std::vector<ms::Tensor>&) { return function(); };
  return ms::pynative::PyboostRunner::Call<1>(name, run, arguments);
}

pybind11::object DispatchTwo(const std::string& name, const std::vector<ms::Tensor>& arguments,
                             const std::function<std::vector<ms::Tensor>()>& function) {
  return DispatchSeveral<2>(name, arguments, function);
}

pybind11::object DispatchThree(const std::string& name, const std::vector<ms::Tensor>& arguments,
                               const std::function<std::vector<ms::Tensor>()>& function) {
  return DispatchSeveral<3>(name, arguments, function);
}

pybind11::object DispatchFour(const std::string& name, const std::vector<ms::Tensor>& arguments,
                              const std::function<std::vector<ms::Tensor>()>& function) {
  return DispatchSeveral<4>(name, arguments, function);
}

pybind11::object DispatchInPlace(const std::string& name, const std::vector<ms::Tensor>& arguments,
                                 const std::function<void()>& function) {
  const auto run = [function](const std::vector<ms::Tensor>&) { function(); };
  return ms::pynative::PyboostRunner::Call<0>(name, run, arguments);
}

}  // namespace mindforge
