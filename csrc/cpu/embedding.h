// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Rows of a table by number, on the CPU:
//   y[i] = weight[indices[i]]
//   dweight[r] = sum of dy[i] over all i, in ascending order, with indices[i] = r
// Rows are contiguous. The sums run in double, each in the order of its terms: equal inputs give
// equal bits on every machine and with any number of threads. No pointer may be null unless the
// count that it goes with is 0.
#ifndef CSRC_CPU_EMBEDDING_H_
#define CSRC_CPU_EMBEDDING_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "csrc/cpu/storage.h"
#include "csrc/shapes/embedding.h"

namespace mindforge::cpu {

// Both throw std::out_of_range for a number that is not of a row.

// `bytes` is the size of an element.
template <typename I>
void Embedding(const void* weight, const I* indices, EmbeddingSize size, size_t bytes, void* y);

// The row `padding_idx`, if there is one, gets zeros.
template <typename T, typename I>
void EmbeddingGrad(const T* dy, const I* indices, const std::optional<int64_t>& padding_idx,
                   EmbeddingSize size, T* dweight);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_EMBEDDING_H_
