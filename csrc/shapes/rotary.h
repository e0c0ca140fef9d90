// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The shape rule of rotary_position_embedding: cos and sin, whose last dimension is the part of a
// row that is rotated, go with x by broadcasting over the dimensions before.
#ifndef CSRC_SHAPES_ROTARY_H_
#define CSRC_SHAPES_ROTARY_H_

#include <cstdint>
#include <stdexcept>
#include <string>

#include "csrc/shapes/shape.h"

namespace mindforge {

// Where the two numbers of a pair are.
enum class RotaryLayout {
  kHalf,             // in the two halves of the rotated part
  kInterleaved,      // side by side
  kInterleavedHalf,  // side by side in x, in two halves in the result
};

// What of x is rotated, and how.
struct RotarySettings {
  RotaryLayout layout;
  int64_t start;  // the first column that is rotated
};

// Throws std::invalid_argument where there is no such layout.
inline RotaryLayout RotaryLayoutOf(const std::string& name) {
  if (name == "half") {
    return RotaryLayout::kHalf;
  }
  if (name == "interleaved") {
    return RotaryLayout::kInterleaved;
  }
  if (name == "interleaved_half") {
    return RotaryLayout::kInterleavedHalf;
  }
  throw std::invalid_argument(
      "msops.rotary_position_embedding: layout must be 'half', 'interleaved' or "
      "'interleaved_half', got '" +
      name + "'");
}

// The shape of cos with as many dimensions as x has.
inline Shape RotaryTableShape(const Shape& x, const Shape& cos) {
  Shape shape(x.size() - cos.size(), 1);
  shape.insert(shape.end(), cos.begin(), cos.end());
  return shape;
}

// Throws std::invalid_argument, naming the argument, where the arguments do not fit together.
inline void CheckRotary(const Shape& x, const Shape& cos, const Shape& sin, int64_t start) {
  const std::string name = "msops.rotary_position_embedding";
  CheckSameShape(name, "cos", cos, "sin", sin);
  if (cos.empty() || cos.back() % 2 != 0) {
    throw std::invalid_argument(name + ": cos must have an even last dimension, got shape " +
                                ShapeText(cos));
  }
  bool fits = cos.size() <= x.size();
  if (fits) {
    const Shape table = RotaryTableShape(x, cos);
    for (size_t i = 0; i + 1 < x.size(); ++i) {
      fits = fits && (table[i] == 1 || table[i] == x[i]);
    }
  }
  if (!fits) {
    throw std::invalid_argument(name +
                                ": cos must have 1 or the size of x in all dimensions but the "
                                "last; x is " +
                                ShapeText(x) + ", cos is " + ShapeText(cos));
  }
  if (start < 0 || start > x.back() - cos.back()) {
    throw std::invalid_argument(name + ": columns " + std::to_string(start) + " to " +
                                std::to_string(start + cos.back()) +
                                " must be in x's last dimension; x is " + ShapeText(x));
  }
}

}  // namespace mindforge

#endif  // CSRC_SHAPES_ROTARY_H_
