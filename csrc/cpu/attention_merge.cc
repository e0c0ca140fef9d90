// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/attention_merge.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/attention_merge.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

template <typename T>
void MergeRow(const T* a, const T* b, ComputeOf<T> weight_a, ComputeOf<T> weight_b, size_t columns,
              T* out) {
  const Vectors<T> d;
  const auto wa = hn::Set(d, weight_a), wb = hn::Set(d, weight_b);
  ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
    at.Put(hn::MulAdd(at.Get(d, a + j), wa, hn::Mul(at.Get(d, b + j), wb)), d, out + j);
  });
}

// Writes the two gradients and returns the sum of above * (a - b) along the row.
template <typename T>
double MergeGradRow(const T* above, const T* a, const T* b, ComputeOf<T> weight_a,
                    ComputeOf<T> weight_b, size_t columns, T* da, T* db) {
  const Vectors<T> d;
  const auto wa = hn::Set(d, weight_a), wb = hn::Set(d, weight_b);
  Sum<ComputeOf<T>> along;
  ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
    const auto gradient = at.Get(d, above + j);
    along.AddProduct(gradient, hn::Sub(at.Get(d, a + j), at.Get(d, b + j)));
    at.Put(hn::Mul(gradient, wa), d, da + j);
    at.Put(hn::Mul(gradient, wb), d, db + j);
  });
  return along.Total();
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {
namespace {

// What each of two partial results weighs, and the logarithm of the sum of both.
template <typename N>
struct Weights {
  Weights(N first, N second) {
    const N infinity = std::numeric_limits<N>::infinity();
    const N highest = std::max(first, second);
    if (highest == -infinity) {
      log_sum = -infinity;
      a = b = N{0};
      return;
    }
    const N one = std::exp(first - highest), two = std::exp(second - highest);
    log_sum = highest + std::log(one + two);
    a = one / (one + two);
    b = two / (one + two);
  }
  N a, b, log_sum;
};

}  // namespace

template <typename T>
void AttentionMerge(const T* output1, const typename Compute<T>::Type* log_sum1, const T* output2,
                    const typename Compute<T>::Type* log_sum2, size_t rows, size_t columns,
                    T* output, typename Compute<T>::Type* log_sum) {
  const auto merge = MINDFORGE_SIMD(MergeRow<T>);
  ParallelPieces(rows, RowsWorthAThread(columns), [=](size_t, size_t first, size_t last) {
    for (size_t row = first; row < last; ++row) {
      const Weights<typename Compute<T>::Type> weights(log_sum1[row], log_sum2[row]);
      const size_t at = row * columns;
      merge(output1 + at, output2 + at, weights.a, weights.b, columns, output + at);
      log_sum[row] = weights.log_sum;
    }
  });
}

template <typename T>
void AttentionMergeGrad(const T* doutput, const typename Compute<T>::Type* dlog_sum,
                        const T* output1, const typename Compute<T>::Type* log_sum1,
                        const T* output2, const typename Compute<T>::Type* log_sum2, size_t rows,
                        size_t columns, T* doutput1, typename Compute<T>::Type* dlog_sum1,
                        T* doutput2, typename Compute<T>::Type* dlog_sum2) {
  using C = typename Compute<T>::Type;
  const auto gradient = MINDFORGE_SIMD(MergeGradRow<T>);
  ParallelPieces(rows, RowsWorthAThread(columns), [=](size_t, size_t first, size_t last) {
    for (size_t row = first; row < last; ++row) {
      const Weights<C> weights(log_sum1[row], log_sum2[row]);
      const size_t at = row * columns;
      const double along = gradient(doutput + at, output1 + at, output2 + at, weights.a, weights.b,
                                    columns, doutput1 + at, doutput2 + at);
      // O1 - O = b * (O1 - O2), and O2 - O = -a * (O1 - O2)
      const double shared = static_cast<double>(weights.a) * weights.b * along;
      dlog_sum1[row] = static_cast<C>(weights.a * static_cast<double>(dlog_sum[row]) + shared);
      dlog_sum2[row] = static_cast<C>(weights.b * static_cast<double>(dlog_sum[row]) - shared);
    }
  });
}

#define MINDFORGE_ATTENTION_MERGE(T)                                                               \
  template void AttentionMerge<T>(const T*, const Compute<T>::Type*, const T*,                     \
                                  const Compute<T>::Type*, size_t, size_t, T*, Compute<T>::Type*); \
  template void AttentionMergeGrad<T>(                                                             \
      const T*, const Compute<T>::Type*, const T*, const Compute<T>::Type*, const T*,              \
      const Compute<T>::Type*, size_t, size_t, T*, Compute<T>::Type*, T*, Compute<T>::Type*)
MINDFORGE_ATTENTION_MERGE(double);
MINDFORGE_ATTENTION_MERGE(float);
MINDFORGE_ATTENTION_MERGE(Float16);
MINDFORGE_ATTENTION_MERGE(BFloat16);
#undef MINDFORGE_ATTENTION_MERGE

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
