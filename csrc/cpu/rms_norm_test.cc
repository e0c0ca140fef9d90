// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/rms_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

struct Size {
  size_t rows;
  size_t columns;
};

// Empty, single, odd, around the number of lanes, and large.
const std::vector<Size> kSizes = {{0, 5}, {5, 0}, {0, 0},  {1, 1},   {3, 1},    {1, 7},
                                  {4, 8}, {5, 9}, {7, 15}, {3, 257}, {130, 33}, {2, 20001}};

template <typename T>
std::vector<T> Random(size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<T> values(count);
  for (T& value : values) {
    value = Compute<T>::Store(static_cast<typename Compute<T>::Type>(normal(generator)));
  }
  return values;
}

template <typename T>
double Value(T stored) {
  return static_cast<double>(Compute<T>::Load(stored));
}

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

// Half a unit in the last place of the storage type, relative, doubled for the steps in between.
template <typename T>
double Tolerance();
template <>
double Tolerance<double>() {
  return 1e-14;
}
template <>
double Tolerance<float>() {
  return 5e-7;
}
template <>
double Tolerance<Float16>() {
  return 1e-3;
}
template <>
double Tolerance<BFloat16>() {
  return 8e-3;
}

template <typename T>
void ExpectNear(const std::vector<T>& actual, const std::vector<double>& expected,
                const std::string& name, double scale = 0.0) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const double value : expected) scale = std::max(scale, std::abs(value));
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(Value(actual[i]), expected[i], Tolerance<T>() * scale) << name << " at " << i;
  }
}

template <typename Pair>
class RmsNormOf : public ::testing::Test {};

template <typename Storage, typename WeightStorage>
struct Types {
  using T = Storage;
  using W = WeightStorage;
};

using AllTypes =
    ::testing::Types<Types<double, double>, Types<float, float>, Types<Float16, Float16>,
                     Types<Float16, float>, Types<BFloat16, BFloat16>, Types<BFloat16, float>>;
TYPED_TEST_SUITE(RmsNormOf, AllTypes);

TYPED_TEST(RmsNormOf, AgreesWithTheFormulasOnEverySize) {
  using T = typename TypeParam::T;
  using W = typename TypeParam::W;
  for (const Size size : kSizes) {
    SCOPED_TRACE(std::to_string(size.rows) + " x " + std::to_string(size.columns));
    const std::vector<T> x = Random<T>(size.rows * size.columns, 1);
    const std::vector<T> dy = Random<T>(x.size(), 2);
    const std::vector<W> weight = Random<W>(size.columns, 3);
    const Reference<T, W> reference(x, weight, dy, 1e-5, size);

    std::vector<T> y(x.size()), dx(x.size());
    std::vector<W> dweight(size.columns);
    std::vector<typename Compute<T>::Type> rstd(size.rows);
    RmsNorm(x.data(), weight.data(), 1e-5, size.rows, size.columns, y.data(), rstd.data());
    RmsNormGrad(dy.data(), x.data(), weight.data(), rstd.data(), size.rows, size.columns, dx.data(),
                dweight.data());

    ExpectNear(y, reference.y, "y");
    ExpectNear(dx, reference.dx, "dx", reference.dx_scale);
    ExpectNear(dweight, reference.dweight, "dweight");
  }
}

TEST(RmsNorm, LeavesOutAGradientThatIsNotWanted) {
  const std::vector<float> x = Random<float>(12, 1), dy = Random<float>(12, 2);
  const std::vector<float> weight = Random<float>(4, 3);
  std::vector<float> y(12), rstd(3), dx(12), dweight(4), dx_alone(12), dweight_alone(4);
  RmsNorm(x.data(), weight.data(), 1e-5, 3, 4, y.data(), rstd.data());
  RmsNormGrad(dy.data(), x.data(), weight.data(), rstd.data(), 3, 4, dx.data(), dweight.data());
  RmsNormGrad<float, float>(dy.data(), x.data(), weight.data(), rstd.data(), 3, 4, dx_alone.data(),
                            nullptr);
  RmsNormGrad<float, float>(dy.data(), x.data(), weight.data(), rstd.data(), 3, 4, nullptr,
                            dweight_alone.data());
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
