// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The shape rule of embedding: rows of a table, looked up by number.
#ifndef CSRC_SHAPES_EMBEDDING_H_
#define CSRC_SHAPES_EMBEDDING_H_

#include <optional>
#include <stdexcept>
#include <string>

#include "csrc/shapes/shape.h"

namespace mindforge {

struct EmbeddingSize {
  size_t count;    // of the numbers that are looked up
  size_t rows;     // of the table
  size_t columns;  // of the table
};

inline EmbeddingSize EmbeddingSizeOf(const Shape& indices, const Shape& weight) {
  return {CountOf(indices.begin(), indices.end()), static_cast<size_t>(weight[0]),
          static_cast<size_t>(weight[1])};
}

inline Shape EmbeddingShape(const Shape& indices, int64_t columns) {
  Shape shape = indices;
  shape.push_back(columns);
  return shape;
}

// The functions below throw std::invalid_argument, naming the argument, where the arguments do not
// fit together. `operation` starts the message.

inline void CheckPaddingIndex(const std::string& operation, int64_t rows,
                              const std::optional<int64_t>& padding_idx) {
  if (padding_idx.has_value() && (*padding_idx < 0 || *padding_idx >= rows)) {
    throw std::invalid_argument(operation + ": padding_idx must be a row of the table, from 0 to " +
                                std::to_string(rows - 1) + ", got " + std::to_string(*padding_idx));
  }
}

inline void CheckEmbedding(const std::string& operation, const Shape& weight) {
  if (weight.size() != 2) {
    throw std::invalid_argument(operation + ": weight must have two dimensions, got shape " +
                                ShapeText(weight));
  }
}

inline void CheckEmbeddingGrad(const std::string& operation, const Shape& dy, const Shape& indices,
                               int64_t rows) {
  if (rows < 0) {
    throw std::invalid_argument(operation + ": rows must not be below 0, got " +
                                std::to_string(rows));
  }
  if (dy.empty() || Shape(dy.begin(), dy.end() - 1) != indices) {
    throw std::invalid_argument(operation +
                                ": dy must have the shape of indices and one dimension more; dy "
                                "is " +
                                ShapeText(dy) + ", indices is " + ShapeText(indices));
  }
}

}  // namespace mindforge

#endif  // CSRC_SHAPES_EMBEDDING_H_
