// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/moe_permute.h"

#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

struct Route {
  size_t tokens, top_k, columns;
  MoeLayout layout;
};

// experts, capacity, dropped by probability
const std::vector<Route> kRoutes = {
    {0, 2, 5, {3, 0, false}},  {1, 1, 1, {1, 0, false}},     {5, 2, 0, {3, 0, false}},
    {7, 3, 17, {5, 0, false}}, {9, 2, 33, {4, 3, false}},    {9, 2, 33, {4, 3, true}},
    {4, 2, 8, {6, 10, false}}, {900, 4, 70, {16, 0, false}}, {900, 4, 70, {16, 50, true}}};

// Every step of the way to the experts and back, in double and in the order of the definition.
template <typename T>
struct Case {
  using C = typename Compute<T>::Type;

  explicit Case(const Route& route) : route(route) {
    size = {route.tokens, route.top_k, route.columns, 0};
    size.rows = route.layout.capacity == 0
                    ? size.entries()
                    : static_cast<size_t>(route.layout.experts * route.layout.capacity);
    tokens = Random<T>(size.tokens * size.columns, 1);
    probs = Random<C>(size.entries(), 2);
    permuted = Random<T>(size.rows * size.columns, 3);
    dout = Random<T>(size.tokens * size.columns, 4);
    std::mt19937 generator(5);
    for (size_t e = 0; e < size.entries(); ++e) {
      // A few entries go nowhere.
      indices.push_back(static_cast<int64_t>(generator() % (route.layout.experts + 1)) - 1);
    }
    positions.resize(size.entries());
    counts.resize(static_cast<size_t>(route.layout.experts));
    MoePositions(route.layout, size, indices.data(), probs.data(), positions.data(), counts.data());
  }

  // Whether an entry has a row: fewer than the capacity go before it.
  bool IsKept(size_t e) const {
    int64_t before = 0;
    for (size_t other = 0; other < size.entries(); ++other) {
      const bool first =
          route.layout.by_probs && probs[other] != probs[e] ? probs[other] > probs[e] : other < e;
      before += indices[other] == indices[e] && other != e && first;
    }
    return indices[e] != -1 && (route.layout.capacity == 0 || before < route.layout.capacity);
  }

  std::vector<int32_t> ExpectedPositions() const {
    std::vector<int32_t> expected(size.entries(), -1);
    int32_t row = 0;
    for (int64_t expert = 0; expert < route.layout.experts; ++expert) {
      if (route.layout.capacity != 0) row = static_cast<int32_t>(expert * route.layout.capacity);
      for (size_t e = 0; e < size.entries(); ++e) {
        if (indices[e] == expert && IsKept(e)) expected[e] = row++;
      }
    }
    return expected;
  }

  Route route;
  MoeSize size;
  std::vector<T> tokens, permuted, dout;
  std::vector<C> probs;
  std::vector<int64_t> indices, counts;
  std::vector<int32_t> positions;
};

template <typename T>
class MoePermuteOf : public ::testing::Test {};

TYPED_TEST_SUITE(MoePermuteOf, FloatingTypes);

TYPED_TEST(MoePermuteOf, LaysEntriesOutByExpert) {
  for (const Route& route : kRoutes) {
    const Case<TypeParam> c(route);
    EXPECT_EQ(c.positions, c.ExpectedPositions());
    std::vector<int64_t> counts(c.counts.size());
    for (size_t e = 0; e < c.size.entries(); ++e) {
      if (c.positions[e] >= 0) ++counts[static_cast<size_t>(c.indices[e])];
    }
    EXPECT_EQ(c.counts, counts);
  }
}

TYPED_TEST(MoePermuteOf, MovesTokensAndProbabilitiesToTheirRowsAndFillsTheOthersWithZeros) {
  for (const Route& route : kRoutes) {
    const Case<TypeParam> c(route);
    const size_t columns = c.size.columns;
    std::vector<double> expected(c.size.rows * columns), expected_probs(c.size.rows);
    std::vector<double> expected_back(c.size.entries());
    for (size_t e = 0; e < c.size.entries(); ++e) {
      if (c.positions[e] < 0) continue;
      const size_t row = static_cast<size_t>(c.positions[e]);
      expected_back[e] = expected_probs[row] = Value(c.probs[e]);
      for (size_t j = 0; j < columns; ++j) {
        expected[row * columns + j] = Value(c.tokens[e / c.size.top_k * columns + j]);
      }
    }
    std::vector<TypeParam> permuted(c.permuted);
    std::vector<typename Case<TypeParam>::C> probs(c.size.rows), back(c.size.entries());
    const std::vector<int32_t> entries = MoeEntries(c.size, c.positions.data());
    MoePermute(c.size, c.tokens.data(), entries, permuted.data());
    MoePermuteProbs(c.probs.data(), entries, probs.data());
    MoeUnpermuteProbs(c.size, probs.data(), c.positions.data(), back.data());
    ExpectNear(permuted, expected, "permuted");
    ExpectNear(probs, expected_probs, "probs");
    ExpectNear(back, expected_back, "probs and back");
  }
}

