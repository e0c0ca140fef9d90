// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Products of rows that are grouped by expert with the matrices of their experts:
//   y[i] = x[i] weight[e]     for the rows i of group e, which follow each other
// Gradients:
//   dx[i]      = dy[i] weight[e]'     which is the same product with the transposes
//   dweight[e] = the sum over the rows i of group e of x[i]' dy[i]; zeros where there is none
// A group may be empty. Sums are taken in float; on one machine equal inputs give equal bits.
#ifndef CSRC_CPU_GROUPED_MATMUL_H_
#define CSRC_CPU_GROUPED_MATMUL_H_

#include <cstddef>
#include <vector>

namespace mindforge::cpu {

// How many rows each group has. Throws std::invalid_argument unless no count is negative and all
// together are `rows`.
template <typename I>
std::vector<size_t> GroupRows(const I* counts, size_t groups, size_t rows);

// x is (sum of groups, k), y (sum of groups, n); weight holds a k x n matrix a group, or n x k ones
// that are transposed.
template <typename T>
void GroupedMatmul(const std::vector<size_t>& groups, size_t k, size_t n, const T* x,
                   const T* weight, bool transposed, T* y);

// dweight is shaped as weight is.
template <typename T>
void GroupedMatmulGradWeight(const std::vector<size_t>& groups, size_t k, size_t n, const T* x,
                             const T* dy, bool transposed, T* dweight);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_GROUPED_MATMUL_H_
