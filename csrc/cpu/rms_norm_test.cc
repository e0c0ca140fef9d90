// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/rms_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

// The formulas of the header, one after the other; sums in extended precision.
template <typename T, typename W>
struct Reference {
  std::vector<double> y, dx, dweight, rstd;
  double dx_scale = 0.0;  // of the terms that cancel in dx

  Reference(const std::vector<T>& x, const std::vector<W>& weight, const std::vector<T>& dy,
            double eps, Size size)
      : y(x.size()), dx(x.size()), dweight(size.columns), rstd(size.rows) {
    const double count = static_cast<double>(size.columns);
    for (size_t row = 0; row < size.rows; ++row) {
      const size_t at = row * size.columns;
      long double squares = 0.0L;
      for (size_t j = 0; j < size.columns; ++j) squares += Value(x[at + j]) * Value(x[at + j]);
      rstd[row] = static_cast<double>(1.0L / std::sqrt(squares / count + eps));
      long double mean = 0.0L;
      for (size_t j = 0; j < size.columns; ++j) {
        const double normal = Value(x[at + j]) * rstd[row];
        mean += Value(dy[at + j]) * Value(weight[j]) * normal / count;
      }
      for (size_t j = 0; j < size.columns; ++j) {
        const double normal = Value(x[at + j]) * rstd[row];
        y[at + j] = normal * Value(weight[j]);
        const double slope = Value(dy[at + j]) * Value(weight[j]);
        dx[at + j] = rstd[row] * (slope - normal * static_cast<double>(mean));
        dx_scale = std::max(dx_scale, std::abs(rstd[row] * slope));
        dweight[j] += Value(dy[at + j]) * normal;
      }
    }
  }
};

template <typename Pair>
class RmsNormOf : public ::testing::Test {};

TYPED_TEST_SUITE(RmsNormOf, WeightedTypes);

TYPED_TEST(RmsNormOf, AgreesWithTheFormulasOnEverySize) {
  using T = typename TypeParam::T;
  using W = typename TypeParam::W;
  for (const Size size : kSizes) {
    SCOPED_TRACE(std::to_string(size.rows) + " x " + std::to_string(size.columns));
    const std::vector<T> x = Random<T>(size.rows * size.columns, 1);
    const std::vector<T> dy = Random<T>(x.size(), 2);
    const std::vector<W> weight = Random<W>(size.columns, 3);
    const Reference<T, W> reference(x, weight, dy, 1e-5, size);
    AtEveryLevel([&]() {
      std::vector<T> y(x.size()), dx(x.size());
      std::vector<W> dweight(size.columns);
      std::vector<typename Compute<T>::Type> rstd(size.rows);
      RmsNorm(x.data(), weight.data(), 1e-5, size.rows, size.columns, y.data(), rstd.data());
      RmsNormGrad<T, W>(dy.data(), x.data(), weight.data(), rstd.data(), nullptr, size.rows,
                        size.columns, dx.data(), dweight.data());
      ExpectNear(y, reference.y, "y");
      ExpectNear(dx, reference.dx, "dx", reference.dx_scale);
      ExpectNear(dweight, reference.dweight, "dweight");
    });
  }
}

TYPED_TEST(RmsNormOf, ASumIsTheNormOfTheRoundedSum) {
  using T = typename TypeParam::T;
  using W = typename TypeParam::W;
  for (const Size size : kSizes) {
    const std::vector<T> x = Random<T>(size.rows * size.columns, 1);
    const std::vector<T> residual = Random<T>(x.size(), 2);
    const std::vector<W> weight = Random<W>(size.columns, 3);
    std::vector<T> expected_sum(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      expected_sum[i] = Compute<T>::Store(Compute<T>::Load(x[i]) + Compute<T>::Load(residual[i]));
    }
    AtEveryLevel([&]() {
      std::vector<T> y(x.size()), sum(x.size()), expected(x.size());
      std::vector<typename Compute<T>::Type> rstd(size.rows), expected_rstd(size.rows);
      RmsNorm(expected_sum.data(), weight.data(), 1e-5, size.rows, size.columns, expected.data(),
              expected_rstd.data());
      AddRmsNorm(x.data(), residual.data(), weight.data(), 1e-5, size.rows, size.columns, y.data(),
                 sum.data(), rstd.data());
      EXPECT_EQ(Bits(sum), Bits(expected_sum));
      EXPECT_EQ(Bits(y), Bits(expected));
      EXPECT_EQ(Bits(rstd), Bits(expected_rstd));
    });
  }
}

