// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the shape rules of all operators share. Plain C++: no framework, no device.
#ifndef CSRC_SHAPES_SHAPE_H_
#define CSRC_SHAPES_SHAPE_H_

#include <cstddef>
#include <cstdint>
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

}  // namespace mindforge

#endif  // CSRC_SHAPES_SHAPE_H_
