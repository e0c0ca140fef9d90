// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/swiglu.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

// The formulas of the header, one after the other, in double.
template <typename T>
struct Case {
  using C = typename Compute<T>::Type;

  Case(Size size, bool with_bias, bool with_scale)
      : size(size),
        x(Random<T>(size.rows * 2 * size.columns, 1)),
        dy(Random<T>(size.rows * size.columns, 2)),
        bias(Random<T>(with_bias ? 2 * size.columns : 0, 3)),
        scale(Random<C>(with_scale ? size.rows : 0, 4)),
        expected_y(dy.size()),
        expected_dx(x.size()),
        expected_dbias(2 * size.columns),
        expected_dscale(size.rows) {
    for (size_t row = 0; row < size.rows; ++row) {
      const double factor = with_scale ? static_cast<double>(scale[row]) : 1.0;
      for (size_t j = 0; j < size.columns; ++j) {
        const size_t ia = row * 2 * size.columns + j, ib = ia + size.columns;
        const double a = Value(x[ia]) + (with_bias ? Value(bias[j]) : 0.0);
        const double b = Value(x[ib]) + (with_bias ? Value(bias[size.columns + j]) : 0.0);
        const double s = 1 / (1 + std::exp(-a)), gradient = Value(dy[row * size.columns + j]);
        expected_y[row * size.columns + j] = a * s * b * factor;
        expected_dx[ia] = gradient * factor * b * s * (1 + a * (1 - s));
        expected_dx[ib] = gradient * factor * a * s;
        expected_dbias[j] += expected_dx[ia];
        expected_dbias[size.columns + j] += expected_dx[ib];
        expected_dscale[row] += gradient * a * s * b;
      }
    }
  }

  void Run() {
    y.assign(dy.size(), T{});
    dx.assign(x.size(), T{});
    dbias.assign(2 * size.columns, T{});
    dscale.assign(size.rows, C{});
    const T* b = bias.empty() ? nullptr : bias.data();
    const C* s = scale.empty() ? nullptr : scale.data();
    Swiglu(x.data(), b, s, size.rows, size.columns, y.data());
    SwigluGrad(dy.data(), x.data(), b, s, size.rows, size.columns, dx.data(), dbias.data(),
               dscale.data());
  }

  void Check() const {
    ExpectNear(y, expected_y, "y");
    ExpectNear(dx, expected_dx, "dx");
    ExpectNear(dbias, expected_dbias, "dbias", 1.0);
    ExpectNear(dscale, expected_dscale, "dscale", 1.0);
  }

  Size size;
  std::vector<T> x, dy, bias;
  std::vector<C> scale;
  std::vector<double> expected_y, expected_dx, expected_dbias, expected_dscale;
  std::vector<T> y, dx, dbias;
  std::vector<C> dscale;
};

template <typename T>
class SwigluOf : public ::testing::Test {};

TYPED_TEST_SUITE(SwigluOf, FloatingTypes);

TYPED_TEST(SwigluOf, AgreesWithTheFormulasOnEverySize) {
  for (const Size size : kSizes) {
    for (const bool with_bias : {false, true}) {
      for (const bool with_scale : {false, true}) {
        SCOPED_TRACE(std::to_string(size.rows) + " x " + std::to_string(size.columns));
        Case<TypeParam> c(size, with_bias, with_scale);
        AtEveryLevel([&]() {
          c.Run();
          c.Check();
        });
      }
    }
  }
}

TEST(Swiglu, HoldsWhereExpDoesNot) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {-1e4f, 1e4f, -200.0f, 200.0f, infinity, 1, 1, 1, 1, 1};
  AtEveryLevel([&]() {
    std::vector<float> y(5), dx(10);
    const std::vector<float> dy(5, 1.0f);
    Swiglu<float>(x.data(), nullptr, nullptr, 1, 5, y.data());
    EXPECT_NEAR(y[0], 0.0f, 1e-30f);
    EXPECT_EQ(y[1], 1e4f);
    EXPECT_NEAR(y[2], 0.0f, 1e-30f);
    EXPECT_EQ(y[3], 200.0f);
    EXPECT_EQ(y[4], infinity);
    SwigluGrad<float>(dy.data(), x.data(), nullptr, nullptr, 1, 4, dx.data(), nullptr, nullptr);
    EXPECT_EQ(dx[1], 1.0f);
  });
}

TEST(Swiglu, KeepsANan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {nan, 1, 2, nan};
  AtEveryLevel([&]() {
    std::vector<float> y(2);
    Swiglu<float>(x.data(), nullptr, nullptr, 1, 2, y.data());
    EXPECT_TRUE(std::isnan(y[0]));
    EXPECT_TRUE(std::isnan(y[1]));
  });
}

TEST(Swiglu, IsTheSameForAnyNumberOfThreads) {
  ExpectSameForAnyThreads([&]() {
    Case<float> c({700, 130}, true, true);
    c.Run();
    return Bits(c.y) + Bits(c.dx) + Bits(c.dbias) + Bits(c.dscale);
  });
}

}  // namespace
}  // namespace mindforge::cpu
