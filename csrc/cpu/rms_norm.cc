// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/rms_norm.h"

#include <cmath>
#include <vector>

namespace mindforge::cpu {
namespace {

// Independent partial sums, so that a sum is not one long chain of dependent additions and the
// compiler can keep them in vector registers.
constexpr size_t kLanes = 8;

template <typename Term>
double Sum(size_t count, const Term& term) {
  double lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += term(i + lane);
    }
  }
  double total = 0.0;
  for (; i < count; ++i) {
    total += term(i);
  }
  for (const double lane : lanes) {
    total += lane;
  }
  return total;
}

template <typename T, typename W>
void InputGradient(const T* dy, const T* x, const W* weight, typename Compute<T>::Type rstd,
                   size_t columns, T* dx) {
  using C = typename Compute<T>::Type;
  const auto gradient = [&](size_t j) {
    return Compute<T>::Load(dy[j]) * static_cast<C>(Compute<W>::Load(weight[j]));
  };
  const double dot = Sum(columns, [&](size_t j) {
    return static_cast<double>(gradient(j)) * static_cast<double>(Compute<T>::Load(x[j]));
  });
  const C slope = static_cast<C>(dot * static_cast<double>(rstd) * static_cast<double>(rstd) /
                                 static_cast<double>(columns));
  for (size_t j = 0; j < columns; ++j) {
    dx[j] = Compute<T>::Store(rstd * (gradient(j) - Compute<T>::Load(x[j]) * slope));
  }
}

}  // namespace

template <typename T, typename W>
void RmsNorm(const T* x, const W* weight, double eps, size_t rows, size_t columns, T* y,
             typename Compute<T>::Type* rstd) {
  using C = typename Compute<T>::Type;
  for (size_t row = 0; row < rows; ++row, x += columns, y += columns) {
    const double squares = Sum(columns, [x](size_t j) {
      const double value = static_cast<double>(Compute<T>::Load(x[j]));
      return value * value;
    });
    const C scale = static_cast<C>(1.0 / std::sqrt(squares / static_cast<double>(columns) + eps));
    rstd[row] = scale;
    for (size_t j = 0; j < columns; ++j) {
      y[j] = Compute<T>::Store(Compute<T>::Load(x[j]) * scale *
                               static_cast<C>(Compute<W>::Load(weight[j])));
    }
  }
}

template <typename T, typename W>
void RmsNormGrad(const T* dy, const T* x, const W* weight, const typename Compute<T>::Type* rstd,
                 size_t rows, size_t columns, T* dx, W* dweight) {
  std::vector<double> weight_sums(dweight == nullptr ? 0 : columns);
  for (size_t row = 0; row < rows; ++row) {
    const T* dy_row = dy + row * columns;
    const T* x_row = x + row * columns;
    if (dx != nullptr) {
      InputGradient(dy_row, x_row, weight, rstd[row], columns, dx + row * columns);
    }
    for (size_t j = 0; j < weight_sums.size(); ++j) {
      weight_sums[j] += static_cast<double>(Compute<T>::Load(dy_row[j])) *
                        static_cast<double>(Compute<T>::Load(x_row[j])) *
                        static_cast<double>(rstd[row]);
    }
  }
  for (size_t j = 0; j < weight_sums.size(); ++j) {
    dweight[j] = Compute<W>::Store(static_cast<typename Compute<W>::Type>(weight_sums[j]));
  }
}

#define MINDFORGE_RMS_NORM(T, W)                                                                  \
  template void RmsNorm<T, W>(const T*, const W*, double, size_t, size_t, T*, Compute<T>::Type*); \
  template void RmsNormGrad<T, W>(const T*, const T*, const W*, const Compute<T>::Type*, size_t,  \
                                  size_t, T*, W*)
MINDFORGE_RMS_NORM(double, double);
MINDFORGE_RMS_NORM(float, float);
MINDFORGE_RMS_NORM(Float16, Float16);
MINDFORGE_RMS_NORM(Float16, float);
MINDFORGE_RMS_NORM(BFloat16, BFloat16);
MINDFORGE_RMS_NORM(BFloat16, float);
#undef MINDFORGE_RMS_NORM

}  // namespace mindforge::cpu
