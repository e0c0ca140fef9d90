// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/moe_permute.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/moe_permute.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

// out = the sum of rows, each times its factor.
template <typename T>
void SumRows(const T* const* rows, const ComputeOf<T>* factors, size_t count, size_t columns,
             bool streamed, T* out) {
  const Vectors<T> d;
  ForResult(d, out, streamed, columns, [&](size_t j, auto at) HWY_ATTR {
    auto sum = hn::Zero(d);
    for (size_t i = 0; i < count; ++i) {
      sum = hn::MulAdd(hn::Set(d, factors[i]), at.Get(d, rows[i] + j), sum);
    }
    at.Result(sum, d, out + j);
  });
}

// Rows of tokens by the entries of a layout, zeros where there is none.
template <typename T>
void CopyTokens(const MoeSize& size, const T* tokens, const int32_t* entries, size_t rows,
                bool streamed, T* permuted) {
  const size_t columns = size.columns;
  for (size_t row = 0; row < rows; ++row, permuted += columns) {
    if (entries[row] < 0) {
      std::fill_n(permuted, columns, T{});
    } else {
      const size_t token = static_cast<size_t>(entries[row]) / size.top_k;
      CopyRow(tokens + token * columns, columns, streamed, permuted);
    }
  }
  hwy::FlushStream();
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {
namespace {

bool IsRow(const MoeSize& size, int32_t position) {
  return position >= 0 && static_cast<size_t>(position) < size.rows;
}

// The entries of each expert, in order.
template <typename I>
std::vector<std::vector<int32_t>> ByExpert(const MoeLayout& layout, size_t count,
                                           const I* indices) {
  std::vector<std::vector<int32_t>> entries(static_cast<size_t>(layout.experts));
  for (size_t e = 0; e < count; ++e) {
    if (indices[e] < -1 || indices[e] >= layout.experts) {
      throw std::out_of_range("msops.moe_token_permute: indices must be those of the " +
                              std::to_string(layout.experts) + " experts, or -1; entry " +
                              std::to_string(e) + " is " + std::to_string(indices[e]));
    }
    if (indices[e] != -1) {
      entries[static_cast<size_t>(indices[e])].push_back(static_cast<int32_t>(e));
    }
  }
  return entries;
}

// Drops entries beyond the capacity and keeps the order of the others.
template <typename C>
void Drop(size_t capacity, const C* probs, std::vector<int32_t>* entries) {
  if (entries->size() <= capacity) {
    return;
  }
  if (probs != nullptr) {
    std::stable_sort(entries->begin(), entries->end(),
                     [probs](int32_t a, int32_t b) { return probs[a] > probs[b]; });
  }
  entries->resize(capacity);
  std::sort(entries->begin(), entries->end());
}

}  // namespace

template <typename I, typename C>
void MoePositions(const MoeLayout& layout, const MoeSize& size, const I* indices, const C* probs,
                  int32_t* positions, int64_t* counts) {
  std::vector<std::vector<int32_t>> experts = ByExpert(layout, size.entries(), indices);
  std::fill_n(positions, size.entries(), -1);
  const auto capacity = static_cast<size_t>(layout.capacity);
  size_t row = 0;
  for (size_t expert = 0; expert < experts.size(); ++expert) {
    std::vector<int32_t>& entries = experts[expert];
    if (capacity != 0) {
      Drop(capacity, layout.by_probs ? probs : nullptr, &entries);
      row = expert * capacity;
    }
    for (const int32_t entry : entries) {
      positions[entry] = static_cast<int32_t>(row++);
    }
    counts[expert] = static_cast<int64_t>(entries.size());
  }
}

std::vector<int32_t> MoeEntries(const MoeSize& size, const int32_t* positions) {
  std::vector<int32_t> entries(size.rows, -1);
  for (size_t e = 0; e < size.entries(); ++e) {
    if (!IsRow(size, positions[e])) {
      continue;
    }
    int32_t& entry = entries[static_cast<size_t>(positions[e])];
    if (entry != -1) {
      throw std::invalid_argument("msops.moe_token_unpermute: positions must differ; entries " +
                                  std::to_string(entry) + " and " + std::to_string(e) +
                                  " are both " + std::to_string(positions[e]));
    }
    entry = static_cast<int32_t>(e);
  }
  return entries;
}

template <typename T>
void MoePermute(const MoeSize& size, const T* tokens, const std::vector<int32_t>& entries,
                T* permuted) {
  const auto copy = MINDFORGE_SIMD(CopyTokens<T>);
  const size_t columns = size.columns;
  const bool streamed = BeyondCaches(size.rows * columns * sizeof(T));
  ParallelPieces(size.rows, RowsWorthAThread(columns), [&](size_t, size_t first, size_t last) {
    copy(size, tokens, entries.data() + first, last - first, streamed, permuted + first * columns);
  });
}

template <typename C>
void MoePermuteProbs(const C* probs, const std::vector<int32_t>& entries, C* permuted) {
  for (size_t row = 0; row < entries.size(); ++row) {
    permuted[row] = entries[row] < 0 ? C{0} : probs[entries[row]];
  }
}

template <typename C>
void MoeUnpermuteProbs(const MoeSize& size, const C* permuted, const int32_t* positions, C* probs) {
  for (size_t e = 0; e < size.entries(); ++e) {
    probs[e] = IsRow(size, positions[e]) ? permuted[positions[e]] : C{0};
  }
}

template <typename T>
void MoeUnpermute(const MoeSize& size, const T* permuted, const int32_t* positions,
                  const typename Compute<T>::Type* probs, T* out) {
  using C = typename Compute<T>::Type;
  const auto sum = MINDFORGE_SIMD(SumRows<T>);
  const size_t columns = size.columns, worth = RowsWorthAThread(columns * size.top_k);
  const bool streamed = BeyondCaches(size.tokens * columns * sizeof(T));
  ParallelPieces(size.tokens, worth, [&](size_t, size_t first, size_t last) {
    std::vector<const T*> rows(size.top_k);
    std::vector<C> factors(size.top_k);
    for (size_t token = first; token < last; ++token) {
      size_t count = 0;
      for (size_t e = token * size.top_k; e < (token + 1) * size.top_k; ++e) {
        if (IsRow(size, positions[e])) {
          rows[count] = permuted + static_cast<size_t>(positions[e]) * columns;
          factors[count++] = probs == nullptr ? C{1} : probs[e];
        }
      }
      sum(rows.data(), factors.data(), count, columns, streamed, out + token * columns);
    }
    hwy::FlushStream();
  });
}

template <typename T>
void MoeUnpermuteGrad(const MoeSize& size, const T* dout, const T* permuted,
                      const int32_t* positions, const typename Compute<T>::Type* probs,
                      T* dpermuted, typename Compute<T>::Type* dprobs) {
  using C = typename Compute<T>::Type;
  const std::vector<int32_t> entries = MoeEntries(size, positions);
  const auto sum = MINDFORGE_SIMD(SumRows<T>);
  const auto inner = MINDFORGE_SIMD(DotRow<T>);
  const size_t columns = size.columns;
  const bool streamed = BeyondCaches(size.rows * columns * sizeof(T));
  if (dprobs != nullptr) {
    std::fill_n(dprobs, size.entries(), C{0});
  }
  ParallelPieces(size.rows, RowsWorthAThread(columns), [&](size_t, size_t first, size_t last) {
    for (size_t row = first; row < last; ++row) {
      T* to = dpermuted + row * columns;
      if (entries[row] < 0) {
        std::fill_n(to, columns, T{});
        continue;
      }
      const auto entry = static_cast<size_t>(entries[row]);
      const T* from = dout + entry / size.top_k * columns;
      const C factor = probs == nullptr ? C{1} : probs[entry];
      sum(&from, &factor, 1, columns, streamed, to);
      if (dprobs != nullptr) {
        dprobs[entry] = static_cast<C>(inner(from, permuted + row * columns, columns));
      }
    }
    hwy::FlushStream();
  });
}

#define MINDFORGE_MOE_POSITIONS(I, C)                                                              \
  template void MoePositions<I, C>(const MoeLayout&, const MoeSize&, const I*, const C*, int32_t*, \
                                   int64_t*)
MINDFORGE_MOE_POSITIONS(int32_t, float);
MINDFORGE_MOE_POSITIONS(int64_t, float);
MINDFORGE_MOE_POSITIONS(int32_t, double);
MINDFORGE_MOE_POSITIONS(int64_t, double);
#undef MINDFORGE_MOE_POSITIONS

#define MINDFORGE_MOE_PROBS(C)                                                 \
  template void MoePermuteProbs<C>(const C*, const std::vector<int32_t>&, C*); \
  template void MoeUnpermuteProbs<C>(const MoeSize&, const C*, const int32_t*, C*)
MINDFORGE_MOE_PROBS(float);
MINDFORGE_MOE_PROBS(double);
#undef MINDFORGE_MOE_PROBS

#define MINDFORGE_MOE_PERMUTE(T)                                                                   \
  template void MoePermute<T>(const MoeSize&, const T*, const std::vector<int32_t>&, T*);          \
  template void MoeUnpermute<T>(const MoeSize&, const T*, const int32_t*, const Compute<T>::Type*, \
                                T*);                                                               \
  template void MoeUnpermuteGrad<T>(const MoeSize&, const T*, const T*, const int32_t*,            \
                                    const Compute<T>::Type*, T*, Compute<T>::Type*)
MINDFORGE_MOE_PERMUTE(double);
MINDFORGE_MOE_PERMUTE(float);
MINDFORGE_MOE_PERMUTE(Float16);
MINDFORGE_MOE_PERMUTE(BFloat16);
#undef MINDFORGE_MOE_PERMUTE

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
