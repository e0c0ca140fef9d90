// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Exact attention on the CPU that never holds the scores of a head (Dao et al., "FlashAttention",
// 2022, algorithm 1; Dao, "FlashAttention-2", 2023, for the order of loops): scores are made a tile
// at a time, and the softmax of a row is corrected as more of it becomes known. For each head
//   S = scale * Q K^T + mask, and -infinity where a key is not seen
//   L = log(sum of exp(S) along keys), O = (exp(S - L) * F) V
// where F is 1 / (1 - dropout) or 0. A query that sees no key has O = 0 and L = -infinity.
// Gradients, with P = exp(S - L), which is made again, and D = sum of dO * O along a row - dL:
//   dV = (P * F)^T dO      dS = P * ((dO V^T) * F - D)      dQ = scale * dS K    dK = scale * dS^T
//   Q
// Tiles are float, or double for double, whatever is stored, and so are all sums. Work is cut by
// shape alone and summed in a fixed order: nothing depends on the number of threads.
#ifndef CSRC_CPU_ATTENTION_H_
#define CSRC_CPU_ATTENTION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "csrc/cpu/storage.h"
#include "csrc/shapes/attention.h"

namespace mindforge::cpu {

// Rows of several heads in memory, with the steps between them. Columns are dense.
template <typename T>
struct Heads {
  T* Row(size_t batch_index, size_t head_index, size_t row_index) const {
    return data + batch_index * batch + head_index * head + row_index * row;
  }
  T* data;
  size_t batch, head, row;
};

// What is added to the scores of a (batch, head, query, key): numbers, or -infinity where `seen` is
// 0. A step is 0 where the mask is shared; without a mask both pointers are null.
template <typename T>
struct AttentionMask {
  const uint8_t* seen = nullptr;
  const T* added = nullptr;
  size_t batch = 0, head = 0, query = 0, key = 0;
};

// One sequence: rows [query, query + queries) of a batch of queries, and likewise of keys.
struct AttentionSequence {
  size_t batch, query, queries, key, keys;
};

struct AttentionSize {
  size_t heads, kv_heads;   // heads is a multiple
  size_t size, value_size;  // columns of queries and keys, and of values
  std::vector<AttentionSequence> sequences;
};

template <typename T>
struct AttentionInputs {
  Heads<const T> query, key, value;
  AttentionMask<T> mask;
};

// A row for each query; of `log_sum` and of the largest score, `maximum`, with one column.
template <typename T>
struct AttentionResults {
  Heads<T> output;
  Heads<typename Compute<T>::Type> log_sum, maximum;
};

template <typename T>
void Attention(const AttentionInputs<T>& inputs, const AttentionSize& size,
               const AttentionSettings& settings, const AttentionResults<T>& results);

template <typename T>
struct AttentionUpstream {
  Heads<const T> output;                                // what Attention gave
  Heads<const typename Compute<T>::Type> log_sum;       // likewise
  Heads<const T> doutput;                               // gradient of the output
  const typename Compute<T>::Type* dlog_sum = nullptr;  // as log_sum lies, or null
};

template <typename T>
struct AttentionGradients {
  Heads<T> query, key, value;
};

template <typename T>
void AttentionGrad(const AttentionInputs<T>& inputs, const AttentionUpstream<T>& upstream,
                   const AttentionSize& size, const AttentionSettings& settings,
                   const AttentionGradients<T>& gradients);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_ATTENTION_H_
