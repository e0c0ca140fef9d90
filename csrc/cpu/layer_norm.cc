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
                   size_t columns, T* y, ComputeOf<T>* mean, ComputeOf<T>* rstd) {
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
    ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
      const auto normal = hn::Mul(hn::Sub(at.Get(d, x + j), centres), hn::Set(d, scale));
      at.Put(hn::MulAdd(normal, at.Get(d, weight + j), at.Get(d, bias + j)), d, y + j);
    });
  }
}

template <typename T, typename W>
HWY_INLINE void LayerNormInputGradient(const T* dy, const T* x, const W* weight, ComputeOf<T> mean,
                                       ComputeOf<T> rstd, size_t columns, T* dx) {
  using C = ComputeOf<T>;
  const Vectors<T> d;
  const auto centres = hn::Set(d, mean);
  const auto scale = hn::Set(d, rstd);
  Sum<C> total, dot;
  ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
    const auto gradient = hn::Mul(at.Get(d, dy + j), at.Get(d, weight + j));
    const auto normal = hn::Mul(hn::Sub(at.Get(d, x + j), centres), scale);
    total.Add(gradient);  // beyond the row dy and weight are zeros
    dot.AddProduct(gradient, normal);
  });
  const double count = static_cast<double>(columns);
  const auto level = hn::Set(d, static_cast<C>(total.Total() / count));
  const auto slope = hn::Set(d, static_cast<C>(dot.Total() / count));
  ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
    const auto gradient = hn::Mul(at.Get(d, dy + j), at.Get(d, weight + j));
    const auto normal = hn::Mul(hn::Sub(at.Get(d, x + j), centres), scale);
    const auto along = hn::NegMulAdd(normal, slope, hn::Sub(gradient, level));
    at.Put(hn::Mul(along, scale), d, dx + j);
  });
}

// Writes dx, unless it is null, and adds to sums, unless they are null, what the rows give for the
// gradient of the weight, and behind it that of the bias.
template <typename T, typename W>
void LayerNormGradientRows(const T* dy, const T* x, const W* weight, const ComputeOf<T>* mean,
                           const ComputeOf<T>* rstd, size_t rows, size_t columns, T* dx,
                           double* sums) {
  const Vectors<T> d;
  for (size_t row = 0; row < rows; ++row, dy += columns, x += columns) {
    if (dx != nullptr) {
      LayerNormInputGradient(dy, x, weight, mean[row], rstd[row], columns, dx);
      dx += columns;
    }
    if (sums != nullptr) {
      const auto centre = hn::Set(d, mean[row]);
      const auto scale = hn::Set(d, rstd[row]);
      ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
        const auto gradient = at.Get(d, dy + j);
        const auto normal = hn::Mul(hn::Sub(at.Get(d, x + j), centre), scale);
        at.AddTo(hn::Mul(gradient, normal), d, sums + j);
        at.AddTo(gradient, d, sums + columns + j);
      });
    }
  }
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {

template <typename T, typename W>
void LayerNorm(const T* x, const W* weight, const W* bias, double eps, size_t rows, size_t columns,
               T* y, typename Compute<T>::Type* mean, typename Compute<T>::Type* rstd) {
  const auto norm = MINDFORGE_SIMD(LayerNormRows<T, W>);
  ParallelPieces(rows, RowsWorthAThread(columns), [=](size_t, size_t first, size_t last) {
    const size_t at = first * columns;
    norm(x + at, weight, bias, eps, last - first, columns, y + at, mean + first, rstd + first);
  });
}

template <typename T, typename W>
void LayerNormGrad(const T* dy, const T* x, const W* weight, const typename Compute<T>::Type* mean,
                   const typename Compute<T>::Type* rstd, size_t rows, size_t columns, T* dx,
                   W* dweight, W* dbias) {
  const auto gradient = MINDFORGE_SIMD(LayerNormGradientRows<T, W>);
  const bool wanted = dweight != nullptr;
  ColumnSums<2> sums(rows, columns, wanted);
  sums.Gather([&](size_t first, size_t last, double* partial) {
    const size_t at = first * columns;
    gradient(dy + at, x + at, weight, mean + first, rstd + first, last - first, columns,
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
