// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention over all keys from attention over some and over the others, as ring attention needs it
// (Liu et al., "Ring Attention with Blockwise Transformers", 2023). Nothing depends on the number
// of threads.
#ifndef CSRC_CPU_ATTENTION_MERGE_H_
#define CSRC_CPU_ATTENTION_MERGE_H_

#include <cstddef>

#include "csrc/cpu/storage.h"

namespace mindforge::cpu {

// Two partial results for the same queries and different keys, and what they are together:
//   L = log(exp(L1) + exp(L2))      O = exp(L1 - L) * O1 + exp(L2 - L) * O2
// Rows are dense. A query that neither has keys for stays at O = 0 and L = -infinity.
template <typename T>
void AttentionMerge(const T* output1, const typename Compute<T>::Type* log_sum1, const T* output2,
                    const typename Compute<T>::Type* log_sum2, size_t rows, size_t columns,
                    T* output, typename Compute<T>::Type* log_sum);

// Gradients of the merge, with w1 = exp(L1 - L), w2 = exp(L2 - L):
//   dO1 = w1 * dO    dL1 = w1 * (dL + sum of dO * (O1 - O) along the row)    and likewise for 2
template <typename T>
void AttentionMergeGrad(const T* doutput, const typename Compute<T>::Type* dlog_sum,
                        const T* output1, const typename Compute<T>::Type* log_sum1,
                        const T* output2, const typename Compute<T>::Type* log_sum2, size_t rows,
                        size_t columns, T* doutput1, typename Compute<T>::Type* dlog_sum1,
                        T* doutput2, typename Compute<T>::Type* dlog_sum2);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_ATTENTION_MERGE_H_
