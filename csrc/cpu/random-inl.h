// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Random numbers that are a function of a counter: Philox4x32-10 (Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", 2011). A kernel includes this once for each of Highway's targets,
// hence the unusual guard; the compiler makes vectors of the loops.
#if defined(CSRC_CPU_RANDOM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CSRC_CPU_RANDOM_INL_H_
#undef CSRC_CPU_RANDOM_INL_H_
#else
#define CSRC_CPU_RANDOM_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

// Counters that differ in their first word alone, as many as fill a vector.
constexpr size_t kCounters = 16;

// Words of counters (first + i, second, third, fourth), the four of counter i at [0..3][i].
HWY_INLINE void Philox(uint32_t first, uint32_t second, uint32_t third, uint32_t fourth,
                       uint64_t seed, uint32_t (*words)[kCounters]) {
  for (size_t i = 0; i < kCounters; ++i) {
    words[0][i] = first + static_cast<uint32_t>(i);
    words[1][i] = second;
    words[2][i] = third;
    words[3][i] = fourth;
  }
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9u, key1 += 0xBB67AE85u) {
    for (size_t i = 0; i < kCounters; ++i) {
      const uint64_t a = uint64_t{0xD2511F53u} * words[0][i];
      const uint64_t b = uint64_t{0xCD9E8D57u} * words[2][i];
      words[0][i] = static_cast<uint32_t>(b >> 32) ^ words[1][i] ^ key0;
      words[1][i] = static_cast<uint32_t>(b);
      words[2][i] = static_cast<uint32_t>(a >> 32) ^ words[3][i] ^ key1;
      words[3][i] = static_cast<uint32_t>(a);
    }
  }
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CSRC_CPU_RANDOM_INL_H_
