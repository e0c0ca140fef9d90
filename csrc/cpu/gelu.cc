// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/gelu.h"

#include <cmath>
#include <type_traits>

#include "csrc/cpu/column_sums.h"
#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/gelu.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/sigmoid-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

template <class D>
struct Normal {
  hn::Vec<D> below;    // P(z), the share of a normal distribution below z
  hn::Vec<D> density;  // sqrt(2 pi) times that at z: exp(-z^2 / 2)
};

// With t = 1 / (1 + 0.32 |z|), the share beyond |z| is exp(-z^2 / 2) times a polynomial in t that
// was fitted to it, to a relative error of 3.3e-8. (Nothing cancels in the tail, as it does in
// 1 + erf.)
HWY_INLINE Normal<hn::ScalableTag<float>> NormalOf(hn::ScalableTag<float> d,
                                                   hn::Vec<hn::ScalableTag<float>> z) {
  constexpr float kTail[] = {0.1276615287f,  0.1276609467f,   0.1146223601f,  0.08782907483f,
                             0.0586541163f,  -0.00937803934f, 0.06532884861f, -0.1467082893f,
                             0.09540770669f, -0.02107826921f};
  const auto one = hn::Set(d, 1.0f);
  const auto far = hn::Min(hn::Abs(z), hn::Set(d, 1e4f));  // nothing is beyond that
  const auto t = Reciprocal(d, hn::MulAdd(far, hn::Set(d, 0.32f), one));
  auto sum = hn::Set(d, kTail[9]);
  for (int i = 8; i >= 0; --i) {
    sum = hn::MulAdd(sum, t, hn::Set(d, kTail[i]));
  }
  const auto density = Exp(d, hn::Mul(hn::Mul(z, z), hn::Set(d, -0.5f)));
  const auto tail = hn::Mul(density, hn::Mul(t, sum));
  return {hn::IfThenElse(hn::Lt(z, hn::Zero(d)), tail, hn::Sub(one, tail)), density};
}

// A double has more digits than a short polynomial gives.
HWY_INLINE Normal<hn::ScalableTag<double>> NormalOf(hn::ScalableTag<double> d,
                                                    hn::Vec<hn::ScalableTag<double>> z) {
  double lanes[hn::MaxLanes(hn::ScalableTag<double>())];
  hn::StoreU(z, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) {
    lanes[i] = 0.5 * std::erfc(-lanes[i] * std::sqrt(0.5));
  }
  return {hn::LoadU(d, lanes), Exp(d, hn::Mul(hn::Mul(z, z), hn::Set(d, -0.5)))};
}

struct Exact {
  template <class D>
  HWY_INLINE hn::Vec<D> Value(D d, hn::Vec<D> z) const {
    return hn::Mul(z, NormalOf(d, z).below);
  }
  template <class D>
  HWY_INLINE hn::Vec<D> Slope(D d, hn::Vec<D> z) const {
    const auto normal = NormalOf(d, z);
    const auto scale = hn::Set(d, static_cast<hn::TFromD<D>>(0.3989422804014327));
    return hn::MulAdd(hn::Mul(z, normal.density), scale, normal.below);
  }
};

struct Tanh {
  static constexpr double kScale = 1.5957691216057308;  // 2 sqrt(2 / pi)
  static constexpr double kCubic = 0.044715;

  template <class D>
  HWY_INLINE hn::Vec<D> Share(D d, hn::Vec<D> z) const {
    using C = hn::TFromD<D>;
    const auto bend = hn::MulAdd(hn::Mul(z, z), hn::Set(d, static_cast<C>(kScale * kCubic)),
                                 hn::Set(d, static_cast<C>(kScale)));
    return Sigmoid(d, hn::Mul(z, bend));
  }
  template <class D>
  HWY_INLINE hn::Vec<D> Value(D d, hn::Vec<D> z) const {
    return hn::Mul(z, Share(d, z));
  }
  template <class D>
  HWY_INLINE hn::Vec<D> Slope(D d, hn::Vec<D> z) const {
    using C = hn::TFromD<D>;
    const auto share = Share(d, z);
    const auto bend = hn::MulAdd(hn::Mul(z, z), hn::Set(d, static_cast<C>(3 * kScale * kCubic)),
                                 hn::Set(d, static_cast<C>(kScale)));
    const auto spread = hn::NegMulAdd(share, share, share);
    return hn::MulAdd(hn::Mul(z, spread), bend, share);
  }
};

