// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Which instructions the kernels use. A vectorised kernel is compiled once a level, with Google
// Highway, and the level is chosen when it runs: one wheel is fast on every x86-64.
//
// Include this before any header of Highway: it says which of Highway's targets are compiled.
//
// Highway's own HWY_DYNAMIC_DISPATCH needs libhwy, which Debian has as a shared library alone; a
// wheel that loads anywhere cannot rely on it. So kernels take from Highway what is in its headers,
// and choose with MINDFORGE_SIMD.
#ifndef CSRC_CPU_SIMD_H_
#define CSRC_CPU_SIMD_H_

// Compiled: plain C++ for what every x86-64 has, AVX2, and AVX3, which is AVX-512. Machines in
// between are older than 2013.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)

#include <cstddef>

#include "hwy/detect_targets.h"

#if HWY_STATIC_TARGET != HWY_SCALAR
#error "the kernels are for g++ without -m options and Highway 1.0, as Debian 12 has them"
#endif

namespace mindforge::cpu {

// In ascending order; each includes those before it.
enum class SimdLevel {
  kScalar,
  kAvx2,    // and FMA, F16C, BMI, BMI2: x86-64-v3
  kAvx512,  // F, BW, CD, DQ, VL: x86-64-v4
};

// The highest level that this machine has.
SimdLevel SupportedLevel();

// What kernels use: the supported level, or a lower one that a test has set.
SimdLevel CurrentLevel();

// Limits kernels to `level`, or to what is supported if that is less.
void LimitLevel(SimdLevel level);

// Whether a result of so many bytes is written past the caches: what is larger has left them, for
// the most part, when it is read.
constexpr bool BeyondCaches(size_t bytes) { return bytes >= size_t{16} << 20; }

template <typename F>
F* ForLevel(F* scalar, F* avx2, F* avx512) {
  switch (CurrentLevel()) {
    case SimdLevel::kAvx512:
      return avx512;
    case SimdLevel::kAvx2:
      return avx2;
    default:
      return scalar;
  }
}

}  // namespace mindforge::cpu

// A pointer to the form of a function that fits this machine; it is defined in HWY_NAMESPACE.
#define MINDFORGE_SIMD(...) \
  ::mindforge::cpu::ForLevel(&N_SCALAR::__VA_ARGS__, &N_AVX2::__VA_ARGS__, &N_AVX3::__VA_ARGS__)

#endif  // CSRC_CPU_SIMD_H_
