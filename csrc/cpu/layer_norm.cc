// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/layer_norm.h"

#include <cmath>

#include "csrc/cpu/column_sums.h"
#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/layer_norm.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

template <typename T, typename W>
void LayerNormRows(const T* x, const W* weight, const W* bias, double eps, size_t rows,
                   size_t columns, bool streamed, T* y, ComputeOf<T>* mean, ComputeOf<T>* rstd) {
  using C = ComputeOf<T>;
  const Vectors<T> d;
  const double count = static_cast<double>(columns);
  for (size_t row = 0; row < rows; ++row, x += columns, y += columns) {
    Sum<C> values;
    ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR { values.Add(at.Get(d, x + j)); });
    const C centre = static_cast<C>(values.Total() / count);
    const auto centres = hn::Set(d, centre);
    Sum<C> squares;
    ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
      const auto centred = at.Keep(d, hn::Sub(at.Get(d, x + j), centres));
      squares.AddProduct(centred, centred);
    });
    const C scale = static_cast<C>(1.0 / std::sqrt(squares.Total() / count + eps));
    mean[row] = centre;
    rstd[row] = scale;
    ForResult(d, y, streamed, columns, [&](size_t j, auto at) HWY_ATTR {
      hwy::Prefetch(x + columns + j);  // the next row
      const auto normal = hn::Mul(hn::Sub(at.Get(d, x + j), centres), hn::Set(d, scale));
      at.Result(hn::MulAdd(normal, at.Get(d, weight + j), at.Get(d, bias + j)), d, y + j);
    });
  }
  hwy::FlushStream();
}

// What is taken from all gradients of a row, and from each in the measure of its normalised value.
template <typename C>
struct Taken {
  C level, slope;
};

template <typename T, typename W>
HWY_INLINE Taken<ComputeOf<T>> TakenOf(const T* dy, const T* x, const W* weight, ComputeOf<T> mean,
                                       ComputeOf<T> rstd, size_t columns) {
  using C = ComputeOf<T>;
  const Vectors<T> d;
  const auto centre = hn::Set(d, mean), scale = hn::Set(d, rstd);
  Sum<C> total, dot;
  ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
    const auto gradient = hn::Mul(at.Get(d, dy + j), at.Get(d, weight + j));
    total.Add(gradient);  // beyond the row dy and weight are zeros
    dot.AddProduct(gradient, hn::Mul(hn::Sub(at.Get(d, x + j), centre), scale));
  });
  const double count = static_cast<double>(columns);
  return {static_cast<C>(total.Total() / count), static_cast<C>(dot.Total() / count)};
}

// Writes dx, unless it is null, and adds to sums, unless they are null, what the rows give for the
// gradient of the weight, and behind it that of the bias.
template <typename T, typename W>
void LayerNormGradientRows(const T* dy, const T* x, const W* weight, const ComputeOf<T>* mean,
                           const ComputeOf<T>* rstd, size_t rows, size_t columns, bool streamed,
                           T* dx, double* sums) {
  const Vectors<T> d;
  RunningSums<ComputeOf<T>> running(sums, 2 * columns);
  ComputeOf<T>* const run = running.run();
  for (size_t row = 0; row < rows; ++row, dy += columns, x += columns) {
    const auto centre = hn::Set(d, mean[row]), scale = hn::Set(d, rstd[row]);
    Taken<ComputeOf<T>> taken{};
    if (dx != nullptr) {
      taken = TakenOf(dy, x, weight, mean[row], rstd[row], columns);
    }
    const auto level = hn::Set(d, taken.level), slope = hn::Set(d, taken.slope);
    ForResult(d, dx, streamed, columns, [&](size_t j, auto at) HWY_ATTR {
      hwy::Prefetch(dy + columns + j);  // the next row
      hwy::Prefetch(x + columns + j);
      const auto upstream = at.Get(d, dy + j);
      const auto normal = hn::Mul(hn::Sub(at.Get(d, x + j), centre), scale);
      if (run != nullptr) {
        ComputeOf<T>* const bias_run = run + columns;
        at.Put(hn::MulAdd(upstream, normal, at.Get(d, run + j)), d, run + j);
        at.Put(hn::Add(upstream, at.Get(d, bias_run + j)), d, bias_run + j);
      }
      if (dx != nullptr) {
        const auto gradient = hn::MulSub(upstream, at.Get(d, weight + j), level);
        at.Result(hn::Mul(hn::NegMulAdd(normal, slope, gradient), scale), d, dx + j);
      }
    });
    dx += dx == nullptr ? 0 : columns;
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
void LayerNorm(const T* x, const W* weight, const W* bias, double eps, size_t rows, size_t columns,
               T* y, typename Compute<T>::Type* mean, typename Compute<T>::Type* rstd) {
  const auto norm = MINDFORGE_SIMD(LayerNormRows<T, W>);
  const bool streamed = BeyondCaches(rows * columns * sizeof(T));
  ParallelPieces(rows, RowsWorthAThread(columns), [=](size_t, size_t first, size_t last) {
    const size_t at = first * columns;
    norm(x + at, weight, bias, eps, last - first, columns, streamed, y + at, mean + first,
         rstd + first);
  });
}

template <typename T, typename W>
void LayerNormGrad(const T* dy, const T* x, const W* weight, const typename Compute<T>::Type* mean,
                   const typename Compute<T>::Type* rstd, size_t rows, size_t columns, T* dx,
                   W* dweight, W* dbias) {
  const auto gradient = MINDFORGE_SIMD(LayerNormGradientRows<T, W>);
  const bool wanted = dweight != nullptr;
  const bool streamed = BeyondCaches(rows * columns * sizeof(T));
  ColumnSums<2> sums(rows, columns, wanted);
  sums.Gather([&](size_t first, size_t last, double* partial) {
    const size_t at = first * columns;
    gradient(dy + at, x + at, weight, mean + first, rstd + first, last - first, columns, streamed,
             dx == nullptr ? nullptr : dx + at, wanted ? partial : nullptr);
  });
  sums.Store(0, dweight);
  sums.Store(1, dbias);
}

#define MINDFORGE_LAYER_NORM(T, W)                                                         \
  template void LayerNorm<T, W>(const T*, const W*, const W*, double, size_t, size_t, T*,  \
                                Compute<T>::Type*, Compute<T>::Type*);                     \
  template void LayerNormGrad<T, W>(const T*, const T*, const W*, const Compute<T>::Type*, \
                                    const Compute<T>::Type*, size_t, size_t, T*, W*, W*)
MINDFORGE_LAYER_NORM(double, double);
MINDFORGE_LAYER_NORM(float, float);
MINDFORGE_LAYER_NORM(Float16, Float16);
MINDFORGE_LAYER_NORM(Float16, float);
MINDFORGE_LAYER_NORM(BFloat16, BFloat16);
MINDFORGE_LAYER_NORM(BFloat16, float);
#undef MINDFORGE_LAYER_NORM

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
