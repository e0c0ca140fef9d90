// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/embedding.h"

#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

// About half of the numbers are row 1, where there is one.
template <typename I>
std::vector<I> Indices(size_t count, size_t rows) {
  std::mt19937 generator(5);
  std::vector<I> indices(count);
  for (I& index : indices) {
    index = static_cast<I>(generator() % 2 == 0 && rows > 1 ? 1 : generator() % rows);
  }
  return indices;
}

template <typename T, typename I>
struct Case {
  Case(EmbeddingSize size, std::optional<int64_t> padding_idx)
      : size(size),
        padding_idx(padding_idx),
        weight(Random<T>(size.rows * size.columns, 1)),
        dy(Random<T>(size.count * size.columns, 2)),
        indices(Indices<I>(size.count, size.rows)),
        expected_y(dy.size()),
        expected_dweight(weight.size()) {
    for (size_t i = 0; i < size.count; ++i) {
      for (size_t j = 0; j < size.columns; ++j) {
        const size_t at = static_cast<size_t>(indices[i]) * size.columns + j;
        expected_y[i * size.columns + j] = Value(weight[at]);
        if (padding_idx != indices[i]) expected_dweight[at] += Value(dy[i * size.columns + j]);
      }
    }
  }

  void Run() {
    y.assign(dy.size(), T{});
    dweight.assign(weight.size(), Compute<T>::Store(7));
    Embedding(weight.data(), indices.data(), size, sizeof(T), y.data());
    EmbeddingGrad(dy.data(), indices.data(), padding_idx, size, dweight.data());
  }

  EmbeddingSize size;
  std::optional<int64_t> padding_idx;
  std::vector<T> weight, dy;
  std::vector<I> indices;
  std::vector<double> expected_y, expected_dweight;
  std::vector<T> y, dweight;
};

template <typename T>
class EmbeddingOf : public ::testing::Test {};

TYPED_TEST_SUITE(EmbeddingOf, FloatingTypes);

TYPED_TEST(EmbeddingOf, LooksUpAndAddsUpOnEverySize) {
  for (const Size size : kSizes) {
    for (const size_t rows : {1, 7, 40}) {
      SCOPED_TRACE(std::to_string(size.rows) + " of " + std::to_string(rows) + " x " +
                   std::to_string(size.columns));
      Case<TypeParam, int64_t> c({size.rows, rows, size.columns},
                                 rows == 7 ? std::optional<int64_t>(1) : std::nullopt);
      AtEveryLevel([&]() {
        c.Run();
        for (size_t i = 0; i < c.y.size(); ++i) ASSERT_EQ(Value(c.y[i]), c.expected_y[i]);
        ExpectNear(c.dweight, c.expected_dweight, "dweight");
      });
    }
  }
}

TYPED_TEST(EmbeddingOf, TakesNumbersOf32Bits) {
  Case<TypeParam, int32_t> c({50, 9, 33}, 1);
  c.Run();
  ExpectNear(c.y, c.expected_y, "y");
  ExpectNear(c.dweight, c.expected_dweight, "dweight");
}

TEST(Embedding, RefusesANumberThatIsOfNoRow) {
  std::vector<float> weight(6), y(2);
  for (const int64_t index : {-1, 3}) {
    EXPECT_THROW(Embedding(weight.data(), &index, {1, 3, 2}, sizeof(float), y.data()),
                 std::out_of_range);
    EXPECT_THROW(EmbeddingGrad(y.data(), &index, std::nullopt, {1, 3, 2}, weight.data()),
                 std::out_of_range);
  }
}

TEST(Embedding, IsTheSameForAnyNumberOfThreadsAndAtEveryLevel) {
  Case<float, int64_t> c({5000, 700, 1100}, 3);
  SetThreadCount(1);
  c.Run();
  const std::string expected = Bits(c.y) + Bits(c.dweight);
  ExpectSameForAnyThreads([&]() {
    c.Run();
    const std::string bits = Bits(c.y) + Bits(c.dweight);
    EXPECT_TRUE(bits == expected);
    return bits;
  });
}

}  // namespace
}  // namespace mindforge::cpu
