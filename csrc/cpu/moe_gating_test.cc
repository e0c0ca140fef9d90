// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/moe_gating.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

// top_k, groups, top_groups, group_top_k, softmax, normalize, scale, eps
const std::vector<MoeGating> kGatings = {
    {1, 1, 1, 1, true, false, 1.0, 0.0},    {3, 1, 1, 1, true, true, 2.5, 1e-20},
    {3, 1, 1, 1, false, false, 1.0, 1e-20}, {4, 4, 2, 2, false, true, 2.5, 1e-20},
    {4, 4, 3, 1, true, false, 0.5, 1e-20},  {2, 2, 2, 3, false, true, 1.0, 1e-20}};

// The indices of the `count` largest values, the first of equal ones first.
std::vector<size_t> Order(const std::vector<double>& values, size_t count) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] > values[b]; });
  order.resize(count);
  return order;
}

// The formulas of the header, one after the other, in double. Gradients by central differences of
// the sum of probs * dprobs and sums * dsums, with the choice held.
template <typename T>
struct Case {
  using C = typename Compute<T>::Type;

  Case(const MoeGating& gating, size_t tokens, size_t experts, bool with_bias)
      : gating(gating),
        tokens(tokens),
        experts(experts),
        top_k(static_cast<size_t>(gating.top_k)),
        logits(Random<T>(tokens * experts, 1)),
        dprobs(Random<T>(tokens * top_k, 2)),
        bias(Random<C>(with_bias ? experts : 0, 3)),
        dsums(Random<C>(experts, 4)) {}

  std::vector<double> Scores(const std::vector<double>& token) const {
    std::vector<double> scores;
    const double largest = *std::max_element(token.begin(), token.end());
    double total = 0.0;
    for (const double logit : token) {
      scores.push_back(gating.softmax ? std::exp(logit - largest) : 1 / (1 + std::exp(-logit)));
      total += scores.back();
    }
    for (double& score : scores) score /= gating.softmax ? total : 1.0;
    return scores;
  }

  std::vector<double> Token(size_t t) const {
    std::vector<double> token;
    for (size_t j = 0; j < experts; ++j) token.push_back(Value(logits[t * experts + j]));
    return token;
  }

  std::vector<size_t> Chosen(const std::vector<double>& scores) const {
    std::vector<double> ranks = scores;
    for (size_t j = 0; !bias.empty() && j < experts; ++j) ranks[j] += Value(bias[j]);
    const size_t members = experts / gating.groups;
    std::vector<double> group_scores;
    for (size_t first = 0; first < experts; first += members) {
      const std::vector<double> group(&ranks[first], &ranks[first] + members);
      group_scores.push_back(0.0);
      for (const size_t j : Order(group, gating.group_top_k)) group_scores.back() += group[j];
    }
    const std::vector<size_t> best = Order(group_scores, gating.top_groups);
    for (size_t j = 0; j < experts; ++j) {
      if (std::find(best.begin(), best.end(), j / members) == best.end()) ranks[j] = -1e30;
    }
    return Order(ranks, top_k);
  }

  std::vector<double> Probs(const std::vector<double>& scores,
                            const std::vector<size_t>& chosen) const {
    double total = gating.eps;
    for (const size_t j : chosen) total += scores[j];
    std::vector<double> result;
    for (const size_t j : chosen) {
      result.push_back(scores[j] / (gating.normalize ? total : 1.0) * gating.scale);
    }
    return result;
  }

  std::vector<double> Shares(std::vector<double> scores) const {
    const double total = std::accumulate(scores.begin(), scores.end(), gating.eps);
    for (double& score : scores) score /= gating.softmax ? 1.0 : total;
    return scores;
  }

  double Loss(size_t t, const std::vector<double>& token, const std::vector<size_t>& chosen) const {
    const std::vector<double> scores = Scores(token), shares = Shares(scores);
    const std::vector<double> p = Probs(scores, chosen);
    double loss = 0.0;
    for (size_t i = 0; i < top_k; ++i) loss += p[i] * Value(dprobs[t * top_k + i]);
    for (size_t j = 0; j < experts; ++j) loss += shares[j] * Value(dsums[j]);
    return loss;
  }

