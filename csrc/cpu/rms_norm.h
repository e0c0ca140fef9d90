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
// Rows are contiguous. Sums along a row run in double precision. No sum depends on the number of
// threads: on one machine equal inputs give equal bits. No pointer may be null unless the count
// that it goes with is 0 or its description says so.
#ifndef CSRC_CPU_RMS_NORM_H_
#define CSRC_CPU_RMS_NORM_H_

#include <cstddef>

#include "csrc/cpu/storage.h"

namespace mindforge::cpu {

// x and y have rows * columns elements, weight columns, rstd rows. y may be x.
template <typename T, typename W>
void RmsNorm(const T* x, const W* weight, double eps, size_t rows, size_t columns, T* y,
             typename Compute<T>::Type* rstd);

// The same of the sum of two inputs: sum = x + residual, rounded to T, and y is made of that. sum
// may be x or residual, and y may be none of them.
template <typename T, typename W>
void AddRmsNorm(const T* x, const T* residual, const W* weight, double eps, size_t rows,
                size_t columns, T* y, T* sum, typename Compute<T>::Type* rstd);

// Either gradient may be left out by passing a null pointer for it. `dsum`, which may be null, is
// added to dx: the gradient of the sum from elsewhere, for AddRmsNorm, whose residual has the same
// gradient, in memory of its own: `dresidual`, which may be null.
template <typename T, typename W>
void RmsNormGrad(const T* dy, const T* x, const W* weight, const typename Compute<T>::Type* rstd,
                 const T* dsum, size_t rows, size_t columns, T* dx, W* dweight,
                 T* dresidual = nullptr);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_RMS_NORM_H_
