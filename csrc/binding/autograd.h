// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the differentiable operators share. Include it only where a Function is defined: MindSpore's
// header costs 15 s of compilation.
#ifndef CSRC_BINDING_AUTOGRAD_H_
#define CSRC_BINDING_AUTOGRAD_H_

#include <stdexcept>
#include <string>

#include "include/pynative/backward/function.h"
#include "include/pynative/utils/pyboost/custom/tensor.h"
#include "include/utils/pynative/grad_state.h"

namespace mindforge {

// Whether MindSpore records operators now. It is one flag for the whole process and the operator
// runs later on another thread, so ask on the thread that made the call.
inline bool IsRecording() { return mindspore::pynative::GradState::Get().RequiresGrad(); }

// The tensor itself, or a dense copy of a view whose elements do not follow each other. The copy is
// not recorded. (A tensor that is dense already must not go through contiguous(): under a recording
// backward MindSpore gives the very same tensor a new gradient node, which cuts a leaf off from its
// gradient.)
inline ms::Tensor Dense(const mindspore::tensor::TensorPtr& tensor) {
  const ms::Tensor result(tensor);
  if (result.is_contiguous()) {
    return result;
  }
  const mindspore::kernel::pyboost::RequireGradGuard unrecorded(false);
  return result.contiguous();
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
