// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/adamw.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/adamw.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

template <typename P, typename G>
void UpdateRange(const AdamWSettings& settings, const AdamWTensor& tensor, size_t first,
                 size_t last) {
  using C = ComputeOf<P>;
  P* parameter = static_cast<P*>(tensor.parameter) + first;
  const G* gradient = static_cast<const G*>(tensor.gradient) + first;
  C* average = static_cast<C*>(tensor.average) + first;
  C* square = static_cast<C*>(tensor.square) + first;
  C* master = tensor.master == nullptr ? nullptr : static_cast<C*>(tensor.master) + first;

  const Vectors<P> d;
  const auto number = [d](double value) HWY_ATTR { return hn::Set(d, static_cast<C>(value)); };
  const double step = static_cast<double>(settings.step);
  const auto scale = number(settings.gradient_scale);
  const auto kept = number(settings.decoupled ? 1 - settings.lr * settings.decay : 1.0);
  const auto coupled = number(settings.decoupled ? 0.0 : settings.decay);
  const auto toward = number(1 - settings.beta1);
  const auto beta2 = number(settings.beta2), rest2 = number(1 - settings.beta2);
  const auto correction = number(std::sqrt(1 - std::pow(settings.beta2, step)));
  const auto eps = number(settings.eps);
  const auto rate = number(-settings.lr / (1 - std::pow(settings.beta1, step)));
  ForVectors(d, last - first, [&](size_t i, auto at) HWY_ATTR {
    const auto before = master == nullptr ? at.Get(d, parameter + i) : at.Get(d, master + i);
    const auto g = hn::MulAdd(coupled, before, hn::Mul(at.Get(d, gradient + i), scale));
    auto m = at.Get(d, average + i);
    m = hn::MulAdd(toward, hn::Sub(g, m), m);
    const auto v = hn::MulAdd(hn::Mul(rest2, g), g, hn::Mul(beta2, at.Get(d, square + i)));
    const auto divisor = hn::Add(hn::Div(hn::Sqrt(v), correction), eps);
    const auto after = hn::MulAdd(rate, hn::Div(m, divisor), hn::Mul(before, kept));
    at.Put(m, d, average + i);
    at.Put(v, d, square + i);
    at.Put(after, d, parameter + i);
    if (master != nullptr) {
      at.Put(after, d, master + i);
    }
  });
}

template <typename T>
double SquaresOfRange(const NormTerm& term, size_t first, size_t last) {
  const Vectors<T> d;
  const T* values = static_cast<const T*>(term.values) + first;
  WideSum<ComputeOf<T>> squares;
  ForVectors(d, last - first, [&](size_t i, auto at) HWY_ATTR {
    const auto value = at.Get(d, values + i);
    squares.AddProduct(value, value);
  });
  return squares.Total();
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {
namespace {

// A part of one of many tensors.
struct Range {
  size_t tensor, first, last;
};

// All elements of tensors in parts that are worth a thread's while.
template <typename Tensor>
std::vector<Range> RangesOf(const std::vector<Tensor>& tensors) {
  constexpr size_t kElements = 32768;
  std::vector<Range> ranges;
  for (size_t tensor = 0; tensor < tensors.size(); ++tensor) {
    const size_t count = tensors[tensor].count;
    for (size_t first = 0; first < count; first += kElements) {
      ranges.push_back({tensor, first, std::min(count, first + kElements)});
    }
  }
  return ranges;
}

}  // namespace

template <typename P, typename G>
AdamWTensor AdamWTensorOf(size_t count, P* parameter, const G* gradient,
                          typename Compute<P>::Type* average, typename Compute<P>::Type* square,
                          typename Compute<P>::Type* master) {
  const auto update = MINDFORGE_SIMD(UpdateRange<P, G>);
  return {count, parameter, gradient, average, square, master, update};
}

void AdamW(const AdamWSettings& settings, const std::vector<AdamWTensor>& tensors) {
  const std::vector<Range> ranges = RangesOf(tensors);
  ParallelFor(ranges.size(), [&](size_t i) {
    const AdamWTensor& tensor = tensors[ranges[i].tensor];
    tensor.update(settings, tensor, ranges[i].first, ranges[i].last);
  });
}

template <typename T>
NormTerm NormTermOf(size_t count, const T* values) {
  return {count, values, MINDFORGE_SIMD(SquaresOfRange<T>)};
}

double GlobalNorm(const std::vector<NormTerm>& terms) {
  const std::vector<Range> ranges = RangesOf(terms);
  std::vector<double> squares(ranges.size());
  ParallelFor(ranges.size(), [&](size_t i) {
    const NormTerm& term = terms[ranges[i].tensor];
    squares[i] = term.squares(term, ranges[i].first, ranges[i].last);
  });
  double total = 0.0;
  for (const double part : squares) {
    total += part;
  }
  return std::sqrt(total);
}

#define MINDFORGE_ADAMW(P, G)                                                       \
  template AdamWTensor AdamWTensorOf<P, G>(size_t, P*, const G*, Compute<P>::Type*, \
                                           Compute<P>::Type*, Compute<P>::Type*)
MINDFORGE_ADAMW(double, double);
MINDFORGE_ADAMW(float, float);
MINDFORGE_ADAMW(Float16, Float16);
MINDFORGE_ADAMW(Float16, float);
MINDFORGE_ADAMW(BFloat16, BFloat16);
MINDFORGE_ADAMW(BFloat16, float);
#undef MINDFORGE_ADAMW

template NormTerm NormTermOf<double>(size_t, const double*);
template NormTerm NormTermOf<float>(size_t, const float*);
template NormTerm NormTermOf<Float16>(size_t, const Float16*);
template NormTerm NormTermOf<BFloat16>(size_t, const BFloat16*);

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
