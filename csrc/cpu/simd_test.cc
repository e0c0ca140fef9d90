// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What kernels read and write at each level, against the storage types one number at a time.
#include "csrc/cpu/simd.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "csrc/cpu/storage.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/simd_test.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/exp-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

// to = from, through vectors of what `To` is computed in.
template <typename From, typename To>
void Convert(const From* from, size_t count, To* to) {
  const Vectors<To> d;
  ForVectors(d, count, [&](size_t i, auto at) HWY_ATTR { at.Put(at.Get(d, from + i), d, to + i); });
}

void SumOf(const float* from, size_t count, double* to) {
  const Vectors<float> d;
  Sum<float> values, squares;
  ForVectors(d, count, [&](size_t i, auto at) HWY_ATTR {
    const auto value = at.Keep(d, hn::Add(at.Get(d, from + i), hn::Set(d, 1.0f)));
    values.Add(value);
    squares.AddProduct(value, value);
    at.AddTo(value, d, to + 2 + i);
  });
  to[0] = values.Total();
  to[1] = squares.Total();
}

template <typename C>
void Exponentials(const C* from, size_t count, C* to) {
  const Vectors<C> d;
  ForVectors(d, count,
             [&](size_t i, auto at) HWY_ATTR { at.Put(Exp(d, at.Get(d, from + i)), d, to + i); });
}

template <typename C>
void Reciprocals(const C* from, size_t count, C* to) {
  const Vectors<C> d;
  ForVectors(d, count, [&](size_t i, auto at) HWY_ATTR {
    at.Put(Reciprocal(d, at.Get(d, from + i)), d, to + i);
  });
}

template <typename T>
void Results(const T* from, size_t count, T* to) {
  const Vectors<T> d;
  ForResult(d, to, true, count,
            [&](size_t i, auto at) HWY_ATTR { at.Result(at.Get(d, from + i), d, to + i); });
  hwy::FlushStream();
}

template <typename T>
void Copies(const T* from, size_t count, T* to) {
  CopyRow(from, count, true, to);
  hwy::FlushStream();
}

size_t Lanes() { return hn::Lanes(Vectors<float>()); }

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "csrc/cpu/testing.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

class Simd : public ::testing::TestWithParam<SimdLevel> {
 protected:
  void SetUp() override {
    if (GetParam() > SupportedLevel()) GTEST_SKIP() << "this machine has no such instructions";
    LimitLevel(GetParam());
  }
  void TearDown() override { LimitLevel(SupportedLevel()); }
};

template <typename T, typename Write>
void CheckStreamed(const Write& write) {
  const std::vector<T> from = Random<T>(1000, 7);
  for (const size_t offset : {0, 1}) {  // in elements, from an address that every vector likes
    for (const size_t count : {0, 1, 15, 16, 64, 997}) {
      std::vector<T> space(from.size() + 128, T{});
      const size_t from_aligned = 64 - reinterpret_cast<uintptr_t>(space.data()) % 64;
      T* to = space.data() + from_aligned / sizeof(T) + offset;
      write(from.data(), count, to);
      EXPECT_EQ(0, std::memcmp(to, from.data(), count * sizeof(T)));
      EXPECT_EQ(Value(to[count]), 0.0) << "nothing is written behind the result";
    }
  }
}

TEST_P(Simd, ResultsAreTheSameWhereTheyAreStreamed) {
  CheckStreamed<float>(MINDFORGE_SIMD(Results<float>));
  CheckStreamed<double>(MINDFORGE_SIMD(Results<double>));
  CheckStreamed<Float16>(MINDFORGE_SIMD(Results<Float16>));
  CheckStreamed<BFloat16>(MINDFORGE_SIMD(Results<BFloat16>));
  CheckStreamed<float>(MINDFORGE_SIMD(Copies<float>));
  CheckStreamed<BFloat16>(MINDFORGE_SIMD(Copies<BFloat16>));
}

TEST_P(Simd, ExponentialsAreExactToAUnitInTheLastPlace) {
  std::vector<float> from, to(40000);
  for (int i = -20000; i < 20000; ++i) from.push_back(static_cast<float>(i) * 0.0044f);
  MINDFORGE_SIMD(Exponentials<float>)(from.data(), from.size(), to.data());
  for (size_t i = 0; i < from.size(); ++i) {
    const double expected = std::exp(static_cast<double>(from[i]));
    const double smallest = std::numeric_limits<float>::denorm_min();
    EXPECT_NEAR(to[i], expected, expected * 1.2e-7 + smallest) << "exp of " << from[i];
  }
}

