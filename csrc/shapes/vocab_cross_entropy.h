// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The shape rules of the cross entropy over a vocabulary: each row of the logits goes with one
// target.
#ifndef CSRC_SHAPES_VOCAB_CROSS_ENTROPY_H_
#define CSRC_SHAPES_VOCAB_CROSS_ENTROPY_H_

#include <stdexcept>
#include <string>

#include "csrc/shapes/shape.h"

namespace mindforge {

struct VocabSize {
  size_t rows;
  size_t columns;
};

inline VocabSize VocabSizeOf(const Shape& logits) {
  return {CountOf(logits.begin(), logits.end() - 1), static_cast<size_t>(logits.back())};
}

// What the loss and its gradient need to know besides tensors.
struct VocabRule {
  int64_t first;         // the class of the first column
  int64_t classes;       // of the whole vocabulary
  int64_t ignore_index;  // rows with this target take no part
  double smoothing;      // the share of the target that all classes have alike
};

// The functions below throw std::invalid_argument, naming the argument, where the arguments do not
// fit together. `operation` starts the message.

inline void CheckVocabLogits(const std::string& operation, const Shape& logits,
                             const Shape& target) {
  if (logits.empty() || logits.back() == 0) {
    throw std::invalid_argument(operation +
                                ": logits must have a last dimension of classes, got shape " +
                                ShapeText(logits));
  }
  if (target != Shape(logits.begin(), logits.end() - 1)) {
    throw std::invalid_argument(operation +
                                ": target must have the shape of logits without its last "
                                "dimension; logits is " +
                                ShapeText(logits) + ", target is " + ShapeText(target));
  }
}

inline void CheckVocabRule(const std::string& operation, const VocabRule& rule) {
  if (!(rule.smoothing >= 0.0 && rule.smoothing <= 1.0)) {
    throw std::invalid_argument(operation + ": label_smoothing must be between 0 and 1, got " +
                                std::to_string(rule.smoothing));
  }
  if (rule.first < 0 || rule.classes < 1) {
    throw std::invalid_argument(operation +
                                ": vocab_start must not be below 0 and vocab_size not below 1, "
                                "got " +
                                std::to_string(rule.first) + " and " +
                                std::to_string(rule.classes));
  }
}

}  // namespace mindforge

#endif  // CSRC_SHAPES_VOCAB_CROSS_ENTROPY_H_
