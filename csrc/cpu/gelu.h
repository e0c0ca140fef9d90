// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The Gaussian error linear unit on the CPU (D. Hendrycks and K. Gimpel, "Gaussian Error Linear
// Units", 2016), with z = x + bias:
//   exact   y = z P(z)        P(z) = (1 + erf(z / sqrt(2))) / 2
//           dx = dy (P(z) + z exp(-z^2 / 2) / sqrt(2 pi))
//   tanh    y = z s           s = (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u))
//                             u = sqrt(2 / pi) (z + 0.044715 z^3)
//           dx = dy (s + 2 z s (1 - s) sqrt(2 / pi) (1 + 3 * 0.044715 z^2))
//   dbias = sum of dx over rows
// Rows are contiguous. Nothing depends on the number of threads: on one machine equal inputs give
// equal bits. No pointer may be null unless the count that it goes with is 0 or its description
// says so.
#ifndef CSRC_CPU_GELU_H_
#define CSRC_CPU_GELU_H_

#include <cstddef>

#include "csrc/cpu/storage.h"

namespace mindforge::cpu {

// x and y have rows * columns elements; bias, which may be null, columns.
template <typename T>
void Gelu(const T* x, const T* bias, bool tanh, size_t rows, size_t columns, T* y);

// The gradient of bias is written where dbias is not null.
template <typename T>
void GeluGrad(const T* dy, const T* x, const T* bias, bool tanh, size_t rows, size_t columns, T* dx,
              T* dbias);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_GELU_H_