TEST_P(Simd, ExponentialsKnowTheEndsOfTheirRange) {
  const auto check = [](auto exponentials, auto zero) {
    using C = decltype(zero);
    const C infinity = std::numeric_limits<C>::infinity();
    const C nan = std::numeric_limits<C>::quiet_NaN();
    const std::vector<C> from{0, -0.0, 1000, 1e30, infinity, -1000, -1e30, -infinity, nan};
    std::vector<C> to(from.size());
    exponentials(from.data(), from.size(), to.data());
    EXPECT_EQ(to[0], C{1});
    EXPECT_EQ(to[1], C{1});
    EXPECT_EQ(to[2], infinity);
    EXPECT_EQ(to[3], infinity);
    EXPECT_EQ(to[4], infinity);
    EXPECT_EQ(to[5], C{0});
    EXPECT_EQ(to[6], C{0});
    EXPECT_EQ(to[7], C{0});
    EXPECT_TRUE(std::isnan(to[8]));
  };
  check(MINDFORGE_SIMD(Exponentials<float>), 0.0f);
  check(MINDFORGE_SIMD(Exponentials<double>), 0.0);
}

TEST_P(Simd, ReciprocalsAreExactToAUnitInTheLastPlace) {
  std::vector<float> from, to(5000);
  for (int i = 1; i <= 5000; ++i) from.push_back(std::ldexp(static_cast<float>(i), i % 200 - 100));
  MINDFORGE_SIMD(Reciprocals<float>)(from.data(), from.size(), to.data());
  for (size_t i = 0; i < from.size(); ++i) {
    EXPECT_NEAR(to[i] * static_cast<double>(from[i]), 1.0, 1.2e-7) << "1 / " << from[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, Simd,
                         ::testing::Values(SimdLevel::kScalar, SimdLevel::kAvx2,
                                           SimdLevel::kAvx512));

TEST_P(Simd, UsesTheLevelThatWasSet) {
  const size_t lanes[] = {1, 8, 16};
  EXPECT_EQ(MINDFORGE_SIMD(Lanes)(), lanes[static_cast<int>(GetParam())]);
}

// Every float of a lattice through all exponents, with the neighbours of what rounds to even.
std::vector<float> ManyFloats() {
  std::vector<float> values;
  for (uint64_t bits = 0; bits <= 0xFFFFFFFFu; bits += 0x3FF1u) {
    values.push_back(FloatOf(static_cast<uint32_t>(bits)));
  }
  for (uint32_t high = 0; high <= 0xFFFF; ++high) {
    for (const uint32_t low : {0x0000u, 0x7FFFu, 0x8000u, 0x8001u}) {
      values.push_back(FloatOf((high << 16) | low));
    }
  }
  return values;
}

template <typename Half>
void ExpectStoredAsOneByOne() {
  const std::vector<float> from = ManyFloats();
  std::vector<Half> to(from.size());
  MINDFORGE_SIMD(Convert<float, Half>)(from.data(), from.size(), to.data());
  for (size_t i = 0; i < from.size(); ++i) {
    const Half expected = Compute<Half>::Store(from[i]);
    if (std::isnan(from[i])) {
      ASSERT_TRUE(std::isnan(ToFloat(to[i]))) << BitsOf(from[i]);
    } else {
      ASSERT_EQ(to[i].bits, expected.bits) << BitsOf(from[i]);
    }
  }
}

TEST_P(Simd, RoundsToFloat16AsOneNumberIs) { ExpectStoredAsOneByOne<Float16>(); }

TEST_P(Simd, RoundsToBFloat16AsOneNumberIs) { ExpectStoredAsOneByOne<BFloat16>(); }

template <typename Half>
void ExpectLoadedAsOneByOne() {
  std::vector<Half> from(0x10000);
  for (size_t i = 0; i < from.size(); ++i) from[i].bits = static_cast<uint16_t>(i);
  std::vector<float> to(from.size());
  MINDFORGE_SIMD(Convert<Half, float>)(from.data(), from.size(), to.data());
  for (size_t i = 0; i < from.size(); ++i) {
    if (std::isnan(ToFloat(from[i]))) {
      ASSERT_TRUE(std::isnan(to[i])) << i;
    } else {
      ASSERT_EQ(BitsOf(to[i]), BitsOf(ToFloat(from[i]))) << i;
    }
  }
}

TEST_P(Simd, ReadsEveryFloat16) { ExpectLoadedAsOneByOne<Float16>(); }

TEST_P(Simd, ReadsEveryBFloat16) { ExpectLoadedAsOneByOne<BFloat16>(); }

TEST_P(Simd, TouchesNothingBeyondTheEndAndSumsNothingOfIt) {
  for (size_t count = 0; count <= 40; ++count) {
    std::vector<float> from(count + 1, std::numeric_limits<float>::quiet_NaN());
    std::vector<double> to(count + 3, 7.0);
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < count; ++i) {
      from[i] = static_cast<float>(i);
      sum += static_cast<double>(i + 1);
      squares += static_cast<double>((i + 1) * (i + 1));
    }
    MINDFORGE_SIMD(SumOf)(from.data(), count, to.data());
    EXPECT_EQ(to[0], sum);
    EXPECT_EQ(to[1], squares);
    for (size_t i = 0; i < count; ++i) EXPECT_EQ(to[2 + i], 7.0 + static_cast<double>(i + 1));
    EXPECT_EQ(to[2 + count], 7.0);
  }
}

}  // namespace
}  // namespace mindforge::cpu
#endif  // HWY_ONCE
