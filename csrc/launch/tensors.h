// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What launches on every device share about tensors.
#ifndef CSRC_LAUNCH_TENSORS_H_
#define CSRC_LAUNCH_TENSORS_H_

#include <optional>
#include <vector>

#include "csrc/shapes/shape.h"
#include "include/pynative/utils/pyboost/custom/tensor.h"

namespace mindforge {

using Optional = std::optional<ms::Tensor>;
using Tensors = std::vector<ms::Tensor>;

// A tensor of the same shape and dtype, whose elements are not set.
inline ms::Tensor Like(const ms::Tensor& tensor) { return {tensor.data_type(), tensor.shape()}; }

inline Optional Like(const Optional& tensor) {
  return tensor.has_value() ? Optional(Like(*tensor)) : std::nullopt;
}

// Those of several tensors that there are.
inline Tensors Present(const std::vector<Optional>& tensors) {
  Tensors present;
  for (const Optional& tensor : tensors) {
    if (tensor.has_value()) {
      present.push_back(*tensor);
    }
  }
  return present;
}

inline std::optional<Shape> ShapeOf(const Optional& tensor) {
  return tensor.has_value() ? std::optional<Shape>(tensor->shape()) : std::nullopt;
}

// The memory of a tensor that may be absent.
template <typename T>
T* PointerTo(const Optional& tensor) {
  return tensor.has_value() ? tensor->data_ptr<T>() : nullptr;
}

}  // namespace mindforge

#endif  // CSRC_LAUNCH_TENSORS_H_
