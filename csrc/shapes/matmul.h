// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The shape rules of matrix products.
#ifndef CSRC_SHAPES_MATMUL_H_
#define CSRC_SHAPES_MATMUL_H_

#include <algorithm>
#include <stdexcept>
#include <string>

#include "csrc/shapes/shape.h"

namespace mindforge {

// x is (rows, k), the result (rows, n).
struct GroupedMatmulSize {
  size_t rows, k, n, groups;
};

inline GroupedMatmulSize GroupedMatmulSizeOf(const Shape& x, const Shape& weight, bool transposed) {
  const auto of = [](int64_t length) { return static_cast<size_t>(length); };
  return {of(x[0]), of(x[1]), of(weight[transposed ? 1 : 2]), of(weight[0])};
}

inline Shape GroupedMatmulShape(const Shape& x, const Shape& weight, bool transposed) {
  return {x[0], weight[transposed ? 1 : 2]};
}

// Throws std::invalid_argument, naming the argument, where the arguments do not fit together.
inline void CheckGroupedMatmul(const Shape& x, const Shape& weight, const Shape& group_list,
                               bool transposed) {
  const std::string name = "msops.grouped_matmul: ";
  if (x.size() != 2) {
    throw std::invalid_argument(name + "x must have the shape (rows, k), got " + ShapeText(x));
  }
  if (weight.size() != 3 || weight[transposed ? 2 : 1] != x[1]) {
    throw std::invalid_argument(
        name + "weight must have the shape " + (transposed ? "(groups, n, k)" : "(groups, k, n)") +
        " with the k of x; x is " + ShapeText(x) + ", weight is " + ShapeText(weight));
  }
  if (group_list != Shape{weight[0]}) {
    throw std::invalid_argument(name +
                                "group_list must have one entry a group of weight; weight is " +
                                ShapeText(weight) + ", group_list is " + ShapeText(group_list));
  }
}

inline void CheckGroupedMatmulGrad(const Shape& dy, const Shape& x, const Shape& weight,
                                   const Shape& group_list, bool transposed) {
  CheckGroupedMatmul(x, weight, group_list, transposed);
  const Shape expected = GroupedMatmulShape(x, weight, transposed);
  if (dy != expected) {
    throw std::invalid_argument("msops.grouped_matmul: dy must have the shape of the product, " +
                                ShapeText(expected) + "; it is " + ShapeText(dy));
  }
}

// x is (rows, k), dy (rows, n), main_grad (n, k).
struct MatmulAccumulateSize {
  size_t rows, k, n;
};

inline MatmulAccumulateSize MatmulAccumulateSizeOf(const Shape& x, const Shape& dy) {
  return {CountOf(x.begin(), x.end() - 1), static_cast<size_t>(x.back()),
          static_cast<size_t>(dy.back())};
}

inline void CheckMatmulAccumulate(const Shape& x, const Shape& dy, const Shape& main_grad) {
  const std::string name = "msops.matmul_accumulate: ";
  if (x.empty()) {
    throw std::invalid_argument(name + "x must have at least one dimension, got shape ()");
  }
  if (dy.size() != x.size() || !std::equal(x.begin(), x.end() - 1, dy.begin())) {
    throw std::invalid_argument(name +
                                "dy must have the shape of x but for its last dimension; x is " +
                                ShapeText(x) + ", dy is " + ShapeText(dy));
  }
  if (main_grad != Shape{dy.back(), x.back()}) {
    throw std::invalid_argument(name + "main_grad must have the shape " +
                                ShapeText({dy.back(), x.back()}) + ", got " + ShapeText(main_grad));
  }
}

// a is (batch, m, k), b (batch, k, n), or the transposes of these; the result (batch, m, n).
struct BatchedMatmulSize {
  size_t batch, m, n, k;
};

inline BatchedMatmulSize BatchedMatmulSizeOf(const Shape& a, const Shape& out, bool transpose_a) {
  const auto of = [](int64_t length) { return static_cast<size_t>(length); };
  return {of(out[0]), of(out[1]), of(out[2]), of(a[transpose_a ? 1 : 2])};
}

inline void CheckMatmulInto(const Shape& a, const Shape& b, const Shape& out, bool transpose_a,
                            bool transpose_b) {
  const std::string name = "msops.parts.matmul_into: ";
  if (a.size() != 3 || b.size() != 3) {
    throw std::invalid_argument(name +
                                "a and b must be batches of matrices, of three dimensions; a is " +
                                ShapeText(a) + ", b is " + ShapeText(b));
  }
  if (a[0] != b[0] || a[transpose_a ? 1 : 2] != b[transpose_b ? 2 : 1]) {
    throw std::invalid_argument(name +
                                "a and b must have one batch and one length to sum over; a is " +
                                ShapeText(a) + (transpose_a ? " transposed" : "") + ", b is " +
                                ShapeText(b) + (transpose_b ? " transposed" : ""));
  }
  const Shape product{a[0], a[transpose_a ? 2 : 1], b[transpose_b ? 1 : 2]};
  if (out != product) {
    throw std::invalid_argument(name + "out must have the shape " + ShapeText(product) + ", got " +
                                ShapeText(out));
  }
}

}  // namespace mindforge

#endif  // CSRC_SHAPES_MATMUL_H_
