// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/rms_norm.h"

#include <cmath>

#include "csrc/cpu/column_sums.h"
#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/rms_norm.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

// Without a residual, x is what is normalised, and sum is not written.
template <typename T, typename W>
void NormRows(const T* x, const T* residual, const W* weight, double eps, size_t rows,
              size_t columns, bool streamed, T* y, T* sum, ComputeOf<T>* rstd) {
  using C = ComputeOf<T>;
  const Vectors<T> d;
  for (size_t row = 0; row < rows; ++row) {
    Sum<C> squares;
    const T* in = residual == nullptr ? x : sum;
    ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
      if (residual != nullptr) {
        at.Put(hn::Add(at.Get(d, x + j), at.Get(d, residual + j)), d, sum + j);
      }
      const auto value = at.Get(d, in + j);
      squares.AddProduct(value, value);
    });
    const double mean = SquaresOf(in, columns, squares.Total()) / static_cast<double>(columns);
    const C scale = static_cast<C>(1.0 / std::sqrt(mean + eps));
    rstd[row] = scale;
    ForResult(d, y, streamed, columns, [&](size_t j, auto at) HWY_ATTR {
      hwy::Prefetch(x + columns + j);  // the next row
      const auto normal = hn::Mul(at.Get(d, in + j), hn::Set(d, scale));
      at.Result(hn::Mul(normal, at.Get(d, weight + j)), d, y + j);
    });
    x += columns;
    y += columns;
    if (residual != nullptr) {
      residual += columns;
      sum += columns;
    }
  }
  hwy::FlushStream();
}

// How much of a row of x is taken from its gradient.
template <typename T, typename W>
HWY_INLINE ComputeOf<T> SlopeOf(const T* dy, const T* x, const W* weight, ComputeOf<T> rstd,
                                size_t columns) {
  const Vectors<T> d;
  Sum<ComputeOf<T>> dot;
  ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
    dot.AddProduct(hn::Mul(at.Get(d, dy + j), at.Get(d, weight + j)), at.Get(d, x + j));
  });
  const double scale = static_cast<double>(rstd);
  return static_cast<ComputeOf<T>>(dot.Total() * scale * scale / static_cast<double>(columns));
}

// Writes dx, unless it is null, and the same to dresidual, unless that is, and adds to sums, unless
// they are null, what the rows give for the gradient of the weight.
template <typename T, typename W>
void GradientRows(const T* dy, const T* x, const W* weight, const ComputeOf<T>* rstd, const T* dsum,
                  size_t rows, size_t columns, bool streamed, T* dx, T* dresidual, double* sums) {
  const Vectors<T> d;
  RunningSums<ComputeOf<T>> running(sums, columns);
  ComputeOf<T>* const run = running.run();
  for (size_t row = 0; row < rows; ++row, dy += columns, x += columns) {
    const auto scale = hn::Set(d, rstd[row]);
    const auto slope =
        hn::Set(d, dx == nullptr ? rstd[row] : SlopeOf(dy, x, weight, rstd[row], columns));
    ForResult(d, dx, streamed, columns, [&](size_t j, auto at) HWY_ATTR {
      hwy::Prefetch(dy + columns + j);  // the next row
      hwy::Prefetch(x + columns + j);
      const auto upstream = at.Get(d, dy + j), value = at.Get(d, x + j);
      if (run != nullptr) {
        at.Put(hn::MulAdd(upstream, hn::Mul(value, scale), at.Get(d, run + j)), d, run + j);
      }
      if (dx != nullptr) {
        const auto along = hn::NegMulAdd(value, slope, hn::Mul(upstream, at.Get(d, weight + j)));
        const auto own = hn::Mul(along, scale);
        const auto all = dsum == nullptr ? own : hn::Add(own, at.Get(d, dsum + j));
        at.Result(all, d, dx + j);
        if (dresidual != nullptr) {
          at.Put(all, d, dresidual + j);
        }
      }
    });
    dx += dx == nullptr ? 0 : columns;
    dresidual += dresidual == nullptr ? 0 : columns;
    dsum += dsum == nullptr ? 0 : columns;
    running.EndRow();
  }
  running.Finish();
  hwy::FlushStream();
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {

template <typename T, typename W>
void RmsNorm(const T* x, const W* weight, double eps, size_t rows, size_t columns, T* y,
             typename Compute<T>::Type* rstd) {
  const auto norm = MINDFORGE_SIMD(NormRows<T, W>);
  const bool streamed = BeyondCaches(rows * columns * sizeof(T));
  ParallelPieces(rows, RowsWorthAThread(columns), [=](size_t, size_t first, size_t last) {
    const size_t at = first * columns;
    norm(x + at, nullptr, weight, eps, last - first, columns, streamed, y + at, nullptr,
         rstd + first);
  });
}

template <typename T, typename W>
void AddRmsNorm(const T* x, const T* residual, const W* weight, double eps, size_t rows,
                size_t columns, T* y, T* sum, typename Compute<T>::Type* rstd) {
  const auto norm = MINDFORGE_SIMD(NormRows<T, W>);
  const bool streamed = BeyondCaches(rows * columns * sizeof(T));
  ParallelPieces(rows, RowsWorthAThread(columns), [=](size_t, size_t first, size_t last) {
    const size_t at = first * columns;
    norm(x + at, residual + at, weight, eps, last - first, columns, streamed, y + at, sum + at,
         rstd + first);
  });
}

template <typename T, typename W>
void RmsNormGrad(const T* dy, const T* x, const W* weight, const typename Compute<T>::Type* rstd,
                 const T* dsum, size_t rows, size_t columns, T* dx, W* dweight, T* dresidual) {
  const auto gradient = MINDFORGE_SIMD(GradientRows<T, W>);
  const bool streamed = BeyondCaches(rows * columns * sizeof(T));
  ColumnSums<1> sums(rows, columns, dweight != nullptr);
  sums.Gather([&](size_t first, size_t last, double* partial) {
    const size_t at = first * columns;
    gradient(dy + at, x + at, weight, rstd + first, dsum == nullptr ? nullptr : dsum + at,
             last - first, columns, streamed, dx == nullptr ? nullptr : dx + at,
             dresidual == nullptr ? nullptr : dresidual + at,
             dweight == nullptr ? nullptr : partial);
  });
  sums.Store(0, dweight);
}

#define MINDFORGE_RMS_NORM(T, W)                                                                   \
  template void RmsNorm<T, W>(const T*, const W*, double, size_t, size_t, T*, Compute<T>::Type*);  \
  template void AddRmsNorm<T, W>(const T*, const T*, const W*, double, size_t, size_t, T*, T*,     \
                                 Compute<T>::Type*);                                               \
  template void RmsNormGrad<T, W>(const T*, const T*, const W*, const Compute<T>::Type*, const T*, \
                                  size_t, size_t, T*, W*, T*)
MINDFORGE_RMS_NORM(double, double);
MINDFORGE_RMS_NORM(float, float);
MINDFORGE_RMS_NORM(Float16, Float16);
MINDFORGE_RMS_NORM(Float16, float);
MINDFORGE_RMS_NORM(BFloat16, BFloat16);
MINDFORGE_RMS_NORM(BFloat16, float);
#undef MINDFORGE_RMS_NORM

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