TYPED_TEST(RmsNormOf, TheGradientOfASumAddsWhatComesFromElsewhere) {
  using T = typename TypeParam::T;
  using W = typename TypeParam::W;
  const size_t rows = 5, columns = 37;
  const std::vector<T> x = Random<T>(rows * columns, 1), dy = Random<T>(x.size(), 2);
  const std::vector<T> dsum = Random<T>(x.size(), 4);
  const std::vector<W> weight = Random<W>(columns, 3);
  Reference<T, W> reference(x, weight, dy, 1e-5, {rows, columns});
  for (size_t i = 0; i < x.size(); ++i) reference.dx[i] += Value(dsum[i]);
  AtEveryLevel([&]() {
    std::vector<T> y(x.size()), dx(x.size());
    std::vector<typename Compute<T>::Type> rstd(rows);
    RmsNorm(x.data(), weight.data(), 1e-5, rows, columns, y.data(), rstd.data());
    RmsNormGrad<T, W>(dy.data(), x.data(), weight.data(), rstd.data(), dsum.data(), rows, columns,
                      dx.data(), nullptr);
    ExpectNear(dx, reference.dx, "dx", reference.dx_scale);
  });
}

TEST(RmsNorm, IsTheSameForAnyNumberOfThreads) {
  const size_t rows = 700, columns = 257;
  const std::vector<float> x = Random<float>(rows * columns, 1), dy = Random<float>(x.size(), 2);
  const std::vector<float> weight = Random<float>(columns, 3);
  ExpectSameForAnyThreads([&]() {
    std::vector<float> y(x.size()), dx(x.size()), dweight(columns), rstd(rows);
    RmsNorm(x.data(), weight.data(), 1e-5, rows, columns, y.data(), rstd.data());
    RmsNormGrad<float, float>(dy.data(), x.data(), weight.data(), rstd.data(), nullptr, rows,
                              columns, dx.data(), dweight.data());
    return Bits(y) + Bits(dx) + Bits(dweight) + Bits(rstd);
  });
}

TEST(RmsNorm, LeavesOutAGradientThatIsNotWanted) {
  const std::vector<float> x = Random<float>(12, 1), dy = Random<float>(12, 2);
  const std::vector<float> weight = Random<float>(4, 3);
  std::vector<float> y(12), rstd(3), dx(12), dweight(4), dx_alone(12), dweight_alone(4);
  RmsNorm(x.data(), weight.data(), 1e-5, 3, 4, y.data(), rstd.data());
  const auto gradients = [&](float* by_x, float* by_weight) {
    RmsNormGrad<float, float>(dy.data(), x.data(), weight.data(), rstd.data(), nullptr, 3, 4, by_x,
                              by_weight);
  };
  gradients(dx.data(), dweight.data());
  gradients(dx_alone.data(), nullptr);
  gradients(nullptr, dweight_alone.data());
  EXPECT_EQ(dx, dx_alone);
  EXPECT_EQ(dweight, dweight_alone);
}

TEST(RmsNorm, MayWriteItsResultOverItsInput) {
  std::vector<float> x = Random<float>(21, 1);
  const std::vector<float> weight = Random<float>(7, 3);
  std::vector<float> y(21), rstd(3);
  RmsNorm(x.data(), weight.data(), 1e-5, 3, 7, y.data(), rstd.data());
  RmsNorm(x.data(), weight.data(), 1e-5, 3, 7, x.data(), rstd.data());
  EXPECT_EQ(x, y);
}

TEST(RmsNorm, KeepsRowsApartFromANanAndAnInfinity) {
  std::vector<float> x(12, 1.0f);
  x[0] = std::numeric_limits<float>::quiet_NaN();
  x[4] = std::numeric_limits<float>::infinity();
  const std::vector<float> weight(4, 1.0f);
  std::vector<float> y(12), rstd(3);
  RmsNorm(x.data(), weight.data(), 0.0, 3, 4, y.data(), rstd.data());
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_TRUE(std::isnan(y[4]));  // infinity times 0
  EXPECT_EQ(y[5], 0.0f);
  EXPECT_EQ(y[8], 1.0f);
}

TEST(RmsNorm, DoesNotOverflowWhereSquaresOfFloatsWould) {
  const std::vector<float> x(4, 1e30f), weight(4, 1.0f);
  std::vector<float> y(4), rstd(1);
  RmsNorm(x.data(), weight.data(), 1e-5, 1, 4, y.data(), rstd.data());
  EXPECT_NEAR(y[3], 1.0f, 1e-6f);
}

}  // namespace
}  // namespace mindforge::cpu
