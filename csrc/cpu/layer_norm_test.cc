// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/layer_norm.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

// The formulas of the header, one after the other; sums in extended precision.
template <typename T, typename W>
struct Reference {
  std::vector<double> y, dx, dweight, dbias;
  double y_scale = 0.0, dx_scale = 0.0;  // of the terms that cancel

  Reference(const std::vector<T>& x, const std::vector<W>& weight, const std::vector<W>& bias,
            const std::vector<T>& dy, double eps, Size size)
      : y(x.size()), dx(x.size()), dweight(size.columns), dbias(size.columns) {
    const long double count = static_cast<long double>(size.columns);
    for (size_t row = 0; row < size.rows; ++row) {
      const size_t at = row * size.columns;
      long double mean = 0.0L, squares = 0.0L, level = 0.0L, slope = 0.0L;
      for (size_t j = 0; j < size.columns; ++j) mean += Value(x[at + j]) / count;
      for (size_t j = 0; j < size.columns; ++j) squares += std::pow(Value(x[at + j]) - mean, 2);
      const long double rstd = 1.0L / std::sqrt(squares / count + eps);
      const auto normal = [&](size_t j) { return (Value(x[at + j]) - mean) * rstd; };
      const auto gradient = [&](size_t j) { return Value(dy[at + j]) * Value(weight[j]); };
      for (size_t j = 0; j < size.columns; ++j) {
        level += gradient(j) / count;
        slope += gradient(j) * normal(j) / count;
      }
      for (size_t j = 0; j < size.columns; ++j) {
        y[at + j] = static_cast<double>(normal(j) * Value(weight[j]) + Value(bias[j]));
        dx[at + j] = static_cast<double>(rstd * (gradient(j) - level - normal(j) * slope));
        dweight[j] += static_cast<double>(Value(dy[at + j]) * normal(j));
        dbias[j] += Value(dy[at + j]);
        dx_scale = std::max(dx_scale, static_cast<double>(std::abs(rstd * gradient(j))));
        y_scale = std::max(y_scale, std::abs(Value(x[at + j]) * static_cast<double>(rstd)));
      }
    }
  }
};

template <typename Pair>
class LayerNormOf : public ::testing::Test {};

TYPED_TEST_SUITE(LayerNormOf, WeightedTypes);

TYPED_TEST(LayerNormOf, AgreesWithTheFormulasOnEverySize) {
  using T = typename TypeParam::T;
  using W = typename TypeParam::W;
  for (const Size size : kSizes) {
    if (size.columns == 1) continue;  // see AConstantRow
    SCOPED_TRACE(std::to_string(size.rows) + " x " + std::to_string(size.columns));
    const std::vector<T> x = Random<T>(size.rows * size.columns, 1);
    const std::vector<T> dy = Random<T>(x.size(), 2);
    const std::vector<W> weight = Random<W>(size.columns, 3), bias = Random<W>(size.columns, 4);
    const Reference<T, W> reference(x, weight, bias, dy, 1e-5, size);
    AtEveryLevel([&]() {
      std::vector<T> y(x.size()), dx(x.size());
      std::vector<W> dweight(size.columns), dbias(size.columns);
      std::vector<typename Compute<T>::Type> mean(size.rows), rstd(size.rows);
      LayerNorm(x.data(), weight.data(), bias.data(), 1e-5, size.rows, size.columns, y.data(),
                mean.data(), rstd.data());
      LayerNormGrad<T, W>(dy.data(), x.data(), weight.data(), mean.data(), rstd.data(), size.rows,
                          size.columns, dx.data(), dweight.data(), dbias.data());
      ExpectNear(y, reference.y, "y", reference.y_scale);
      ExpectNear(dx, reference.dx, "dx", reference.dx_scale);
      ExpectNear(dweight, reference.dweight, "dweight");
      ExpectNear(dbias, reference.dbias, "dbias");
    });
  }
}

TEST(LayerNorm, AConstantRowBecomesTheBias) {
  const std::vector<float> x = {3, 3, 3, 3, 3, -5, -5, -5, -5, -5}, weight(5, 2.0f);
  const std::vector<float> bias = {0, 1, 2, 3, 4};
  AtEveryLevel([&]() {
    std::vector<float> y(10), mean(2), rstd(2);
    LayerNorm(x.data(), weight.data(), bias.data(), 1e-5, 2, 5, y.data(), mean.data(), rstd.data());
    EXPECT_EQ(y, (std::vector<float>{0, 1, 2, 3, 4, 0, 1, 2, 3, 4}));
    EXPECT_EQ(mean, (std::vector<float>{3, -5}));
  });
}

TEST(LayerNorm, ALargeMeanDoesNotDrownTheVariance) {
  std::vector<float> x(1000), y(1000), mean(1), rstd(1);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 1e5f + static_cast<float>(i % 2);
  const std::vector<float> weight(1000, 1.0f), bias(1000, 0.0f);
  AtEveryLevel([&]() {
    LayerNorm(x.data(), weight.data(), bias.data(), 0.0, 1, 1000, y.data(), mean.data(),
              rstd.data());
    EXPECT_NEAR(y[0], -1.0f, 1e-2f);
    EXPECT_NEAR(y[1], 1.0f, 1e-2f);
  });
}

TEST(LayerNorm, LeavesOutGradientsThatAreNotWanted) {
  const std::vector<float> x = Random<float>(12, 1), dy = Random<float>(12, 2);
  const std::vector<float> weight = Random<float>(4, 3), bias = Random<float>(4, 4);
  std::vector<float> y(12), mean(3), rstd(3);
  LayerNorm(x.data(), weight.data(), bias.data(), 1e-5, 3, 4, y.data(), mean.data(), rstd.data());
  const auto gradients = [&](float* dx, float* dweight, float* dbias) {
    LayerNormGrad<float, float>(dy.data(), x.data(), weight.data(), mean.data(), rstd.data(), 3, 4,
                                dx, dweight, dbias);
  };
  std::vector<float> dx(12), dweight(4), dbias(4), dx_alone(12), dweight_alone(4), dbias_alone(4);
  gradients(dx.data(), dweight.data(), dbias.data());
  gradients(dx_alone.data(), nullptr, nullptr);
  gradients(nullptr, dweight_alone.data(), dbias_alone.data());
  EXPECT_EQ(dx, dx_alone);
  EXPECT_EQ(dweight, dweight_alone);
  EXPECT_EQ(dbias, dbias_alone);
}

TEST(LayerNorm, IsTheSameForAnyNumberOfThreads) {
  const size_t rows = 700, columns = 257;
  const std::vector<float> x = Random<float>(rows * columns, 1), dy = Random<float>(x.size(), 2);
  const std::vector<float> weight = Random<float>(columns, 3), bias = Random<float>(columns, 4);
  ExpectSameForAnyThreads([&]() {
    std::vector<float> y(x.size()), dx(x.size()), mean(rows), rstd(rows);
    std::vector<float> dweight(columns), dbias(columns);
    LayerNorm(x.data(), weight.data(), bias.data(), 1e-5, rows, columns, y.data(), mean.data(),
              rstd.data());
    LayerNormGrad<float, float>(dy.data(), x.data(), weight.data(), mean.data(), rstd.data(), rows,
                                columns, dx.data(), dweight.data(), dbias.data());
    return Bits(y) + Bits(dx) + Bits(dweight) + Bits(dbias);
  });
}

}  // namespace
}  // namespace mindforge::cpu
