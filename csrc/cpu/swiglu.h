// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// The gated activation of a transformer's MLP on the CPU (Shazeer, "GLU Variants Improve
// Transformer", 2020), where each row of x holds two halves, a and b:
//   y  = silu(a + bias_a) * (b + bias_b) * scale          silu(z) = z / (1 + exp(-z))
// with an optional bias, whose halves go with those of x, and an optional scale of each row: the
// probability with which a router sent a token to an expert. Gradients, with s = 1 / (1 + exp(-a)):
//   da     = dy * scale * b * s * (1 + a * (1 - s))
//   db     = dy * scale * a * s
//   dbias  = sum over rows of (da, db)
//   dscale = sum over the columns of dy * silu(a) * b
// Rows are contiguous. Nothing depends on the number of threads: on one machine equal inputs give
// equal bits. No pointer may be null unless the count that it goes with is 0 or its description
// says so.
#ifndef CSRC_CPU_SWIGLU_H_
#define CSRC_CPU_SWIGLU_H_

#include <cstddef>

#include "csrc/cpu/storage.h"

namespace mindforge::cpu {

// x has rows * 2 * columns elements, y rows * columns; bias, which may be null, 2 * columns; scale,
// which may be null, rows.
template <typename T>
void Swiglu(const T* x, const T* bias, const typename Compute<T>::Type* scale, size_t rows,
            size_t columns, T* y);

// Gradients of bias and scale are written where dbias and dscale are not null.
template <typename T>
void SwigluGrad(const T* dy, const T* x, const T* bias, const typename Compute<T>::Type* scale,
                size_t rows, size_t columns, T* dx, T* dbias, typename Compute<T>::Type* dscale);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_SWIGLU_H_
