// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/adamw.h"

#include <cmath>
#include <string>
#include <vector>

#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

constexpr size_t kCounts[] = {0, 1, 7, 16, 33, 40001};

AdamWSettings Settings(bool decoupled, int64_t step) {
  return {1e-3, 0.9, 0.95, 1e-8, 0.1, 0.5, decoupled, step};
}

// One parameter and what goes with it, and the same in double by the formulas of the header.
template <typename P, typename G>
struct Case {
  using C = typename Compute<P>::Type;

  Case(size_t count, bool with_master)
      : parameter(Random<P>(count, 1)),
        gradient(Random<G>(count, 2)),
        average(Random<C>(count, 3)),
        square(Random<C>(count, 4)) {
    for (C& value : square) value *= value;
    if (with_master) master = Random<C>(count, 5);
    for (size_t i = 0; i < count; ++i) {
      p.push_back(with_master ? static_cast<double>(master[i]) : Value(parameter[i]));
      m.push_back(static_cast<double>(average[i]));
      v.push_back(static_cast<double>(square[i]));
    }
  }

  AdamWTensor Tensor() {
    return AdamWTensorOf(parameter.size(), parameter.data(), gradient.data(), average.data(),
                         square.data(), master.empty() ? nullptr : master.data());
  }

  void Reference(const AdamWSettings& s) {
    const double step = static_cast<double>(s.step);
    for (size_t i = 0; i < p.size(); ++i) {
      double g = Value(gradient[i]) * s.gradient_scale;
      if (s.decoupled) {
        p[i] *= 1 - s.lr * s.decay;
      } else {
        g += s.decay * p[i];
      }
      m[i] += (1 - s.beta1) * (g - m[i]);
      v[i] = s.beta2 * v[i] + (1 - s.beta2) * g * g;
      const double divisor = std::sqrt(v[i]) / std::sqrt(1 - std::pow(s.beta2, step)) + s.eps;
      p[i] -= s.lr / (1 - std::pow(s.beta1, step)) * m[i] / divisor;
    }
  }

  void Check() const {
    ExpectNear(average, m, "average");
    ExpectNear(square, v, "square");
    ExpectNear(parameter, p, "parameter");
    if (!master.empty()) ExpectNear(master, p, "master");
  }

  std::vector<P> parameter;
  std::vector<G> gradient;
  std::vector<C> average, square, master;
  std::vector<double> p, m, v;
};

template <typename Pair>
class AdamWOf : public ::testing::Test {};

TYPED_TEST_SUITE(AdamWOf, WeightedTypes);

TYPED_TEST(AdamWOf, AgreesWithTheFormulasForEverySizeWithAndWithoutMasterWeights) {
  for (const size_t count : kCounts) {
    for (const bool with_master : {false, true}) {
      for (const bool decoupled : {false, true}) {
        AtEveryLevel([&]() {
          Case<typename TypeParam::T, typename TypeParam::W> c(count, with_master && count > 0);
          const AdamWSettings settings = Settings(decoupled, 3);
          AdamW(settings, {c.Tensor()});
          c.Reference(settings);
          c.Check();
        });
      }
    }
  }
}

TEST(AdamW, UpdatesTensorsOfDifferentTypesAndSizesInOneCall) {
  AtEveryLevel([&]() {
    Case<float, float> a(50000, false);
    Case<BFloat16, float> b(17, true);
    Case<double, double> c(1, false);
    const AdamWSettings settings = Settings(true, 1);
    AdamW(settings, {a.Tensor(), b.Tensor(), c.Tensor()});
    a.Reference(settings);
    b.Reference(settings);
    c.Reference(settings);
    a.Check();
    b.Check();
    c.Check();
  });
}

TEST(AdamW, IsTheSameForAnyNumberOfThreads) {
  ExpectSameForAnyThreads([&]() {
    Case<float, float> a(100003, false), b(40001, false);
    AdamW(Settings(true, 2), {a.Tensor(), b.Tensor()});
    return Bits(a.parameter) + Bits(b.parameter) + Bits(a.average) + Bits(b.square);
  });
}

TEST(GlobalNorm, IsTheRootOfAllSquares) {
  const std::vector<float> a = Random<float>(70001, 1);
  const std::vector<BFloat16> b = Random<BFloat16>(33, 2);
  const std::vector<Float16> c = Random<Float16>(5, 3);
  const std::vector<double> d = Random<double>(1, 4);
  long double squares = 0.0L;
  for (const float value : a) squares += static_cast<long double>(value) * value;
  for (const BFloat16 value : b) squares += Value(value) * Value(value);
  for (const Float16 value : c) squares += Value(value) * Value(value);
  for (const double value : d) squares += value * value;
  AtEveryLevel([&]() {
    const double norm =
        GlobalNorm({NormTermOf(a.size(), a.data()), NormTermOf(b.size(), b.data()),
                    NormTermOf(c.size(), c.data()), NormTermOf(d.size(), d.data())});
    EXPECT_NEAR(norm, static_cast<double>(std::sqrt(squares)), 1e-11);
  });
}

TEST(GlobalNorm, OfNothingIsZero) {
  EXPECT_EQ(GlobalNorm({}), 0.0);
  EXPECT_EQ(GlobalNorm({NormTermOf<float>(0, nullptr)}), 0.0);
}

TEST(GlobalNorm, DoesNotOverflowWhereSquaresOfFloatsWould) {
  const std::vector<float> values(16, 1e30f);
  EXPECT_NEAR(GlobalNorm({NormTermOf(values.size(), values.data())}), 4e30, 1e24);
}

TEST(GlobalNorm, IsTheSameForAnyNumberOfThreads) {
  const std::vector<float> values = Random<float>(300001, 1);
  ExpectSameForAnyThreads([&]() {
    return Bits(std::vector<double>{GlobalNorm({NormTermOf(values.size(), values.data())})});
  });
}

}  // namespace
}  // namespace mindforge::cpu
