// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The shape rule of the norms: the weight's shape is the tail of x's shape, and each tail is one
// row.
#ifndef CSRC_SHAPES_NORM_H_
#define CSRC_SHAPES_NORM_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/shapes/shape.h"

namespace mindforge {

struct NormRows {
  size_t rows;
  size_t columns;
};

inline NormRows NormRowsOf(const Shape& x, const Shape& weight) {
  const size_t lead = x.size() - weight.size();
  return {CountOf(x.begin(), x.begin() + lead), CountOf(weight.begin(), weight.end())};
}

// Throws std::invalid_argument, naming the argument, where the arguments do not fit together.
// `operation` starts the message.
inline void CheckNorm(const std::string& operation, const Shape& x, const Shape& weight,
                      double eps) {
  // Below 0 it gives NaN in rows that are smaller, as it does in PyTorch.
  if (!std::isfinite(eps)) {
    throw std::invalid_argument(operation + ": eps must be a finite number, got " +
                                std::to_string(eps));
  }
  if (weight.empty()) {
    throw std::invalid_argument(operation +
                                ": weight must have at least one dimension, got shape ()");
  }
  const bool is_tail = weight.size() <= x.size() &&
                       std::equal(weight.begin(), weight.end(), x.end() - weight.size());
  if (!is_tail) {
    throw std::invalid_argument(operation + ": weight must have the shape of x's last " +
                                std::to_string(weight.size()) + " dimension(s); x is " +
                                ShapeText(x) + ", weight is " + ShapeText(weight));
  }
}

// One value a row: x's leading dimensions, then a 1 for each dimension of weight.
inline Shape NormStatisticsShape(const Shape& x, const Shape& weight) {
  Shape shape(x.begin(), x.end() - weight.size());
  shape.resize(x.size(), 1);
  return shape;
}

}  // namespace mindforge

#endif  // CSRC_SHAPES_NORM_H_
