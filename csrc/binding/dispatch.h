// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The way from a Python call onto MindSpore's frontend queue. The heavy MindSpore headers stay in
// dispatch.cc, so that a new operator does not pay for them again.
#ifndef CSRC_BINDING_DISPATCH_H_
#define CSRC_BINDING_DISPATCH_H_

#include <functional>
#include <string>
#include <vector>

#include "include/pynative/utils/pyboost/custom/tensor.h"
#include "pybind11/pybind11.h"

namespace mindforge {

// Makes the shapes, dtypes and strides of `arguments` readable: waits, without the interpreter
// lock, for the shape inference of operators that are still queued.
void Settle(const std::vector<ms::Tensor>& arguments);

// Queues `function` behind the operators called so far and returns the Python tensor that it will
// fill. `arguments` are the tensors that the function reads; they are contiguous by the time that
// it runs.
pybind11::object DispatchOne(const std::string& name, const std::vector<ms::Tensor>& arguments,
                             const std::function<ms::Tensor()>& function);

// The same for a function that returns two; a tuple of two Python tensors.
pybind11::object DispatchTwo(const std::string& name, const std::vector<ms::Tensor>& arguments,
                             const std::function<std::vector<ms::Tensor>()>& function);

// The same for functions that return three and four.
pybind11::object DispatchThree(const std::string& name, const std::vector<ms::Tensor>& arguments,
                               const std::function<std::vector<ms::Tensor>()>& function);
pybind11::object DispatchFour(const std::string& name, const std::vector<ms::Tensor>& arguments,
                              const std::function<std::vector<ms::Tensor>()>& function);

// The same for a function that returns nothing and changes some of its arguments; None.
pybind11::object DispatchInPlace(const std::string& name, const std::vector<ms::Tensor>& arguments,
                                 const std::function<void()>& function);

}  // namespace mindforge

#endif  // CSRC_BINDING_DISPATCH_H_
