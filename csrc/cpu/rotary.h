// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Rotary position embedding on the CPU (Su et al., "RoFormer", 2021, equation 34). In each row of x
// `size` columns from `start` on are pairs (a, b), which are turned; the others are copied:
//   a' = a * cos_a - b * sin_a        b' = b * cos_b + a * sin_b
// RotaryLayout says where the numbers of a pair are. cos and sin are laid out as the result is.
// Gradients:
//   da = da' * cos_a + db' * sin_b    db = db' * cos_b - da' * sin_a
//   dcos_a = da' * a, dcos_b = db' * b, dsin_a = -da' * b, dsin_b = db' * a,
// the last four summed over the rows that share a row of the tables, in double precision. Nothing
// depends on the number of threads.
#ifndef CSRC_CPU_ROTARY_H_
#define CSRC_CPU_ROTARY_H_

#include <cstddef>
#include <vector>

#include "csrc/cpu/storage.h"
#include "csrc/shapes/rotary.h"

namespace mindforge::cpu {

// Rows as an array of several dimensions has them: element 0 of row (i, j, ...) is at
// i * strides[0] + j * strides[1] + ...
struct RotaryRows {
  std::vector<size_t> dims;
  std::vector<size_t> x_strides;
  std::vector<size_t> table_strides;  // 0 where rows share one of the tables
  size_t columns;                     // of x
  size_t start, size;                 // what of a row is rotated; size is even
  RotaryLayout layout;
};

// y is dense.
template <typename T, typename W>
void Rotary(const T* x, const W* cos, const W* sin, const RotaryRows& rows, T* y);

// dx is dense; x_strides are those of dy.
template <typename T, typename W>
void RotaryGrad(const T* dy, const W* cos, const W* sin, const RotaryRows& rows, T* dx);

// dy is dense and so are the tables, which have a row for each place of the dimensions that are not
// shared.
template <typename T, typename W>
void RotaryTableGrad(const T* dy, const T* x, const RotaryRows& rows, W* dcos, W* dsin);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_ROTARY_H_
