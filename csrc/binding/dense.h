// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CSRC_BINDING_DENSE_H_
#define CSRC_BINDING_DENSE_H_

#include "csrc/launch/tensors.h"
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

inline Optional DenseIf(bool there, const mindspore::tensor::TensorPtr& tensor) {
  return there ? Optional(Dense(tensor)) : std::nullopt;
}

inline Optional DenseOf(const Optional& tensor) {
  return tensor.has_value() ? Optional(Dense(tensor->tensor())) : std::nullopt;
}

// The tensor itself if its last dimension is dense, for launches that read the other strides, or a
// dense copy. MindSpore would copy a view before a launch if it were not told.
inline ms::Tensor DenseRows(const mindspore::tensor::TensorPtr& tensor) {
  const ms::Tensor result(tensor);
  if (result.shape().empty() || result.stride().back() != 1) {
    return Dense(tensor);
  }
  result.SetNeedContiguous(false);
  return result;
}

}  // namespace mindforge

#endif  // CSRC_BINDING_DENSE_H_