template <typename T, class D, class At>
HWY_INLINE hn::Vec<D> Biased(D d, At at, const T* x, const T* bias, size_t j) {
  const auto value = at.Get(d, x + j);
  return bias == nullptr ? value : hn::Add(value, at.Get(d, bias + j));
}

template <bool kTanh>
using FormOf = std::conditional_t<kTanh, Tanh, Exact>;

template <typename T, bool kTanh>
void GeluRows(const T* x, const T* bias, size_t rows, size_t columns, bool streamed, T* y) {
  const Vectors<T> d;
  for (size_t row = 0; row < rows; ++row, x += columns, y += columns) {
    ForResult(d, y, streamed, columns, [&](size_t j, auto at) HWY_ATTR {
      at.Result(FormOf<kTanh>().Value(d, Biased(d, at, x, bias, j)), d, y + j);
    });
  }
  hwy::FlushStream();
}

template <typename T, bool kTanh>
void GeluGradientRows(const T* dy, const T* x, const T* bias, size_t rows, size_t columns,
                      bool streamed, T* dx, double* bias_sums) {
  const Vectors<T> d;
  RunningSums<ComputeOf<T>> running(bias_sums, columns);
  ComputeOf<T>* const run = running.run();
  for (size_t row = 0; row < rows; ++row, dy += columns, x += columns, dx += columns) {
    ForResult(d, dx, streamed, columns, [&](size_t j, auto at) HWY_ATTR {
      const auto slope = FormOf<kTanh>().Slope(d, Biased(d, at, x, bias, j));
      const auto gradient = hn::Mul(at.Get(d, dy + j), slope);
      at.Result(gradient, d, dx + j);
      if (run != nullptr) {
        at.Put(hn::Add(gradient, at.Get(d, run + j)), d, run + j);
      }
    });
    running.EndRow();
  }
  running.Finish();
  hwy::FlushStream();
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {

namespace {

constexpr size_t kPiece = 16384;

}  // namespace

template <typename T>
void Gelu(const T* x, const T* bias, bool tanh, size_t rows, size_t columns, T* y) {
  const auto forward =
      tanh ? MINDFORGE_SIMD(GeluRows<T, true>) : MINDFORGE_SIMD(GeluRows<T, false>);
  const bool streamed = BeyondCaches(rows * columns * sizeof(T));
  if (bias == nullptr) {  // all elements are alike
    ParallelPieces(rows * columns, kPiece, [=](size_t, size_t first, size_t last) {
      forward(x + first, nullptr, 1, last - first, streamed, y + first);
    });
    return;
  }
  ParallelPieces(rows, RowsWorthAThread(2 * columns), [=](size_t, size_t first, size_t last) {
    forward(x + first * columns, bias, last - first, columns, streamed, y + first * columns);
  });
}

template <typename T>
void GeluGrad(const T* dy, const T* x, const T* bias, bool tanh, size_t rows, size_t columns, T* dx,
              T* dbias) {
  const auto gradient =
      tanh ? MINDFORGE_SIMD(GeluGradientRows<T, true>) : MINDFORGE_SIMD(GeluGradientRows<T, false>);
  const bool streamed = BeyondCaches(rows * columns * sizeof(T));
  if (bias == nullptr) {
    ParallelPieces(rows * columns, kPiece, [=](size_t, size_t first, size_t last) {
      gradient(dy + first, x + first, nullptr, 1, last - first, streamed, dx + first, nullptr);
    });
    return;
  }
  ColumnSums<1> sums(rows, columns, dbias != nullptr);
  sums.Gather([&](size_t first, size_t last, double* partial) {
    const size_t at = first * columns;
    gradient(dy + at, x + at, bias, last - first, columns, streamed, dx + at,
             dbias == nullptr ? nullptr : partial);
  });
  sums.Store(0, dbias);
}

#define MINDFORGE_GELU(T)                                              \
  template void Gelu<T>(const T*, const T*, bool, size_t, size_t, T*); \
  template void GeluGrad<T>(const T*, const T*, const T*, bool, size_t, size_t, T*, T*)
MINDFORGE_GELU(double);
MINDFORGE_GELU(float);
MINDFORGE_GELU(Float16);
MINDFORGE_GELU(BFloat16);
#undef MINDFORGE_GELU

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
