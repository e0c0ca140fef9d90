// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/vocab_cross_entropy.h"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

// The numbers of VocabPieces.
template <typename C>
struct Pieces {
  explicit Pieces(size_t rows) : max(rows), sum(rows), target(rows), total(rows) {}
  operator VocabPieces<C>() { return {max.data(), sum.data(), target.data(), total.data()}; }
  std::vector<C> max, sum, target, total;
};

constexpr int64_t kIgnored = -100;

// Targets that touch the first and the last class, every fifth to be ignored.
template <typename I>
std::vector<I> Targets(size_t rows, size_t classes) {
  std::vector<I> targets(rows);
  for (size_t row = 0; row < rows; ++row) {
    targets[row] = static_cast<I>(row % 5 == 3 ? kIgnored : (row * 7 + classes - 1) % classes);
  }
  return targets;
}

// The formulas of the header, one after the other, in double.
template <typename T, typename I = int64_t>
struct Case {
  using C = typename Compute<T>::Type;

  Case(Size of, double smoothing)
      : size{of.rows, of.columns},
        rule{0, static_cast<int64_t>(of.columns), kIgnored, smoothing},
        x(Random<T>(of.rows * of.columns, 1)),
        dloss(Random<C>(of.rows, 2)),
        target(Targets<I>(of.rows, of.columns)),
        expected_loss(of.rows),
        expected_dx(x.size()) {
    const double level = smoothing / static_cast<double>(of.columns);
    for (size_t row = 0; row < of.rows; ++row) {
      const size_t at = row * of.columns;
      double max = -std::numeric_limits<double>::infinity(), sum = 0.0, total = 0.0;
      for (size_t j = 0; j < of.columns; ++j) max = std::max(max, Value(x[at + j]));
      for (size_t j = 0; j < of.columns; ++j) {
        sum += std::exp(Value(x[at + j]) - max);
        total += Value(x[at + j]);
      }
      if (target[row] == kIgnored) continue;
      const size_t hit = static_cast<size_t>(target[row]);
      expected_loss[row] =
          std::log(sum) + max - (1 - smoothing) * Value(x[at + hit]) - level * total;
      for (size_t j = 0; j < of.columns; ++j) {
        const double weight = std::exp(Value(x[at + j]) - max) / sum;
        expected_dx[at + j] =
            static_cast<double>(dloss[row]) * (weight - (j == hit ? 1 - smoothing : 0.0) - level);
      }
    }
  }

  void Run() {
    Pieces<C> pieces(size.rows);
    loss.assign(size.rows, C{});
    dx.assign(x.size(), T{});
    FindVocabPieces(x.data(), target.data(), 0, size, pieces);
    VocabLoss<C>(pieces, target.data(), rule, size.rows, loss.data());
    VocabGrad(dloss.data(), x.data(), target.data(), pieces.max.data(), pieces.sum.data(), rule,
              size, dx.data());
  }

  VocabSize size;
  VocabRule rule;
  std::vector<T> x;
  std::vector<C> dloss;
  std::vector<I> target;
  std::vector<double> expected_loss, expected_dx;
  std::vector<C> loss;
  std::vector<T> dx;
};

template <typename T>
class VocabCrossEntropyOf : public ::testing::Test {};

TYPED_TEST_SUITE(VocabCrossEntropyOf, FloatingTypes);

TYPED_TEST(VocabCrossEntropyOf, AgreesWithTheFormulasOnEverySize) {
  for (const Size size : kSizes) {
    if (size.columns == 0) continue;  // no classes, no loss
    for (const double smoothing : {0.0, 0.1}) {
      SCOPED_TRACE(std::to_string(size.rows) + " x " + std::to_string(size.columns));
      Case<TypeParam> c(size, smoothing);
      AtEveryLevel([&]() {
        c.Run();
        ExpectNear(c.loss, c.expected_loss, "loss", 1.0);
        ExpectNear(c.dx, c.expected_dx, "dx", 1.0);
      });
    }
  }
}

TYPED_TEST(VocabCrossEntropyOf, TakesTargetsOf32Bits) {
  Case<TypeParam, int32_t> c({9, 33}, 0.2);
  c.Run();
  ExpectNear(c.loss, c.expected_loss, "loss", 1.0);
  ExpectNear(c.dx, c.expected_dx, "dx", 1.0);
}

// Columns [first, last) of a row-major table.
std::vector<float> Columns(const std::vector<float>& x, VocabSize size, size_t first, size_t last) {
  std::vector<float> part;
  for (size_t row = 0; row < size.rows; ++row) {
    const auto begin = x.begin() + static_cast<std::ptrdiff_t>(row * size.columns);
    part.insert(part.end(), begin + static_cast<std::ptrdiff_t>(first),
                begin + static_cast<std::ptrdiff_t>(last));
  }
  return part;
}

