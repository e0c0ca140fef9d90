// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/swiglu.h"

#include "csrc/cpu/column_sums.h"
#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/swiglu.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/sigmoid-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

template <typename T, class D, class At>
HWY_INLINE hn::Vec<D> Biased(D d, At at, const T* x, const T* bias, size_t j) {
  const auto value = at.Get(d, x + j);
  return bias == nullptr ? value : hn::Add(value, at.Get(d, bias + j));
}

template <typename T>
void SwigluRows(const T* x, const T* bias, const ComputeOf<T>* scale, size_t rows, size_t columns,
                T* y) {
  const Vectors<T> d;
  const T* bias_b = bias == nullptr ? nullptr : bias + columns;
  for (size_t row = 0; row < rows; ++row, x += 2 * columns, y += columns) {
    const auto factor = hn::Set(d, scale == nullptr ? ComputeOf<T>{1} : scale[row]);
    ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
      const auto a = Biased(d, at, x, bias, j);
      const auto b = Biased(d, at, x + columns, bias_b, j);
      at.Put(hn::Mul(hn::Mul(hn::Mul(a, Sigmoid(d, a)), b), factor), d, y + j);
    });
  }
}

template <typename T>
void SwigluGradientRows(const T* dy, const T* x, const T* bias, const ComputeOf<T>* scale,
                        size_t rows, size_t columns, T* dx, double* bias_sums,
                        ComputeOf<T>* dscale) {
  using C = ComputeOf<T>;
  const Vectors<T> d;
  const auto one = hn::Set(d, C{1});
  const T* bias_b = bias == nullptr ? nullptr : bias + columns;
  RunningSums<C> running(bias_sums, 2 * columns);
  C* const run = running.run();
  for (size_t row = 0; row < rows; ++row) {
    const auto factor = hn::Set(d, scale == nullptr ? C{1} : scale[row]);
    Sum<C> along;
    ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
      const auto a = Biased(d, at, x, bias, j);
      const auto b = Biased(d, at, x + columns, bias_b, j);
      const auto gate = Sigmoid(d, a);
      const auto silu = hn::Mul(a, gate);
      const auto upstream = at.Get(d, dy + j);
      const auto scaled = hn::Mul(upstream, factor);
      const auto slope = hn::Mul(gate, hn::MulAdd(a, hn::Sub(one, gate), one));
      const auto by_a = hn::Mul(hn::Mul(scaled, b), slope);
      const auto by_b = hn::Mul(scaled, silu);
      at.Put(by_a, d, dx + j);
      at.Put(by_b, d, dx + columns + j);
      if (run != nullptr) {
        C* const run_b = run + columns;
        at.Put(hn::Add(by_a, at.Get(d, run + j)), d, run + j);
        at.Put(hn::Add(by_b, at.Get(d, run_b + j)), d, run_b + j);
      }
      along.AddProduct(upstream, hn::Mul(silu, b));  // beyond the row dy is zeros
    });
    if (dscale != nullptr) {
      dscale[row] = static_cast<C>(along.Total());
    }
    dy += columns;
    x += 2 * columns;
    dx += 2 * columns;
    running.EndRow();
  }
  running.Finish();
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {

template <typename T>
void Swiglu(const T* x, const T* bias, const typename Compute<T>::Type* scale, size_t rows,
            size_t columns, T* y) {
  const auto forward = MINDFORGE_SIMD(SwigluRows<T>);
  ParallelPieces(rows, RowsWorthAThread(2 * columns), [=](size_t, size_t first, size_t last) {
    forward(x + first * 2 * columns, bias, scale == nullptr ? nullptr : scale + first, last - first,
            columns, y + first * columns);
  });
}

template <typename T>
void SwigluGrad(const T* dy, const T* x, const T* bias, const typename Compute<T>::Type* scale,
                size_t rows, size_t columns, T* dx, T* dbias, typename Compute<T>::Type* dscale) {
  const auto gradient = MINDFORGE_SIMD(SwigluGradientRows<T>);
  ColumnSums<1> sums(rows, 2 * columns, dbias != nullptr);
  sums.Gather([&](size_t first, size_t last, double* partial) {
    gradient(dy + first * columns, x + first * 2 * columns, bias,
             scale == nullptr ? nullptr : scale + first, last - first, columns,
             dx + first * 2 * columns, dbias == nullptr ? nullptr : partial,
             dscale == nullptr ? nullptr : dscale + first);
  });
  sums.Store(0, dbias);
}

#define MINDFORGE_SWIGLU(T)                                                                  \
  template void Swiglu<T>(const T*, const T*, const Compute<T>::Type*, size_t, size_t, T*);  \
  template void SwigluGrad<T>(const T*, const T*, const T*, const Compute<T>::Type*, size_t, \
                              size_t, T*, T*, Compute<T>::Type*)
MINDFORGE_SWIGLU(double);
MINDFORGE_SWIGLU(float);
MINDFORGE_SWIGLU(Float16);
MINDFORGE_SWIGLU(BFloat16);
#undef MINDFORGE_SWIGLU

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
