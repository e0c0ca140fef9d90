// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The cross entropy of a row of logits x with a target class, over a vocabulary that may lie in
// pieces on several devices (M. Shoeybi et al., "Megatron-LM", 2019, section 3; label smoothing:
// C. Szegedy et al., "Rethinking the Inception Architecture", 2016, section 7). Of its columns a
// piece tells, for each row,
//   max     = max(x)
//   sum     = sum of exp(x - max)
//   target  = x at the target class where it is among them, else 0
//   total   = sum of x
// The whole vocabulary has the largest max, the sum of sum * exp(max - largest max), and the sums
// of the others. From these, with s the smoothing and K the number of all classes,
//   loss = log(sum) + max - (1 - s) * target - s * total / K
//   dx   = dloss * (exp(x - max) / sum - (1 - s) * [class is the target] - s / K)
// and both are 0 for a row to be ignored. Neither the softmax nor its gradient is kept: dx is made
// from the logits in one pass.
//
// Rows are contiguous. Nothing depends on the number of threads: on one machine equal inputs give
// equal bits. No pointer may be null unless the count that it goes with is 0.
#ifndef CSRC_CPU_VOCAB_CROSS_ENTROPY_H_
#define CSRC_CPU_VOCAB_CROSS_ENTROPY_H_

#include <cstddef>
#include <cstdint>

#include "csrc/cpu/storage.h"
#include "csrc/shapes/vocab_cross_entropy.h"

namespace mindforge::cpu {

// One number a row each; C is float or double.
template <typename C>
struct VocabPieces {
  C *max, *sum, *target, *total;
};

// Column j is class first + j.
template <typename T, typename I>
void FindVocabPieces(const T* logits, const I* target, int64_t first, VocabSize size,
                     const VocabPieces<typename Compute<T>::Type>& pieces);

// From the pieces of the whole vocabulary. Throws std::out_of_range for a target that is neither a
// class nor to be ignored.
template <typename C, typename I>
void VocabLoss(const VocabPieces<C>& pieces, const I* target, const VocabRule& rule, size_t rows,
               C* loss);

// `max` and `sum` are those of the whole vocabulary.
template <typename T, typename I>
void VocabGrad(const typename Compute<T>::Type* dloss, const T* logits, const I* target,
               const typename Compute<T>::Type* max, const typename Compute<T>::Type* sum,
               const VocabRule& rule, VocabSize size, T* dlogits);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_VOCAB_CROSS_ENTROPY_H_
