// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Layer normalisation on the CPU (Ba, Kiros and Hinton, "Layer Normalization", 2016):
//   rstd = 1 / sqrt(mean((x - mean)^2) + eps)          mean and rstd: one value a row
//   y    = (x - mean) * rstd * weight + bias
// and its gradients, with g = dy * weight and x^ = (x - mean) * rstd:
//   dx      = rstd * (g - mean(g) - x^ * mean(g * x^))
//   dweight = sum over rows of dy * x^
//   dbias   = sum over rows of dy
// Rows are contiguous. Sums run in double precision. No sum depends on the number of threads: on
// one machine equal inputs give equal bits. No pointer may be null unless the count that it goes
// with is 0 or its description says so.
#ifndef CSRC_CPU_LAYER_NORM_H_
#define CSRC_CPU_LAYER_NORM_H_

#include <cstddef>

#include "csrc/cpu/storage.h"

namespace mindforge::cpu {

// x and y have rows * columns elements, weight and bias columns, mean and rstd rows. y may be x.
template <typename T, typename W>
void LayerNorm(const T* x, const W* weight, const W* bias, double eps, size_t rows, size_t columns,
               T* y, typename Compute<T>::Type* mean, typename Compute<T>::Type* rstd);

// dx, or dweight together with dbias, may be left out by passing null pointers for them.
template <typename T, typename W>
void LayerNormGrad(const T* dy, const T* x, const W* weight, const typename Compute<T>::Type* mean,
                   const typename Compute<T>::Type* rstd, size_t rows, size_t columns, T* dx,
                   W* dweight, W* dbias);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_LAYER_NORM_H_
