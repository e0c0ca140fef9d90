// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What launches on Ascend share about tensors.
#ifndef CSRC_ASCEND_TENSORS_H_
#define CSRC_ASCEND_TENSORS_H_

#include <cstdint>

#include "csrc/launch/dtypes.h"
#include "csrc/launch/tensors.h"
#include "include/pynative/utils/pyboost/custom/tensor_utils.h"

namespace mindforge::ascend {

const mindspore::TypeId kFloat = mindspore::kNumberTypeFloat32;
const int64_t kLast = -1;  // the axis

inline ms::Tensor ZerosLike(const ms::Tensor& tensor) {
  return ms::zeros(tensor.shape(), tensor.data_type());
}

inline ms::Tensor As(const ms::Tensor& tensor, mindspore::TypeId dtype) {
  return tensor.data_type() == dtype ? tensor : tensor.cast(dtype);
}

}  // namespace mindforge::ascend

#endif  // CSRC_ASCEND_TENSORS_H_
