// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the shape rules of all operators share. Plain C++: no framework, no device.
#ifndef CSRC_SHAPES_SHAPE_H_
#define CSRC_SHAPES_SHAPE_H_

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace mindforge {

using Shape = std::vector<int64_t>;

// The number of elements of dimensions [first, last); 1 for none.
inline size_t CountOf(Shape::const_iterator first, Shape::const_iterator last) {
  size_t count = 1;
  for (; first != last; ++first) {
    count *= static_cast<size_t>(*first);
  }
  return count;
}

// As Python writes a tuple: (), (3,), (2, 3).
inline std::string ShapeText(const Shape& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

// Throws std::invalid_argument unless two arguments have the same shape. `operation` starts the
// message.
inline void CheckSameShape(const std::string& operation, const std::string& first,
                           const Shape& first_shape, const std::string& second,
                           const Shape& second_shape) {
  if (first_shape != second_shape) {
    throw std::invalid_argument(operation + ": " + second + " must have the shape of " + first +
                                "; " + first + " is " + ShapeText(first_shape) + ", " + second +
                                " is " + ShapeText(second_shape));
  }
}

}  // namespace mindforge

#endif  // CSRC_SHAPES_SHAPE_H_
