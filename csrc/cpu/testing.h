// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the tests of kernels share: numbers, tolerances, and the ways to run a kernel.
#ifndef CSRC_CPU_TESTING_H_
#define CSRC_CPU_TESTING_H_

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "csrc/cpu/simd.h"
#include "csrc/cpu/storage.h"
#include "csrc/cpu/threads.h"
#include "gtest/gtest.h"

namespace mindforge::cpu {

struct Size {
  size_t rows;
  size_t columns;
};

// Empty, single, odd, around the number of lanes of every level, and large enough for several
// threads.
inline const std::vector<Size> kSizes = {{0, 5},  {5, 0},   {0, 0},     {1, 1},    {3, 1},
                                         {1, 7},  {4, 8},   {5, 9},     {7, 15},   {2, 16},
                                         {3, 17}, {3, 257}, {1300, 33}, {3, 20001}};

template <typename T>
std::vector<T> Random(size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<T> values(count);
  for (T& value : values) {
    value = Compute<T>::Store(static_cast<typename Compute<T>::Type>(normal(generator)));
  }
  return values;
}

template <typename T>
double Value(T stored) {
  return static_cast<double>(Compute<T>::Load(stored));
}

// Half a unit in the last place of the storage type, relative, doubled for the steps in between.
template <typename T>
double Tolerance();
template <>
inline double Tolerance<double>() {
  return 5e-14;  // a sum is one chain of additions where there are no vectors
}
template <>
inline double Tolerance<float>() {
  return 5e-7;
}
template <>
inline double Tolerance<Float16>() {
  return 1e-3;
}
template <>
inline double Tolerance<BFloat16>() {
  return 8e-3;
}

// Each within the tolerance of T, relative to the largest of them, or to `scale` if that is larger.
template <typename T>
void ExpectNear(const std::vector<T>& actual, const std::vector<double>& expected,
                const std::string& name, double scale = 0.0) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const double value : expected) scale = std::max(scale, std::abs(value));
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(Value(actual[i]), expected[i], Tolerance<T>() * scale) << name << " at " << i;
  }
}

// The bits of a kernel's results.
template <typename T>
std::string Bits(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// Runs `check` at each level that this machine has.
inline void AtEveryLevel(const std::function<void()>& check) {
  for (int level = 0; level <= static_cast<int>(SupportedLevel()); ++level) {
    SCOPED_TRACE("level " + std::to_string(level));
    LimitLevel(static_cast<SimdLevel>(level));
    check();
  }
  LimitLevel(SupportedLevel());
}

// Whether `results`, which runs a kernel and returns the bits of what it wrote, is the same for
// every number of threads.
inline void ExpectSameForAnyThreads(const std::function<std::string()>& results) {
  AtEveryLevel([&]() {
    SetThreadCount(1);
    const std::string expected = results();
    for (const size_t threads : {2, 3, 8}) {
      SetThreadCount(threads);
      EXPECT_TRUE(results() == expected) << threads << " threads";
    }
  });
}

// Storage types of an input and of a weight that goes with it.
template <typename Storage, typename WeightStorage>
struct Types {
  using T = Storage;
  using W = WeightStorage;
};

using WeightedTypes =
    ::testing::Types<Types<double, double>, Types<float, float>, Types<Float16, Float16>,
                     Types<Float16, float>, Types<BFloat16, BFloat16>, Types<BFloat16, float>>;

using FloatingTypes = ::testing::Types<double, float, Float16, BFloat16>;

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_TESTING_H_
