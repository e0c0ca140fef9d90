// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/storage.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace mindforge::cpu {
namespace {

template <typename Half>
Half FromBits(uint32_t bits) {
  return {static_cast<uint16_t>(bits)};
}

// Every finite value of the half type, in ascending order, starting at zero.
template <typename Half>
std::vector<double> Magnitudes(uint32_t infinity) {
  std::vector<double> values;
  for (uint32_t bits = 0; bits < infinity; ++bits) {
    values.push_back(ToFloat(FromBits<Half>(bits)));
  }
  return values;
}

TEST(Float16, HasTheValuesThatIeee754Gives) {
  EXPECT_EQ(ToFloat(Float16{0x0001}), std::ldexp(1.0f, -24));
  EXPECT_EQ(ToFloat(Float16{0x03FF}), std::ldexp(1023.0f, -24));
  EXPECT_EQ(ToFloat(Float16{0x0400}), std::ldexp(1.0f, -14));
  EXPECT_EQ(ToFloat(Float16{0x3C00}), 1.0f);
  EXPECT_EQ(ToFloat(Float16{0x3C01}), 1.0f + std::ldexp(1.0f, -10));
  EXPECT_EQ(ToFloat(Float16{0x7BFF}), 65504.0f);
  EXPECT_EQ(ToFloat(Float16{0xC000}), -2.0f);
  EXPECT_EQ(ToFloat(Float16{0x7C00}), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(ToFloat(Float16{0x7E00})));
}

TEST(BFloat16, HasTheValuesOfTheUpperHalfOfAFloat) {
  EXPECT_EQ(ToFloat(BFloat16{0x3F80}), 1.0f);
  EXPECT_EQ(ToFloat(BFloat16{0x3F81}), 1.0f + std::ldexp(1.0f, -7));
  EXPECT_EQ(ToFloat(BFloat16{0xFF80}), -std::numeric_limits<float>::infinity());
}

TEST(Float16, SurvivesARoundTripThroughFloat) {
  for (uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    const float value = ToFloat(FromBits<Float16>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(ToFloat(ToFloat16(value))));
    } else {
      ASSERT_EQ(ToFloat16(value).bits, bits);
    }
  }
}

TEST(BFloat16, SurvivesARoundTripThroughFloat) {
  for (uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    const float value = ToFloat(FromBits<BFloat16>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(ToFloat(ToBFloat16(value))));
    } else {
      ASSERT_EQ(ToBFloat16(value).bits, bits);
    }
  }
}

// Between two neighbours: below the middle rounds down, above it up, the middle to the even one.
template <typename Half, typename Round>
void ExpectNearestEven(uint32_t infinity, const Round& round) {
  const std::vector<double> values = Magnitudes<Half>(infinity);
  for (uint32_t low = 0; low + 1 < infinity; ++low) {
    const float middle = static_cast<float>((values[low] + values[low + 1]) / 2);
    const uint32_t even = low % 2 == 0 ? low : low + 1;
    ASSERT_EQ(round(middle).bits, even) << middle;
    ASSERT_EQ(round(-middle).bits, even | 0x8000u) << middle;
    ASSERT_EQ(round(std::nextafter(middle, 0.0f)).bits, low) << middle;
    ASSERT_EQ(round(std::nextafter(middle, std::numeric_limits<float>::max())).bits, low + 1)
        << middle;
  }
}

TEST(Float16, RoundsToTheNearestAndTiesToEven) { ExpectNearestEven<Float16>(0x7C00, ToFloat16); }

TEST(BFloat16, RoundsToTheNearestAndTiesToEven) { ExpectNearestEven<BFloat16>(0x7F80, ToBFloat16); }

TEST(Float16, OverflowsToInfinityFromTheMiddleAboveItsLargestValue) {
  EXPECT_EQ(ToFloat16(65519.99f).bits, 0x7BFF);
  EXPECT_EQ(ToFloat16(65520.0f).bits, 0x7C00);
  EXPECT_EQ(ToFloat16(-1e30f).bits, 0xFC00);
  EXPECT_EQ(ToFloat16(std::numeric_limits<float>::infinity()).bits, 0x7C00);
}

TEST(BFloat16, OverflowsToInfinity) {
  EXPECT_EQ(ToBFloat16(std::numeric_limits<float>::max()).bits, 0x7F80);
  EXPECT_EQ(ToBFloat16(-std::numeric_limits<float>::infinity()).bits, 0xFF80);
}

}  // namespace
}  // namespace mindforge::cpu
