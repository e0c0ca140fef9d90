// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_DENSE_H_
#define CSRC_BINDING_DENSE_H_

#include "include/pynative/utils/pyboost/custom/tensor.h"
#include "include/pynative/utils/pyboost/functions/auto_grad_guard.h"

namespace mindforge {

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

}  // namespace mindforge

#endif  // CSRC_BINDING_DENSE_H_
