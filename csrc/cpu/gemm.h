// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Products of matrices whose rows are contiguous, each row a stride after the one before:
//   C = alpha * A B + beta * C
// A is m x k, B k x n, C m x n. Sums are taken in float, whatever A, B and C are stored in, and C
// is rounded once. Where beta is 0, C is not read. On one machine equal shapes and numbers give
// equal bits: nothing depends on the number of threads.
//
// The work is done by oneDNN, by the copy that MindSpore's wheel brings: whoever links this links
// libdnnl.so.3 too. No call of it starts a thread.
#ifndef CSRC_CPU_GEMM_H_
#define CSRC_CPU_GEMM_H_

#include <cstddef>
#include <vector>

#include "csrc/cpu/storage.h"

namespace mindforge::cpu {

// A factor as it is stored. `stride` counts elements and is at least the length of a stored row.
template <typename T>
struct Factor {
  const T* data;
  size_t stride;
  bool transposed = false;  // what is stored is the transpose of what is multiplied
};

struct GemmSize {
  size_t m, n, k;
};

// The product on the thread that calls, which may be a task of the pool. Out is float, or T.
template <typename T, typename Out>
void Gemm(const GemmSize& size, float alpha, const Factor<T>& a, const Factor<T>& b, float beta,
          Out* c, size_t stride);

// The same, cut into tiles for the threads of the pool.
template <typename T, typename Out>
void ParallelGemm(const GemmSize& size, float alpha, const Factor<T>& a, const Factor<T>& b,
                  float beta, Out* c, size_t stride);

// What goes into one product and where it comes out.
template <typename T, typename Out>
struct Product {
  GemmSize size;
  Factor<T> a, b;
  Out* c;
  size_t stride;
};

// Many products of any sizes at once, C = A B each.
template <typename T, typename Out>
void ParallelGemms(const std::vector<Product<T, Out>>& products);

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_GEMM_H_
