// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/rotary.h"

#include <string>
#include <utility>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

constexpr RotaryLayout kLayouts[] = {RotaryLayout::kHalf, RotaryLayout::kInterleaved,
                                     RotaryLayout::kInterleavedHalf};

// Columns of the numbers of pair j.
std::pair<size_t, size_t> PairAt(bool side_by_side, size_t half, size_t j) {
  return side_by_side ? std::pair(2 * j, 2 * j + 1) : std::pair(j, half + j);
}

// An array of (outer, inner) rows; the tables have a row for each `outer` and are shared along
// `inner`. Rows of x have `gap` columns between them that are not theirs.
struct Form {
  size_t outer, inner, columns, start, size, gap;
};

const std::vector<Form> kForms = {
    {0, 3, 4, 0, 4, 0},     {3, 0, 4, 0, 4, 0},      {2, 2, 3, 1, 0, 1},    {1, 1, 2, 0, 2, 0},
    {3, 2, 8, 0, 8, 0},     {2, 3, 21, 3, 14, 5},    {5, 2, 34, 0, 34, 30}, {4, 3, 192, 128, 64, 0},
    {2, 2, 66, 0, 62, 190}, {150, 3, 100, 20, 64, 4}};

// The formulas of the header, one after the other, in double.
template <typename T, typename W>
struct Case {
  Case(const Form& form, RotaryLayout layout)
      : form(form),
        rows{{form.outer, form.inner},
             {form.inner * (form.columns + form.gap), form.columns + form.gap},
             {form.size, 0},
             form.columns,
             form.start,
             form.size,
             layout},
        x(Random<T>(form.outer * form.inner * (form.columns + form.gap), 1)),
        dy(Random<T>(form.outer * form.inner * form.columns, 2)),
        cos(Random<W>(form.outer * form.size, 3)),
        sin(Random<W>(form.outer * form.size, 4)),
        expected_y(dy.size()),
        expected_dx(dy.size()),
        expected_dcos(cos.size()),
        expected_dsin(sin.size()) {
    const bool from_pairs = layout != RotaryLayout::kHalf;
    const bool to_pairs = layout == RotaryLayout::kInterleaved;
    const size_t half = form.size / 2;
    for (size_t row = 0; row < form.outer * form.inner; ++row) {
      const size_t at_x = row * (form.columns + form.gap), at_y = row * form.columns;
      for (size_t j = 0; j < form.columns; ++j) {
        expected_y[at_y + j] = Value(x[at_x + j]);
        expected_dx[at_y + j] = Value(dy[at_y + j]);
      }
      for (size_t j = 0; j < half; ++j) {
        const auto [xa, xb] = PairAt(from_pairs, half, j);
        const auto [ya, yb] = PairAt(to_pairs, half, j);
        const size_t ta = row / form.inner * form.size + ya, tb = ta - ya + yb;
        const double ca = Value(cos[ta]), cb = Value(cos[tb]);
        const double sa = Value(sin[ta]), sb = Value(sin[tb]);
        const double a = Value(x[at_x + form.start + xa]), b = Value(x[at_x + form.start + xb]);
        const size_t ia = at_y + form.start + ya, ib = at_y + form.start + yb;
        const double da = Value(dy[ia]), db = Value(dy[ib]);
        expected_y[ia] = a * ca - b * sa;
        expected_y[ib] = b * cb + a * sb;
        expected_dcos[ta] += da * a;
        expected_dcos[tb] += db * b;
        expected_dsin[ta] -= da * b;
        expected_dsin[tb] += db * a;
        expected_dx[at_y + form.start + xa] = da * ca + db * sb;
        expected_dx[at_y + form.start + xb] = db * cb - da * sa;
      }
    }
  }

  void Run() {
    y.assign(dy.size(), T{});
    dx.assign(dy.size(), T{});
    dcos.assign(cos.size(), W{});
    dsin.assign(sin.size(), W{});
    Rotary(x.data(), cos.data(), sin.data(), rows, y.data());
    RotaryTableGrad(dy.data(), x.data(), rows, dcos.data(), dsin.data());
    RotaryRows dense = rows;
    dense.x_strides = {form.inner * form.columns, form.columns};
    RotaryGrad(dy.data(), cos.data(), sin.data(), dense, dx.data());
  }

  void Check() const {
    ExpectNear(y, expected_y, "y");
    ExpectNear(dx, expected_dx, "dx");
    ExpectNear(dcos, expected_dcos, "dcos", 1.0);
    ExpectNear(dsin, expected_dsin, "dsin", 1.0);
  }

  Form form;
  RotaryRows rows;
  std::vector<T> x, dy;
  std::vector<W> cos, sin;
  std::vector<double> expected_y, expected_dx, expected_dcos, expected_dsin;
  std::vector<T> y, dx;
  std::vector<W> dcos, dsin;
};

template <typename Types>
class RotaryOf : public ::testing::Test {};

TYPED_TEST_SUITE(RotaryOf, WeightedTypes);

TYPED_TEST(RotaryOf, AgreesWithTheFormulasInEveryForm) {
  for (const Form& form : kForms) {
    for (const RotaryLayout layout : kLayouts) {
      SCOPED_TRACE(std::to_string(form.outer) + " x " + std::to_string(form.inner) + " x " +
                   std::to_string(form.columns) + ", layout " +
                   std::to_string(static_cast<int>(layout)));
      Case<typename TypeParam::T, typename TypeParam::W> c(form, layout);
      AtEveryLevel([&]() {
        c.Run();
        c.Check();
      });
    }
  }
}

TEST(Rotary, TurnsByARightAngle) {
  const std::vector<float> x = {1, 2, 3, 4}, zeros(4), ones(4, 1.0f);
  const RotaryRows rows{{2}, {2}, {2}, 2, 0, 2, RotaryLayout::kHalf};
  AtEveryLevel([&]() {
    std::vector<float> y(4);
    Rotary(x.data(), zeros.data(), ones.data(), rows, y.data());
    EXPECT_EQ(y, (std::vector<float>{-2, 1, -4, 3}));
  });
}

TEST(Rotary, IsTheSameForAnyNumberOfThreads) {
  for (const RotaryLayout layout : kLayouts) {
    ExpectSameForAnyThreads([&]() {
      Case<float, float> c({300, 40, 40, 8, 30, 2}, layout);
      c.Run();
      return Bits(c.y) + Bits(c.dx) + Bits(c.dcos) + Bits(c.dsin);
    });
  }
}

}  // namespace
}  // namespace mindforge::cpu
