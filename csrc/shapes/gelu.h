// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The shape rule of gelu: any shape, and with a bias one value a column.
#ifndef CSRC_SHAPES_GELU_H_
#define CSRC_SHAPES_GELU_H_

#include <optional>
#include <stdexcept>
#include <string>

#include "csrc/shapes/shape.h"

namespace mindforge {

struct GeluSize {
  size_t rows;
  size_t columns;
};

// Without a bias all elements are alike, and one row.
inline GeluSize GeluSizeOf(const Shape& x, bool with_bias) {
  if (!with_bias) {
    return {1, CountOf(x.begin(), x.end())};
  }
  return {CountOf(x.begin(), x.end() - 1), static_cast<size_t>(x.back())};
}

// Throws std::invalid_argument, naming the argument, where the arguments do not fit together.
inline void CheckGelu(const std::string& operation, const Shape& x,
                      const std::optional<Shape>& bias) {
  if (bias.has_value() && (x.empty() || *bias != Shape{x.back()})) {
    throw std::invalid_argument(operation +
                                ": bias must have the shape of x's last dimension; x is " +
                                ShapeText(x) + ", bias is " + ShapeText(*bias));
  }
}

}  // namespace mindforge

#endif  // CSRC_SHAPES_GELU_H_
