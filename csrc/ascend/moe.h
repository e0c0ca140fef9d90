// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the operators of a mixture of experts share on Ascend.
#ifndef CSRC_ASCEND_MOE_H_
#define CSRC_ASCEND_MOE_H_

#include <memory>
#include <vector>

#include "csrc/ascend/api.h"

// Runs an operator whose last argument is what it writes.
#define MINDFORGE_ACLNN(name, inputs, out, ...)                         \
  do {                                                                  \
    const auto runner = std::make_shared<AclnnOpRunner>(#name);         \
    runner->SetLaunchFunc(LAUNCH_ACLNN_FUNC(aclnn##name, __VA_ARGS__)); \
    runner->Run(inputs, {out});                                         \
  } while (false)

namespace mindforge::moe {

using mindspore::TypeId;
using ms::pynative::AclnnOpRunner;
using Inputs = std::vector<ms::Tensor>;

const TypeId kFloat = mindspore::kNumberTypeFloat32;
const int64_t kLast = 1;  // the axis of experts, or of choices

inline ms::Tensor Like(const ms::Tensor& tensor) { return {tensor.data_type(), tensor.shape()}; }

inline ms::Tensor As(const ms::Tensor& tensor, TypeId dtype) {
  return tensor.data_type() == dtype ? tensor : tensor.cast(dtype);
}

// Elements of the rows of a matrix, by int64 indices.
ms::Tensor Gathered(const ms::Tensor& from, const ms::Tensor& index);

// How often each expert is among `indices`.
ms::Tensor Counts(const ms::Tensor& indices, int64_t experts);

ms::Tensor Plus(const ms::Tensor& tensor, double value);

}  // namespace mindforge::moe

#endif  // CSRC_ASCEND_MOE_H_
