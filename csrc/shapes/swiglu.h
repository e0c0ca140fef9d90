// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The shape rule of swiglu: each row of x holds two halves of equal length.
#ifndef CSRC_SHAPES_SWIGLU_H_
#define CSRC_SHAPES_SWIGLU_H_

#include <optional>
#include <stdexcept>
#include <string>

#include "csrc/shapes/shape.h"

namespace mindforge {

struct SwigluSize {
  size_t rows;
  size_t columns;  // of the result: half of those of x
};

inline SwigluSize SwigluSizeOf(const Shape& x) {
  return {CountOf(x.begin(), x.end() - 1), static_cast<size_t>(x.back()) / 2};
}

inline Shape SwigluShape(const Shape& x) {
  Shape shape = x;
  shape.back() /= 2;
  return shape;
}

// Throws std::invalid_argument, naming the argument, where the arguments do not fit together.
inline void CheckSwiglu(const Shape& x, const std::optional<Shape>& bias,
                        const std::optional<Shape>& scale) {
  if (x.empty() || x.back() % 2 != 0) {
    throw std::invalid_argument(
        "msops.swiglu: x must have a last dimension of two equal halves, got shape " +
        ShapeText(x));
  }
  if (bias.has_value() && *bias != Shape{x.back()}) {
    throw std::invalid_argument(
        "msops.swiglu: bias must have the shape of x's last dimension; x is " + ShapeText(x) +
        ", bias is " + ShapeText(*bias));
  }
  Shape row = x;
  row.back() = 1;
  if (scale.has_value() && *scale != row) {
    throw std::invalid_argument("msops.swiglu: scale must have one value a row, shape " +
                                ShapeText(row) + "; it is " + ShapeText(*scale));
  }
}

}  // namespace mindforge

#endif  // CSRC_SHAPES_SWIGLU_H_