  void Check() const {
    std::vector<T> probs(tokens * top_k), dlogits(tokens * experts);
    std::vector<int32_t> indices(tokens * top_k);
    std::vector<int64_t> counts(experts, -1), expected_counts(experts);
    std::vector<C> sums(experts);
    MoeGate(gating, logits.data(), bias.empty() ? nullptr : bias.data(), tokens, experts,
            probs.data(), indices.data(), counts.data(), sums.data());
    MoeGateGrad(gating, dprobs.data(), dsums.data(), logits.data(), indices.data(), tokens, experts,
                dlogits.data());
    std::vector<double> expected_probs, expected_sums(experts), expected_dlogits;
    std::vector<int32_t> expected_indices;
    for (size_t t = 0; t < tokens; ++t) {
      std::vector<double> token = Token(t);
      const std::vector<double> scores = Scores(token), shares = Shares(scores);
      const std::vector<size_t> chosen = Chosen(scores);
      for (const double p : Probs(scores, chosen)) expected_probs.push_back(p);
      for (const size_t j : chosen) {
        expected_indices.push_back(static_cast<int32_t>(j));
        ++expected_counts[j];
      }
      for (size_t j = 0; j < experts; ++j) {
        expected_sums[j] += shares[j];
        const double logit = token[j], step = 1e-5;
        token[j] = logit + step;
        const double above = Loss(t, token, chosen);
        token[j] = logit - step;
        expected_dlogits.push_back((above - Loss(t, token, chosen)) / (2 * step));
        token[j] = logit;
      }
    }
    EXPECT_EQ(indices, expected_indices);
    EXPECT_EQ(counts, expected_counts);
    ExpectNear(probs, expected_probs, "probs", 1.0);
    ExpectNear(sums, expected_sums, "sums", 1.0);
    const double differences = 1e-9 / Tolerance<T>();  // what they are exact to
    ExpectNear(dlogits, expected_dlogits, "dlogits", std::max(1.0, differences));
  }

  MoeGating gating;
  size_t tokens, experts, top_k;
  std::vector<T> logits, dprobs;
  std::vector<C> bias, dsums;
};

template <typename T>
class MoeGatingOf : public ::testing::Test {};

TYPED_TEST_SUITE(MoeGatingOf, FloatingTypes);

TYPED_TEST(MoeGatingOf, AgreesWithTheFormulas) {
  for (size_t g = 0; g < kGatings.size(); ++g) {
    for (const size_t experts : {12, 64, 180}) {
      for (const bool with_bias : {false, true}) {
        SCOPED_TRACE("gating " + std::to_string(g) + ", " + std::to_string(experts) + " experts");
        const Case<TypeParam> c(kGatings[g], 5, experts, with_bias);
        AtEveryLevel([&]() { c.Check(); });
      }
    }
  }
}

TYPED_TEST(MoeGatingOf, TakesNoTokensAndOneExpert) {
  AtEveryLevel([&]() {
    Case<TypeParam>({1, 1, 1, 1, true, true, 1.0, 0.0}, 0, 3, false).Check();
    Case<TypeParam>({1, 1, 1, 1, false, true, 1.0, 0.0}, 3, 1, true).Check();
  });
}

TEST(MoeGating, OfEqualScoresTakesTheFirstExperts) {
  const MoeGating gating{2, 2, 1, 2, false, true, 1.0, 1e-20};
  const std::vector<float> logits(6, 0.5f);
  AtEveryLevel([&]() {
    std::vector<float> probs(2), sums(6);
    std::vector<int32_t> indices(2);
    std::vector<int64_t> counts(6);
    MoeGate<float>(gating, logits.data(), nullptr, 1, 6, probs.data(), indices.data(),
                   counts.data(), sums.data());
    EXPECT_EQ(indices, (std::vector<int32_t>{0, 1}));
  });
}

TEST(MoeGating, LetsNanBeSeen) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> logits = {1, nan, 2, 3};
  for (const bool softmax : {false, true}) {
    const MoeGating gating{1, 1, 1, 1, softmax, false, 1.0, 1e-20};
    AtEveryLevel([&]() {
      std::vector<float> probs(1), sums(4);
      std::vector<int32_t> indices(1);
      std::vector<int64_t> counts(4);
      MoeGate<float>(gating, logits.data(), nullptr, 1, 4, probs.data(), indices.data(),
                     counts.data(), sums.data());
      EXPECT_TRUE(std::isnan(probs[0]));
    });
  }
}

TEST(MoeGating, IsTheSameForAnyNumberOfThreads) {
  const Case<float> c(kGatings[3], 1500, 64, true);
  ExpectSameForAnyThreads([&]() {
    std::vector<float> probs(c.dprobs.size()), sums(c.experts), dlogits(c.logits.size());
    std::vector<int32_t> indices(probs.size());
    std::vector<int64_t> counts(c.experts);
    MoeGate(c.gating, c.logits.data(), c.bias.data(), c.tokens, c.experts, probs.data(),
            indices.data(), counts.data(), sums.data());
    MoeGateGrad(c.gating, c.dprobs.data(), c.dsums.data(), c.logits.data(), indices.data(),
                c.tokens, c.experts, dlogits.data());
    return Bits(probs) + Bits(indices) + Bits(counts) + Bits(sums) + Bits(dlogits);
  });
}

}  // namespace
}  // namespace mindforge::cpu
