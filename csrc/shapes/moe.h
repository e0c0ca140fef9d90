// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Settings and shape rules of the operators of a mixture of experts.
#ifndef CSRC_SHAPES_MOE_H_
#define CSRC_SHAPES_MOE_H_

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

#include "csrc/shapes/shape.h"

namespace mindforge {

// How a router chooses experts.
struct MoeGating {
  int64_t top_k;
  int64_t groups;       // of experts, of equal size
  int64_t top_groups;   // to which a token is limited
  int64_t group_top_k;  // experts whose scores a group's score sums
  bool softmax;         // or else sigmoid
  bool normalize;       // what was chosen sums to 1
  double scale;
  double eps;
};

// Throws std::invalid_argument, naming the argument, where the arguments do not fit together.
inline void CheckMoeGating(const Shape& logits, const std::optional<Shape>& bias,
                           const MoeGating& gating) {
  const std::string name = "msops.moe_gating: ";
  if (logits.size() != 2) {
    throw std::invalid_argument(name + "logits must have the shape (tokens, experts), got " +
                                ShapeText(logits));
  }
  const int64_t experts = logits[1];
  if (bias.has_value() && *bias != Shape{experts}) {
    throw std::invalid_argument(name + "bias must have one value an expert, shape " +
                                ShapeText({experts}) + "; it is " + ShapeText(*bias));
  }
  if (gating.groups < 1 || experts % gating.groups != 0) {
    throw std::invalid_argument(name + "groups must divide the " + std::to_string(experts) +
                                " experts, got " + std::to_string(gating.groups));
  }
  if (gating.top_groups < 1 || gating.top_groups > gating.groups) {
    throw std::invalid_argument(name + "top_groups must be between 1 and the " +
                                std::to_string(gating.groups) + " groups, got " +
                                std::to_string(gating.top_groups));
  }
  const int64_t members = experts / gating.groups;
  if (gating.top_k < 1 || gating.top_k > gating.top_groups * members) {
    throw std::invalid_argument(
        name + "top_k must be between 1 and the " + std::to_string(gating.top_groups * members) +
        " experts of the chosen groups, got " + std::to_string(gating.top_k));
  }
  if (gating.group_top_k < 1 || gating.group_top_k > members) {
    throw std::invalid_argument(name + "group_top_k must be between 1 and the " +
                                std::to_string(members) + " experts of a group, got " +
                                std::to_string(gating.group_top_k));
  }
}

inline void CheckMoeGatingGrad(const Shape& dprobs, const Shape& dsums, const Shape& logits,
                               const Shape& indices, const MoeGating& gating) {
  CheckMoeGating(logits, std::nullopt, gating);
  const std::string name = "msops.moe_gating";
  CheckSameShape(name, "probs", {logits[0], gating.top_k}, "the gradient of probs", dprobs);
  CheckSameShape(name, "probs", {logits[0], gating.top_k}, "indices", indices);
  CheckSameShape(name, "score_sums", {logits[1]}, "the gradient of score_sums", dsums);
}

// How tokens are laid out by expert. Without a capacity, an expert has as many rows as entries.
struct MoeLayout {
  int64_t experts;
  int64_t capacity;  // rows of each expert, padded; 0 for none
  bool by_probs;     // beyond the capacity the least probable entries are dropped, or else the last
};

// An entry is a token's choice of an expert: each token has top_k of them.
struct MoeSize {
  size_t tokens, top_k, columns, rows;
  size_t entries() const { return tokens * top_k; }
};

inline int64_t MoeRows(const Shape& indices, const MoeLayout& layout) {
  return layout.capacity == 0 ? indices[0] * indices[1] : layout.experts * layout.capacity;
}

inline MoeSize MoeSizeOf(const Shape& indices, int64_t columns, int64_t rows) {
  const auto of = [](int64_t length) { return static_cast<size_t>(length); };
  return {of(indices[0]), of(indices[1]), of(columns), of(rows)};
}

// What indices, positions and probabilities have in common.
inline void CheckMoeEntries(const std::string& name, const std::string& argument,
                            const Shape& entries, const std::optional<Shape>& probs) {
  if (entries.size() != 2) {
    throw std::invalid_argument(name + argument + " must have the shape (tokens, top_k), got " +
                                ShapeText(entries));
  }
  if (probs.has_value() && *probs != entries) {
    throw std::invalid_argument(name + "probs must have the shape of " + argument + ", " +
                                ShapeText(entries) + "; it is " + ShapeText(*probs));
  }
}

inline void CheckMoePermute(const Shape& tokens, const Shape& indices,
                            const std::optional<Shape>& probs, const MoeLayout& layout) {
  const std::string name = "msops.moe_token_permute: ";
  CheckMoeEntries(name, "indices", indices, probs);
  if (tokens.size() != 2 || tokens[0] != indices[0]) {
    throw std::invalid_argument(name + "tokens must have one row a row of indices; tokens is " +
                                ShapeText(tokens) + ", indices is " + ShapeText(indices));
  }
  if (layout.experts < 0 || layout.capacity < 0) {
    throw std::invalid_argument(name + "num_experts and capacity must not be negative");
  }
  if (layout.by_probs && !probs.has_value()) {
    throw std::invalid_argument(name + "drop_policy \"probs\" needs probs");
  }
  constexpr int64_t kMost = INT32_MAX;
  if (std::max(indices[0] * indices[1], MoeRows(indices, layout)) > kMost) {
    throw std::invalid_argument(name + "positions are int32, and there are more rows than that");
  }
}

inline void CheckMoeUnpermute(const Shape& permuted, const Shape& positions,
                              const std::optional<Shape>& probs) {
  const std::string name = "msops.moe_token_unpermute: ";
  CheckMoeEntries(name, "positions", positions, probs);
  if (permuted.size() != 2) {
    throw std::invalid_argument(name + "permuted must have the shape (rows, columns), got " +
                                ShapeText(permuted));
  }
}

inline void CheckMoeUnpermuteGrad(const Shape& dout, const Shape& permuted, const Shape& positions,
                                  const std::optional<Shape>& probs) {
  CheckMoeUnpermute(permuted, positions, probs);
  CheckSameShape("msops.moe_token_unpermute", "the result", {positions[0], permuted[1]}, "dy",
                 dout);
}

}  // namespace mindforge

#endif  // CSRC_SHAPES_MOE_H_
