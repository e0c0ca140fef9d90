// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/grouped_matmul.h"

#include <cstdint>
#include <stdexcept>
#include <string>

#include "csrc/cpu/gemm.h"

namespace mindforge::cpu {

template <typename I>
std::vector<size_t> GroupRows(const I* counts, size_t groups, size_t rows) {
  std::vector<size_t> result;
  size_t left = rows;
  for (size_t group = 0; group < groups; ++group) {
    if (counts[group] < 0 || static_cast<size_t>(counts[group]) > left) {
      throw std::invalid_argument("entry " + std::to_string(group) + " is " +
                                  std::to_string(counts[group]) + " where x has " +
                                  std::to_string(left) + " of its " + std::to_string(rows) +
                                  " rows left");
    }
    result.push_back(static_cast<size_t>(counts[group]));
    left -= result.back();
  }
  if (left != 0) {
    throw std::invalid_argument("its entries sum to " + std::to_string(rows - left) +
                                ", and x has " + std::to_string(rows) + " rows");
  }
  return result;
}

template <typename T>
void GroupedMatmul(const std::vector<size_t>& groups, size_t k, size_t n, const T* x,
                   const T* weight, bool transposed, T* y) {
  std::vector<Product<T, T>> products;
  for (const size_t rows : groups) {
    products.push_back({{rows, n, k}, {x, k}, {weight, transposed ? k : n, transposed}, y, n});
    x += rows * k;
    weight += k * n;
    y += rows * n;
  }
  ParallelGemms(products);
}

template <typename T>
void GroupedMatmulGradWeight(const std::vector<size_t>& groups, size_t k, size_t n, const T* x,
                             const T* dy, bool transposed, T* dweight) {
  std::vector<Product<T, T>> products;
  for (const size_t rows : groups) {
    const Factor<T> left{x, k}, right{dy, n};
    if (transposed) {
      products.push_back({{n, k, rows}, {dy, n, true}, left, dweight, k});
    } else {
      products.push_back({{k, n, rows}, {x, k, true}, right, dweight, n});
    }
    x += rows * k;
    dy += rows * n;
    dweight += k * n;
  }
  ParallelGemms(products);
}

template std::vector<size_t> GroupRows<int32_t>(const int32_t*, size_t, size_t);
template std::vector<size_t> GroupRows<int64_t>(const int64_t*, size_t, size_t);

#define MINDFORGE_GROUPED_MATMUL(T)                                                              \
  template void GroupedMatmul<T>(const std::vector<size_t>&, size_t, size_t, const T*, const T*, \
                                 bool, T*);                                                      \
  template void GroupedMatmulGradWeight<T>(const std::vector<size_t>&, size_t, size_t, const T*, \
                                           const T*, bool, T*)
MINDFORGE_GROUPED_MATMUL(float);
MINDFORGE_GROUPED_MATMUL(Float16);
MINDFORGE_GROUPED_MATMUL(BFloat16);
#undef MINDFORGE_GROUPED_MATMUL

}  // namespace mindforge::cpu