// What the ranks of a vocabulary-parallel loss exchange.
Pieces<float> Combined(const Pieces<float>& a, const Pieces<float>& b) {
  Pieces<float> all(a.max.size());
  for (size_t row = 0; row < a.max.size(); ++row) {
    all.max[row] = std::max(a.max[row], b.max[row]);
    all.sum[row] = a.sum[row] * std::exp(a.max[row] - all.max[row]) +
                   b.sum[row] * std::exp(b.max[row] - all.max[row]);
    all.target[row] = a.target[row] + b.target[row];
    all.total[row] = a.total[row] + b.total[row];
  }
  return all;
}

TEST(VocabCrossEntropy, IsTheSameWhereTheVocabularyIsInTwoPieces) {
  Case<float> c({40, 301}, 0.1);
  const size_t cut = 130, rows = c.size.rows;
  const VocabSize sizes[2] = {{rows, cut}, {rows, c.size.columns - cut}};
  const std::vector<float> parts[2] = {Columns(c.x, c.size, 0, cut),
                                       Columns(c.x, c.size, cut, c.size.columns)};
  const std::vector<float> wide(c.expected_dx.begin(), c.expected_dx.end());
  const std::vector<float> expected[2] = {Columns(wide, c.size, 0, cut),
                                          Columns(wide, c.size, cut, c.size.columns)};
  AtEveryLevel([&]() {
    Pieces<float> low(rows), high(rows);
    FindVocabPieces(parts[0].data(), c.target.data(), 0, sizes[0], low);
    FindVocabPieces(parts[1].data(), c.target.data(), static_cast<int64_t>(cut), sizes[1], high);
    Pieces<float> all = Combined(low, high);
    std::vector<float> loss(rows);
    VocabLoss<float>(all, c.target.data(), c.rule, rows, loss.data());
    ExpectNear(loss, c.expected_loss, "loss", 1.0);
    for (size_t i = 0; i < 2; ++i) {
      VocabRule rule = c.rule;
      rule.first = static_cast<int64_t>(i * cut);
      std::vector<float> dx(parts[i].size());
      VocabGrad(c.dloss.data(), parts[i].data(), c.target.data(), all.max.data(), all.sum.data(),
                rule, sizes[i], dx.data());
      ExpectNear(dx, std::vector<double>(expected[i].begin(), expected[i].end()), "dx", 1.0);
    }
  });
}

TEST(VocabCrossEntropy, IsNotDrownedByLargeLogits) {
  const std::vector<float> x = {1e4f, 1e4f - 1.0f, -1e4f, -3e38f};
  const std::vector<int64_t> target = {1};
  const double expected = std::log(1.0 + std::exp(-1.0)) + 1.0;
  AtEveryLevel([&]() {
    Pieces<float> pieces(1);
    std::vector<float> loss(1);
    FindVocabPieces(x.data(), target.data(), 0, {1, 4}, pieces);
    VocabLoss<float>(pieces, target.data(), {0, 4, kIgnored, 0.0}, 1, loss.data());
    EXPECT_NEAR(loss[0], expected, 1e-6);
  });
}

TEST(VocabCrossEntropy, TakesMaskedClassesAndTellsOfWhatHasNoValue) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {-infinity, 0,         0,          // a class that is masked out
                                -infinity, -infinity, -infinity,  // all of them
                                infinity,  0,         0,          //
                                nan,       0,         0};
  const std::vector<int64_t> target = {1, 1, 1, 1};
  const std::vector<float> dloss(4, 1.0f);
  const VocabRule rule{0, 3, kIgnored, 0.0};
  AtEveryLevel([&]() {
    Pieces<float> pieces(4);
    std::vector<float> loss(4), dx(12);
    FindVocabPieces(x.data(), target.data(), 0, {4, 3}, pieces);
    VocabLoss<float>(pieces, target.data(), rule, 4, loss.data());
    VocabGrad(dloss.data(), x.data(), target.data(), pieces.max.data(), pieces.sum.data(), rule,
              {4, 3}, dx.data());
    EXPECT_NEAR(loss[0], std::log(2.0), 1e-6);
    EXPECT_EQ(dx[0], 0.0f);
    EXPECT_NEAR(dx[1], -0.5, 1e-6);
    for (size_t row : {1, 2, 3}) {
      EXPECT_TRUE(std::isnan(loss[row])) << row;
      EXPECT_TRUE(std::isnan(dx[3 * row + 2])) << row;
    }
  });
}

TEST(VocabCrossEntropy, RefusesATargetThatIsNoClass) {
  Pieces<float> pieces(1);
  for (const int64_t target : {-1, 3}) {
    float loss = 0.0f;
    EXPECT_THROW(VocabLoss<float>(pieces, &target, {0, 3, kIgnored, 0.0}, 1, &loss),
                 std::out_of_range);
  }
}

TEST(VocabCrossEntropy, IsTheSameForAnyNumberOfThreads) {
  ExpectSameForAnyThreads([&]() {
    Case<float> c({300, 1030}, 0.1);
    c.Run();
    return Bits(c.loss) + Bits(c.dx);
  });
}

}  // namespace
}  // namespace mindforge::cpu
