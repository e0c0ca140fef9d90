// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Tokens to their experts and back on the CPU. A token goes to top_k experts: entry e is choice
// e % top_k of token e / top_k. Entries are laid out by expert, those of one expert in the order of
// tokens, and each has a row; `positions` says which, -1 for an entry that was dropped.
//   permuted[positions[e]] = tokens[e / top_k]                 rows without an entry are zeros
//   out[t] = the sum over the entries e of t of probs[e] * permuted[positions[e]]
// Sums are taken in float and rounded once; on one machine equal inputs give equal bits.
#ifndef CSRC_CPU_MOE_PERMUTE_H_
#define CSRC_CPU_MOE_PERMUTE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "csrc/cpu/storage.h"
#include "csrc/shapes/moe.h"

namespace mindforge::cpu {

// Writes the position of every entry and how many rows of each expert have one. An index of -1
// drops its entry; another that names no expert throws std::out_of_range. `probs` may be null
// unless the layout drops by it.
template <typename I, typename C>
void MoePositions(const MoeLayout& layout, const MoeSize& size, const I* indices, const C* probs,
                  int32_t* positions, int64_t* counts);

// The entry of each row, -1 for none. Throws std::invalid_argument where two entries share a row.
// Positions outside of the rows are those of dropped entries.
std::vector<int32_t> MoeEntries(const MoeSize& size, const int32_t* positions);

// Rows of T, which is only moved.
template <typename T>
void MoePermute(const MoeSize& size, const T* tokens, const std::vector<int32_t>& entries,
                T* permuted);

// A probability goes with each entry; `size.columns` does not matter. And back.
template <typename C>
void MoePermuteProbs(const C* probs, const std::vector<int32_t>& entries, C* permuted);
template <typename C>
void MoeUnpermuteProbs(const MoeSize& size, const C* permuted, const int32_t* positions, C* probs);

// probs may be null, for ones.
template <typename T>
void MoeUnpermute(const MoeSize& size, const T* permuted, const int32_t* positions,
                  const typename Compute<T>::Type* probs, T* out);

// The gradient of permuted; where probs and dprobs are not null, with them. A dropped entry has the
// gradient 0.
template <typename T>
void MoeUnpermuteGrad(const MoeSize& size, const T* dout, const T* permuted,
                      const int32_t* positions, const typename Compute<T>::Type* probs,
                      T* dpermuted, typename Compute<T>::Type* dprobs);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_MOE_PERMUTE_H_
