// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/gemm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

// Empty, single, odd, around a vector, around a block of conversion, and of several tiles.
const std::vector<GemmSize> kProducts = {{0, 3, 2}, {3, 0, 2},    {2, 3, 0},      {1, 1, 1},
                                         {1, 7, 5}, {17, 1, 9},   {16, 16, 16},   {33, 31, 65},
                                         {5, 3, 9}, {7, 515, 40}, {130, 12, 515}, {300, 270, 20}};

struct Form {
  bool transpose_a, transpose_b;
  float alpha, beta;
};

const std::vector<Form> kForms = {{false, false, 1.0f, 0.0f},
                                  {false, true, 0.5f, 0.0f},
                                  {true, false, 1.0f, 1.0f},
                                  {true, true, -2.0f, 0.25f}};

// The product in double, of matrices with gaps between their rows.
template <typename T, typename Out>
struct Case {
  Case(const GemmSize& size, const Form& form) : size(size), form(form) {
    a_stride = (form.transpose_a ? size.m : size.k) + 3;
    b_stride = (form.transpose_b ? size.k : size.n) + 1;
    c_stride = size.n + 2;
    a = Random<T>((form.transpose_a ? size.k : size.m) * a_stride, 1);
    b = Random<T>((form.transpose_b ? size.n : size.k) * b_stride, 2);
    before = Random<Out>(size.m * c_stride, 3);
    for (const Out value : before) expected.push_back(Value(value));
    for (size_t i = 0; i < size.m; ++i) {
      for (size_t j = 0; j < size.n; ++j) {
        double sum = 0.0, terms = 0.0;
        for (size_t k = 0; k < size.k; ++k) {
          const double term = Value(a[form.transpose_a ? k * a_stride + i : i * a_stride + k]) *
                              Value(b[form.transpose_b ? j * b_stride + k : k * b_stride + j]);
          sum += term;
          terms += std::abs(term);
        }
        largest = std::max(largest, terms);
        double& element = expected[i * c_stride + j];
        element = form.alpha * sum + form.beta * element;
      }
    }
  }

  std::vector<Out> Run(bool parallel) const {
    std::vector<Out> c = before;
    const Factor<T> left{a.data(), a_stride, form.transpose_a};
    const Factor<T> right{b.data(), b_stride, form.transpose_b};
    (parallel ? ParallelGemm<T, Out> : Gemm<T, Out>)(size, form.alpha, left, right, form.beta,
                                                     c.data(), c_stride);
    return c;
  }

  // A sum in float is as exact as its terms are large, what is rounded to fewer bits as it is
  // itself.
  void Check(bool parallel) const {
    const double scale = std::is_same_v<Out, float> ? largest : 0.0;
    ExpectNear(Run(parallel), expected, parallel ? "on the pool" : "on one thread", scale);
  }

  GemmSize size;
  Form form;
  size_t a_stride, b_stride, c_stride;
  std::vector<T> a, b;
  std::vector<Out> before;
  std::vector<double> expected;
  double largest = 0.0;
};

template <typename Stored>
class GemmOf : public ::testing::Test {};

using GemmTypes =
    ::testing::Types<Types<float, float>, Types<Float16, float>, Types<Float16, Float16>,
                     Types<BFloat16, float>, Types<BFloat16, BFloat16>>;
TYPED_TEST_SUITE(GemmOf, GemmTypes);

TYPED_TEST(GemmOf, AgreesWithTheSumOfProductsAndLeavesGapsAlone) {
  for (const GemmSize& size : kProducts) {
    for (const Form& form : kForms) {
      SCOPED_TRACE(std::to_string(size.m) + " x " + std::to_string(size.n) + " x " +
                   std::to_string(size.k) + (form.transpose_a ? " A'" : "") +
                   (form.transpose_b ? " B'" : ""));
      const Case<typename TypeParam::T, typename TypeParam::W> c(size, form);
      AtEveryLevel([&]() {
        c.Check(false);
        c.Check(true);
      });
    }
  }
}

TYPED_TEST(GemmOf, DoesNotReadWhatItReplaces) {
  using Out = typename TypeParam::W;
  for (const size_t depth : {0, 4}) {
    Case<typename TypeParam::T, Out> c({3, 5, depth}, {false, false, 1.0f, 0.0f});
    const Out nan = Compute<Out>::Store(std::numeric_limits<float>::quiet_NaN());
    for (size_t i = 0; i < c.size.m; ++i) {
      for (size_t j = 0; j < c.size.n; ++j) c.before[i * c.c_stride + j] = nan;
    }
    AtEveryLevel([&]() { c.Check(false); });
  }
}

TYPED_TEST(GemmOf, IsTheSameForAnyNumberOfThreads) {
  const Case<typename TypeParam::T, typename TypeParam::W> c({700, 530, 90},
                                                             {false, true, 1.0f, 0.5f});
  ExpectSameForAnyThreads([&]() { return Bits(c.Run(true)); });
}

TYPED_TEST(GemmOf, RunsInsideTasksOfThePool) {
  const Case<typename TypeParam::T, typename TypeParam::W> c({40, 30, 70},
                                                             {false, false, 1.0f, 0.0f});
  const std::string expected = Bits(c.Run(false));
  SetThreadCount(4);
  std::vector<std::string> results(16);
  ParallelFor(results.size(), [&](size_t i) { results[i] = Bits(c.Run(i % 2 == 0)); });
  for (const std::string& result : results) EXPECT_TRUE(result == expected);
}

}  // namespace
}  // namespace mindforge::cpu