TYPED_TEST(MoePermuteOf, SumsTheRowsOfATokenAndGivesEachItsGradient) {
  using C = typename Case<TypeParam>::C;
  for (const Route& route : kRoutes) {
    for (const bool with_probs : {false, true}) {
      const Case<TypeParam> c(route);
      const size_t columns = c.size.columns;
      std::vector<double> out(c.tokens.size()), dpermuted(c.permuted.size()),
          dprobs(c.size.entries());
      for (size_t e = 0; e < c.size.entries(); ++e) {
        for (size_t j = 0; c.positions[e] >= 0 && j < columns; ++j) {
          const size_t from = static_cast<size_t>(c.positions[e]) * columns + j;
          const size_t to = e / c.size.top_k * columns + j;
          const double prob = with_probs ? Value(c.probs[e]) : 1.0;
          out[to] += prob * Value(c.permuted[from]);
          dpermuted[from] += prob * Value(c.dout[to]);
          dprobs[e] += Value(c.permuted[from]) * Value(c.dout[to]);
        }
      }
      AtEveryLevel([&]() {
        std::vector<TypeParam> actual(out.size()), gradient(dpermuted.size());
        std::vector<C> probs_gradient(dprobs.size());
        const C* probs = with_probs ? c.probs.data() : nullptr;
        MoeUnpermute(c.size, c.permuted.data(), c.positions.data(), probs, actual.data());
        MoeUnpermuteGrad(c.size, c.dout.data(), c.permuted.data(), c.positions.data(), probs,
                         gradient.data(), with_probs ? probs_gradient.data() : nullptr);
        ExpectNear(actual, out, "out", 1.0);
        ExpectNear(gradient, dpermuted, "dpermuted", 1.0);
        if (with_probs) ExpectNear(probs_gradient, dprobs, "dprobs", 1.0);
      });
    }
  }
}

TEST(MoePermute, IsTheSameForAnyNumberOfThreads) {
  const Case<float> c(kRoutes.back());
  ExpectSameForAnyThreads([&]() {
    std::vector<float> permuted(c.permuted), out(c.tokens), dpermuted(c.permuted);
    std::vector<float> dprobs(c.probs);
    MoePermute(c.size, c.tokens.data(), MoeEntries(c.size, c.positions.data()), permuted.data());
    MoeUnpermute(c.size, c.permuted.data(), c.positions.data(), c.probs.data(), out.data());
    MoeUnpermuteGrad(c.size, c.dout.data(), c.permuted.data(), c.positions.data(), c.probs.data(),
                     dpermuted.data(), dprobs.data());
    return Bits(permuted) + Bits(out) + Bits(dpermuted) + Bits(dprobs);
  });
}

TEST(MoePermute, RefusesIndicesOfNoExpertAndPositionsThatRepeat) {
  const MoeSize size{2, 2, 1, 4};
  std::vector<int32_t> positions(4);
  std::vector<int64_t> counts(3);
  for (const int32_t wrong : {3, -2}) {
    const std::vector<int32_t> indices = {0, 1, wrong, 2};
    EXPECT_THROW((MoePositions<int32_t, float>({3, 0, false}, size, indices.data(), nullptr,
                                               positions.data(), counts.data())),
                 std::out_of_range);
  }
  positions = {3, 0, 1, 3};
  EXPECT_THROW(MoeEntries(size, positions.data()), std::invalid_argument);
  positions = {3, 4, -1, 4};  // dropped
  EXPECT_EQ(MoeEntries(size, positions.data()), (std::vector<int32_t>{-1, -1, -1, 0}));
}

}  // namespace
}  // namespace mindforge::cpu
