// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/gelu.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

// The formulas of the header, one after the other, in double.

double Share(double z, bool tanh) {
  const double u = std::sqrt(2 / M_PI) * (z + 0.044715 * z * z * z);
  return tanh ? 0.5 * (1 + std::tanh(u)) : 0.5 * std::erfc(-z / std::sqrt(2.0));
}

double Slope(double z, bool tanh) {
  const double s = Share(z, tanh);
  if (tanh) {
    return s + 2 * z * s * (1 - s) * std::sqrt(2 / M_PI) * (1 + 3 * 0.044715 * z * z);
  }
  return s + z * std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
}

template <typename T>
struct Case {
  Case(Size size, bool with_bias, bool tanh)
      : size(size),
        tanh(tanh),
        x(Random<T>(size.rows * size.columns, 1)),
        dy(Random<T>(x.size(), 2)),
        bias(Random<T>(with_bias ? size.columns : 0, 3)),
        expected_y(x.size()),
        expected_dx(x.size()),
        expected_dbias(bias.size()) {
    for (size_t i = 0; i < x.size(); ++i) {
      const double z = Value(x[i]) + (with_bias ? Value(bias[i % size.columns]) : 0.0);
      expected_y[i] = z * Share(z, tanh);
      expected_dx[i] = Value(dy[i]) * Slope(z, tanh);
      if (with_bias) expected_dbias[i % size.columns] += expected_dx[i];
    }
  }

  void Run() {
    y.assign(x.size(), T{});
    dx.assign(x.size(), T{});
    dbias.assign(bias.size(), T{});
    const T* b = bias.empty() ? nullptr : bias.data();
    Gelu(x.data(), b, tanh, size.rows, size.columns, y.data());
    GeluGrad(dy.data(), x.data(), b, tanh, size.rows, size.columns, dx.data(), dbias.data());
  }

  Size size;
  bool tanh;
  std::vector<T> x, dy, bias;
  std::vector<double> expected_y, expected_dx, expected_dbias;
  std::vector<T> y, dx, dbias;
};

// What errors are relative to. The tanh form's exponential makes a relative error of the absolute
// one that its argument is rounded with, which is larger where that is.
double Scale(const std::vector<double>& expected, bool tanh) {
  double largest = 1.0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  return tanh ? 2 * largest : largest;
}

template <typename T>
class GeluOf : public ::testing::Test {};

TYPED_TEST_SUITE(GeluOf, FloatingTypes);

TYPED_TEST(GeluOf, AgreesWithTheFormulasOnEverySize) {
  for (const Size size : kSizes) {
    for (const bool with_bias : {false, true}) {
      for (const bool tanh : {false, true}) {
        SCOPED_TRACE(std::to_string(size.rows) + " x " + std::to_string(size.columns) +
                     (tanh ? " tanh" : " exact"));
        Case<TypeParam> c(size, with_bias, tanh);
        AtEveryLevel([&]() {
          c.Run();
          ExpectNear(c.y, c.expected_y, "y", Scale(c.expected_y, tanh));
          ExpectNear(c.dx, c.expected_dx, "dx", Scale(c.expected_dx, tanh));
          ExpectNear(c.dbias, c.expected_dbias, "dbias", Scale(c.expected_dbias, tanh));
        });
      }
    }
  }
}

TEST(Gelu, IsExactInItsTailsToo) {
  std::vector<float> x;
  for (float value = -9.0f; value < 9.0f; value += 0.001f) x.push_back(value);
  AtEveryLevel([&]() {
    std::vector<float> y(x.size());
    Gelu<float>(x.data(), nullptr, false, 1, x.size(), y.data());
    for (size_t i = 0; i < x.size(); ++i) {
      const double expected = x[i] * Share(x[i], false);
      ASSERT_NEAR(y[i], expected, 5e-6 * std::abs(expected)) << x[i];
    }
  });
}

TEST(Gelu, TellsOfWhatHasNoValue) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {infinity, -infinity, nan, -200.0f, 200.0f, 0.0f};
  for (const bool tanh : {false, true}) {
    AtEveryLevel([&]() {
      std::vector<float> y(x.size());
      Gelu<float>(x.data(), nullptr, tanh, 1, x.size(), y.data());
      EXPECT_EQ(y[0], infinity);
      EXPECT_TRUE(std::isnan(y[1]));  // minus infinity times 0, as in PyTorch
      EXPECT_TRUE(std::isnan(y[2]));
      EXPECT_NEAR(y[3], 0.0f, 1e-30f);
      EXPECT_EQ(y[4], 200.0f);
      EXPECT_EQ(y[5], 0.0f);
    });
  }
}

TEST(Gelu, IsTheSameForAnyNumberOfThreads) {
  for (const bool with_bias : {false, true}) {
    ExpectSameForAnyThreads([&]() {
      Case<float> c({700, 130}, with_bias, false);
      c.Run();
      return Bits(c.y) + Bits(c.dx) + Bits(c.dbias);
    });
  }
}

}  // namespace
}  // namespace mindforge::cpu
