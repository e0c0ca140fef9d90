// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// 16-bit storage types for the CPU kernels. They only store: arithmetic happens in float. Rounding
// is to nearest, ties to even, as IEEE 754 asks and as every framework around us does.
#ifndef CSRC_CPU_STORAGE_H_
#define CSRC_CPU_STORAGE_H_

#include <cstdint>
#include <cstring>

namespace mindforge::cpu {

inline uint32_t BitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

inline float FloatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// The upper half of a float32.
struct BFloat16 {
  uint16_t bits;
};

// IEEE 754 binary16.
struct Float16 {
  uint16_t bits;
};

inline float ToFloat(BFloat16 value) { return FloatOf(static_cast<uint32_t>(value.bits) << 16); }

inline BFloat16 ToBFloat16(float value) {
  const uint32_t bits = BitsOf(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) {
    return {static_cast<uint16_t>((bits >> 16) | 0x0040u)};  // a NaN stays a (quiet) NaN
  }
  const uint32_t ties_to_even = 0x7FFFu + ((bits >> 16) & 1u);
  return {static_cast<uint16_t>((bits + ties_to_even) >> 16)};
}

inline float ToFloat(Float16 value) {
  const uint32_t sign = static_cast<uint32_t>(value.bits & 0x8000u) << 16;
  const uint32_t magnitude = value.bits & 0x7FFFu;
  if (magnitude >= 0x7C00u) {  // infinity or NaN
    return FloatOf(sign | 0x7F800000u | ((magnitude & 0x3FFu) << 13));
  }
  if (magnitude >= 0x0400u) {  // normal: only the exponent bias differs, 127 - 15
    return FloatOf(sign | ((magnitude << 13) + (112u << 23)));
  }
  const float subnormal = static_cast<float>(magnitude) * 0x1p-24f;  // exact
  return FloatOf(sign | BitsOf(subnormal));
}

inline Float16 ToFloat16(float value) {
  const uint32_t bits = BitsOf(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) {
    return {static_cast<uint16_t>(sign | 0x7E00u)};  // quiet NaN
  }
  if (magnitude >= 0x477FF000u) {  // 65520 and above round past the largest finite value, 65504
    return {static_cast<uint16_t>(sign | 0x7C00u)};
  }
  if (magnitude <
      0x38800000u) {  // below 2^-14: let the addition of 0.5 round to a multiple of 2^-24
    const float shifted = FloatOf(magnitude) + 0.5f;
    return {static_cast<uint16_t>(sign | (BitsOf(shifted) - BitsOf(0.5f)))};
  }
  const uint32_t ties_to_even = 0x0FFFu + ((magnitude >> 13) & 1u);
  return {static_cast<uint16_t>(sign | ((magnitude - (112u << 23) + ties_to_even) >> 13))};
}

// What a storage type computes in, and the way there and back.
template <typename T>
struct Compute;

template <>
struct Compute<float> {
  using Type = float;
  static float Load(float value) { return value; }
  static float Store(float value) { return value; }
};

template <>
struct Compute<double> {
  using Type = double;
  static double Load(double value) { return value; }
  static double Store(double value) { return value; }
};

template <>
struct Compute<Float16> {
  using Type = float;
  static float Load(Float16 value) { return ToFloat(value); }
  static Float16 Store(float value) { return ToFloat16(value); }
};

template <>
struct Compute<BFloat16> {
  using Type = float;
  static float Load(BFloat16 value) { return ToFloat(value); }
  static BFloat16 Store(float value) { return ToBFloat16(value); }
};

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_STORAGE_H_
