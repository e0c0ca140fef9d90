// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/grouped_matmul.h"

#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

struct Groups {
  std::vector<size_t> rows;
  size_t k, n;
};

// No group, empty ones, all rows in one, odd sizes, and enough for several tiles.
const std::vector<Groups> kGroups = {{{}, 3, 2},           {{0, 0}, 3, 2},
                                     {{0, 1, 0}, 1, 1},    {{3, 0, 5, 1}, 7, 9},
                                     {{0, 0, 40}, 33, 17}, {{130, 2, 300}, 20, 520}};

// The sums of the header, one after the other, in double.
template <typename T>
struct Case {
  Case(const Groups& groups, bool transposed) : groups(groups), transposed(transposed) {
    const size_t k = groups.k, n = groups.n;
    const size_t rows = std::accumulate(groups.rows.begin(), groups.rows.end(), size_t{0});
    x = Random<T>(rows * k, 1);
    dy = Random<T>(rows * n, 2);
    weight = Random<T>(groups.rows.size() * k * n, 3);
    expected_y.resize(dy.size());
    expected_dx.resize(x.size());
    expected_dweight.resize(weight.size());
    size_t row = 0;
    for (size_t group = 0; group < groups.rows.size(); ++group) {
      for (const size_t end = row + groups.rows[group]; row < end; ++row) {
        for (size_t i = 0; i < k * n; ++i) {
          const size_t from = i / n, to = i % n;
          const size_t w = group * k * n + (transposed ? to * k + from : i);
          expected_y[row * n + to] += Value(x[row * k + from]) * Value(weight[w]);
          expected_dx[row * k + from] += Value(dy[row * n + to]) * Value(weight[w]);
          expected_dweight[w] += Value(x[row * k + from]) * Value(dy[row * n + to]);
        }
      }
    }
  }

  void Run() {
    y.assign(dy.size(), T{});
    dx.assign(x.size(), T{});
    dweight.assign(weight.size(), Compute<T>::Store(7.0f));
    const size_t k = groups.k, n = groups.n;
    GroupedMatmul(groups.rows, k, n, x.data(), weight.data(), transposed, y.data());
    GroupedMatmul(groups.rows, n, k, dy.data(), weight.data(), !transposed, dx.data());
    GroupedMatmulGradWeight(groups.rows, k, n, x.data(), dy.data(), transposed, dweight.data());
  }

  void Check() const {
    const double terms = 100;  // the largest sum of magnitudes that these sizes reach
    const double scale = std::is_same_v<T, float> ? terms : 0.0;
    ExpectNear(y, expected_y, "y", scale);
    ExpectNear(dx, expected_dx, "dx", scale);
    ExpectNear(dweight, expected_dweight, "dweight", scale);
  }

  Groups groups;
  bool transposed;
  std::vector<T> x, dy, weight;
  std::vector<double> expected_y, expected_dx, expected_dweight;
  std::vector<T> y, dx, dweight;
};

template <typename T>
class GroupedMatmulOf : public ::testing::Test {};

using MatrixTypes = ::testing::Types<float, Float16, BFloat16>;
TYPED_TEST_SUITE(GroupedMatmulOf, MatrixTypes);

TYPED_TEST(GroupedMatmulOf, AgreesWithTheSumsForEveryGrouping) {
  for (const Groups& groups : kGroups) {
    for (const bool transposed : {false, true}) {
      SCOPED_TRACE(std::to_string(groups.rows.size()) + " groups, " + std::to_string(groups.k) +
                   " to " + std::to_string(groups.n) + (transposed ? ", transposed" : ""));
      Case<TypeParam> c(groups, transposed);
      AtEveryLevel([&]() {
        c.Run();
        c.Check();
      });
    }
  }
}

TYPED_TEST(GroupedMatmulOf, IsTheSameForAnyNumberOfThreads) {
  Case<TypeParam> c({{200, 0, 3, 410}, 70, 600}, false);
  ExpectSameForAnyThreads([&]() {
    c.Run();
    return Bits(c.y) + Bits(c.dx) + Bits(c.dweight);
  });
}

template <typename I>
std::string Refusal(const std::vector<I>& counts, size_t rows) {
  try {
    GroupRows(counts.data(), counts.size(), rows);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST(GroupRows, TakesCountsThatCoverAllRows) {
  const std::vector<int32_t> counts = {2, 0, 3};
  EXPECT_EQ(GroupRows(counts.data(), 3, 5), (std::vector<size_t>{2, 0, 3}));
}

TEST(GroupRows, RefusesCountsThatDoNot) {
  EXPECT_EQ(Refusal<int64_t>({2, 1}, 5), "its entries sum to 3, and x has 5 rows");
  EXPECT_EQ(Refusal<int64_t>({2, -1, 4}, 5), "entry 1 is -1 where x has 3 of its 5 rows left");
  EXPECT_EQ(Refusal<int32_t>({2, 2147483647}, 5),
            "entry 1 is 2147483647 where x has 3 of its 5 rows left");
}

}  // namespace
}  // namespace mindforge::cpu
