// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The choice of experts by a router on the CPU, as DeepSeek-V3 and Megatron-core have it. Of a
// token's logits l, one an expert:
//   s      = sigmoid(l), or softmax(l)
//   r      = s + bias                        decides, and nothing else
//   chosen = the top_k largest r of the top_groups groups whose group_top_k largest r sum to most
//   w      = s of the chosen, divided by their sum + eps where it is normalized
//   probs  = w * scale
// For the auxiliary loss that balances experts, over all tokens:
//   counts = how often each expert was chosen
//   sums   = the sum of s, which with sigmoid is first divided by its sum over experts + eps
// Gradients go from probs and sums to the logits; the choice has none. Of equal r the first expert
// wins, and NaN counts as the largest. On one machine equal inputs give equal bits.
#ifndef CSRC_CPU_MOE_GATING_H_
#define CSRC_CPU_MOE_GATING_H_

#include <cstddef>
#include <cstdint>

#include "csrc/cpu/storage.h"
#include "csrc/shapes/moe.h"

namespace mindforge::cpu {

// logits has tokens * experts elements; bias, which may be null, experts; probs and indices
// tokens * top_k, in descending order of r; counts and sums experts.
template <typename T>
void MoeGate(const MoeGating& gating, const T* logits, const typename Compute<T>::Type* bias,
             size_t tokens, size_t experts, T* probs, int32_t* indices, int64_t* counts,
             typename Compute<T>::Type* sums);

template <typename T>
void MoeGateGrad(const MoeGating& gating, const T* dprobs, const typename Compute<T>::Type* dsums,
                 const T* logits, const int32_t* indices, size_t tokens, size_t experts,
                 T* dlogits);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_MOE_GATING_H_
