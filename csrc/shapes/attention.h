// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The shape rules of fusion_attention. Tensors are (batch, heads, length, size), or, where several
// sequences are packed behind each other, (total length, heads, size).
#ifndef CSRC_SHAPES_ATTENTION_H_
#define CSRC_SHAPES_ATTENTION_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/shapes/shape.h"

namespace mindforge {

// A query at position p sees keys p - before to p + after. Positions begin at 0 or, counted from
// the end, so that the last query is at the last key.
struct AttentionSettings {
  double scale = 1.0;
  int64_t before = 0, after = 0;
  bool from_end = false;
  double dropout = 0.0;  // the probability with which a weight becomes 0
  uint64_t seed = 0;     // which weights do is a function of seed and offset
  uint32_t offset = 0;
};

// As far as a window can reach: all keys are seen.
constexpr int64_t kUnlimited = int64_t{1} << 40;

// Where each packed sequence ends, for queries and for keys; empty where none are packed.
struct AttentionPacking {
  std::vector<int64_t> query_ends, key_ends;
};

namespace attention {

inline std::invalid_argument Error(const std::string& what) {
  return std::invalid_argument("msops.fusion_attention: " + what);
}

inline void CheckEnds(const std::string& name, const std::vector<int64_t>& ends,
                      const std::string& tensor, int64_t length) {
  int64_t before = 0;
  for (const int64_t end : ends) {
    if (end < before) {
      throw Error(name + " must not decrease, got " + std::to_string(end) + " after " +
                  std::to_string(before));
    }
    before = end;
  }
  if (before != length) {
    throw Error("the last of " + name + " must be the length of " + tensor + ", " +
                std::to_string(length) + "; it is " + std::to_string(before));
  }
}

inline void CheckPacking(const AttentionPacking& packing, const Shape& query, const Shape& key) {
  const bool packed = !packing.query_ends.empty();
  const size_t wanted = packed ? 3 : 4;
  if (packing.query_ends.size() != packing.key_ends.size()) {
    throw Error("actual_seq_qlen and actual_seq_kvlen must have as many entries, got " +
                std::to_string(packing.query_ends.size()) + " and " +
                std::to_string(packing.key_ends.size()));
  }
  if (query.size() != wanted) {
    throw Error(packed ? "query must be (total length, heads, size) where sequences are packed, "
                         "got shape " +
                             ShapeText(query)
                       : "query must be (batch, heads, length, size), or (total length, heads, "
                         "size) with actual_seq_qlen; got shape " +
                             ShapeText(query));
  }
  if (packed && key.size() == wanted) {
    CheckEnds("actual_seq_qlen", packing.query_ends, "query", query[0]);
    CheckEnds("actual_seq_kvlen", packing.key_ends, "key", key[0]);
  }
}

inline void CheckSettings(const AttentionSettings& settings) {
  if (!std::isfinite(settings.scale)) {
    throw Error("scale must be finite, got " + std::to_string(settings.scale));
  }
  if (!(settings.dropout >= 0.0 && settings.dropout < 1.0)) {
    throw Error("dropout must be at least 0 and below 1, got " + std::to_string(settings.dropout));
  }
}

}  // namespace attention

// Throws std::invalid_argument, naming the argument, where the arguments do not fit together.
inline void CheckAttention(const Shape& query, const Shape& key, const Shape& value,
                           const std::optional<Shape>& mask, const AttentionPacking& packing,
                           const AttentionSettings& settings) {
  attention::CheckSettings(settings);
  attention::CheckPacking(packing, query, key);
  const bool packed = query.size() == 3;
  const std::string shapes = "; query is " + ShapeText(query) + ", key is " + ShapeText(key) +
                             ", value is " + ShapeText(value);
  const size_t heads = 1;
  if (query.back() == 0 || (!value.empty() && value.back() == 0)) {
    throw attention::Error("query and value must have a size of at least 1" + shapes);
  }
  if (key.size() != query.size() || key.back() != query.back() || (!packed && key[0] != query[0])) {
    throw attention::Error("key must have the batch and the size of query" + shapes);
  }
  if (key[heads] == 0 || query[heads] % key[heads] != 0) {
    throw attention::Error("the heads of query must be a multiple of those of key" + shapes);
  }
  if (value.size() != key.size() || !std::equal(key.begin(), key.end() - 1, value.begin())) {
    throw attention::Error("value must have the shape of key but for its size" + shapes);
  }
  if (!mask.has_value()) {
    return;
  }
  if (packed) {
    throw attention::Error("mask does not go with packed sequences");
  }
  const Shape scores{query[0], query[1], query[2], key[2]};
  bool fits = mask->size() <= 4;
  for (size_t i = 0; fits && i < mask->size(); ++i) {
    const int64_t wanted = scores[4 - mask->size() + i];
    fits = (*mask)[i] == 1 || (*mask)[i] == wanted;
  }
  if (!fits) {
    throw attention::Error("mask must broadcast to the scores, " + ShapeText(scores) + "; it is " +
                           ShapeText(*mask));
  }
}

// Throws std::invalid_argument unless two partial results fit together. `name` starts the message.
inline void CheckAttentionMerge(const std::string& name, const Shape& output, const Shape& log_sum,
                                const Shape& other, const Shape& other_log_sum) {
  CheckSameShape(name, "output", output, "other", other);
  CheckSameShape(name, "log_sum", log_sum, "other_log_sum", other_log_sum);
  if (output.empty() || log_sum != Shape(output.begin(), output.end() - 1)) {
    throw std::invalid_argument(name +
                                ": log_sum must have a number for each row of output; output is " +
                                ShapeText(output) + ", log_sum is " + ShapeText(log_sum));
  }
}

inline Shape AttentionOutputShape(const Shape& query, const Shape& value) {
  Shape shape = query;
  shape.back() = value.back();
  return shape;
}

// One number a query.
inline Shape AttentionLogSumShape(const Shape& query) { return {query.begin(), query.end() - 1}; }

}  // namespace mindforge

#endif  // CSRC_SHAPES_ATTENTION_H_
