// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/simd.h"

#include <algorithm>
#include <atomic>

namespace mindforge::cpu {
namespace {

// The compiler's functions also ask whether the system keeps the registers.
SimdLevel Detect() {
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2");
  if (!avx2) {
    return SimdLevel::kScalar;
  }
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  return avx512 ? SimdLevel::kAvx512 : SimdLevel::kAvx2;
}

std::atomic<SimdLevel> limit{SimdLevel::kAvx512};

}  // namespace

SimdLevel SupportedLevel() {
  static const SimdLevel level = Detect();
  return level;
}

SimdLevel CurrentLevel() { return std::min(SupportedLevel(), limit.load()); }

void LimitLevel(SimdLevel level) { limit.store(level); }

}  // namespace mindforge::cpu
