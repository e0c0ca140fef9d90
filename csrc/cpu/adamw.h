// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Adam with decoupled weight decay on the CPU (Loshchilov and Hutter, "Decoupled Weight Decay
// Regularization", 2017, algorithm 2), for many tensors in one call and with one pass over memory:
//   g = gradient * gradient_scale
//   p = p * (1 - lr * decay)                  or, coupled, g = g + decay * p
//   m = m + (1 - beta1) * (g - m)
//   v = beta2 * v + (1 - beta2) * g^2
//   p = p - lr / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + eps)
// The Euclidean norm of many tensors is here too: what gradients are clipped by.
#ifndef CSRC_CPU_ADAMW_H_
#define CSRC_CPU_ADAMW_H_

#include <cstddef>
#include <vector>

#include "csrc/cpu/storage.h"
#include "csrc/shapes/adamw.h"

namespace mindforge::cpu {

// One parameter, with what it is updated from. Made by AdamWTensorOf.
struct AdamWTensor {
  size_t count;
  void* parameter;
  const void* gradient;
  void* average;
  void* square;
  void* master;
  void (*update)(const AdamWSettings& settings, const AdamWTensor& tensor, size_t first,
                 size_t last);
};

// Parameters of type P with gradients of type G. Both moments are of the type that P is computed
// in, and so is `master`: if it is not null it is what is updated, and the parameter is its rounded
// copy.
template <typename P, typename G>
AdamWTensor AdamWTensorOf(size_t count, P* parameter, const G* gradient,
                          typename Compute<P>::Type* average, typename Compute<P>::Type* square,
                          typename Compute<P>::Type* master);

// Updates all tensors. No element depends on another, so results do not depend on threads.
void AdamW(const AdamWSettings& settings, const std::vector<AdamWTensor>& tensors);

// One tensor of a norm. Made by NormTermOf.
struct NormTerm {
  size_t count;
  const void* values;
  double (*squares)(const NormTerm& term, size_t first, size_t last);
};

template <typename T>
NormTerm NormTermOf(size_t count, const T* values);

// sqrt(sum of the squares of all elements), summed in double precision in an order that does not
// depend on threads.
double GlobalNorm(const std::vector<NormTerm>& terms);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_ADAMW_H_
