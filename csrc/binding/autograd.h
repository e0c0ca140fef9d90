// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the differentiable operators share. Include it only where a Function is defined: MindSpore's
// header costs 15 s of compilation.
#ifndef CSRC_BINDING_AUTOGRAD_H_
#define CSRC_BINDING_AUTOGRAD_H_

#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/binding/dense.h"
#include "include/pynative/backward/function.h"
#include "include/utils/pynative/grad_state.h"

namespace mindforge {

using mindspore::pynative::autograd::AutogradContext;
using mindspore::pynative::autograd::Function;
using mindspore::pynative::autograd::TensorPtrList;
using mindspore::tensor::TensorPtr;

// Whether MindSpore records operators now. It is one flag for the whole process and the operator
// runs later on another thread, so ask on the thread that made the call.
inline bool IsRecording() { return mindspore::pynative::GradState::Get().RequiresGrad(); }

inline bool Wants(const ms::Tensor& tensor) { return tensor.tensor()->requires_grad(); }

// Whether one of them does.
inline bool Wants(const std::vector<Optional>& tensors) {
  for (const Optional& tensor : tensors) {
    if (tensor.has_value() && Wants(*tensor)) {
      return true;
    }
  }
  return false;
}

// For a Backward that is itself not differentiable: an error instead of a gradient that lacks its
// history.
inline void RefuseSecondOrder(const std::string& name) {
  if (IsRecording()) {
    throw std::runtime_error(
        "msops." + name +
        ": the gradient is not differentiable; call backward without create_graph, or "
        "compose the operator from MindSpore's own where second derivatives are needed");
  }
}

}  // namespace mindforge

#endif  // CSRC_BINDING_AUTOGRAD_H_
