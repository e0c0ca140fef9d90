// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Root mean square layer normalisation on the CPU (Zhang and Sennrich, "Root Mean Square Layer
// Normalization", 2019):
//   rstd = 1 / sqrt(mean(x^2) + eps)          one value a row
//   y    = x * rstd * weight
// and its gradients, with g = dy * weight and x^ = x * rstd:
//   dx      = rstd * (g - x^ * mean(g * x^))
//   dweight = sum over rows of dy * x^
// Rows are contiguous. Sums run in double precision in an order that depends on the shape alone, so
// results are the same bits every time. No pointer may be null unless the count that it goes with
// is 0.
#ifndef CSRC_CPU_RMS_NORM_H_
#define CSRC_CPU_RMS_NORM_H_

#include <cstddef>

#include "csrc/cpu/storage.h"

namespace mindforge::cpu {

// x and y have rows * columns elements, weight columns, rstd rows. y may be x.
template <typename T, typename W>
void RmsNorm(const T* x, const W* weight, double eps, size_t rows, size_t columns, T* y,
             typename Compute<T>::Type* rstd);

// Either gradient may be left out by passing a null pointer for it.
template <typename T, typename W>
void RmsNormGrad(const T* dy, const T* x, const W* weight, const typename Compute<T>::Type* rstd,
                 size_t rows, size_t columns, T* dx, W* dweight);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_RMS_NORM_H_
