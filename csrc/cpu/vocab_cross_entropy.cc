// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/vocab_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/vocab_cross_entropy.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/exp-inl.h"
// clang-format on

#ifndef CSRC_CPU_VOCAB_CROSS_ENTROPY_ONCE_
#define CSRC_CPU_VOCAB_CROSS_ENTROPY_ONCE_
namespace mindforge::cpu {

// What columns of a row tell: its largest number, the sum of exponentials beside that, the sum.
struct RowPieces {
  double max, sum, total;
};

}  // namespace mindforge::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

template <typename T>
HWY_INLINE ComputeOf<T> MaxOf(const T* x, size_t columns) {
  using C = ComputeOf<T>;
  const Vectors<T> d;
  const auto least = hn::Set(d, -std::numeric_limits<C>::infinity());
  auto largest = least;
  ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
    largest = hn::Max(largest, at.KeepOr(d, at.Get(d, x + j), least));
  });
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

// A block that stays in the first-level cache is read twice, so memory is read once.
template <typename T>
void PiecesOfRow(const T* x, size_t columns, RowPieces* pieces) {
  using C = ComputeOf<T>;
  constexpr size_t kBlock = 2048;
  const Vectors<T> d;
  C max = -std::numeric_limits<C>::infinity();
  double sum = 0.0, total = 0.0;
  for (size_t first = 0; first < columns; first += kBlock) {
    const T* block = x + first;
    const size_t count = std::min(kBlock, columns - first);
    const C before = max;
    max = std::max(max, MaxOf(block, count));
    const auto shift = hn::Set(d, std::isinf(max) ? C{0} : max);
    Sum<C> exponentials, values;
    ForVectors(d, count, [&](size_t j, auto at) HWY_ATTR {
      hwy::Prefetch(block + kBlock + j);  // the next one, whose largest number is looked for first
      const auto value = at.Get(d, block + j);
      values.Add(value);
      exponentials.Add(at.Keep(d, Exp(d, hn::Sub(value, shift))));
    });
    if (before < max) {
      sum *= std::exp(static_cast<double>(before) - static_cast<double>(max));
    }
    sum += exponentials.Total();
    total += values.Total();
  }
  const bool defined = max < std::numeric_limits<C>::infinity() && !std::isnan(total);
  pieces->max = static_cast<double>(max);
  pieces->sum = defined ? sum : std::numeric_limits<double>::quiet_NaN();
  pieces->total = total;
}

// x becomes scale * (exp(x - max) / sum - level).
template <typename T>
void GradientOfRow(const T* x, ComputeOf<T> max, double sum, double scale, double level,
                   size_t columns, T* dx) {
  using C = ComputeOf<T>;
  const Vectors<T> d;
  const auto shift = hn::Set(d, max);
  const auto factor = hn::Set(d, static_cast<C>(scale / sum));
  const auto offset = hn::Set(d, static_cast<C>(scale * level));
  ForVectors(d, columns, [&](size_t j, auto at) HWY_ATTR {
    const auto weight = Exp(d, hn::Sub(at.Get(d, x + j), shift));
    at.Put(hn::MulSub(weight, factor, offset), d, dx + j);
  });
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {
namespace {

// The column of a class, or one past the last where the class is not among these columns.
size_t ColumnOf(int64_t target, int64_t first, size_t columns) {
  return target >= first && target - first < static_cast<int64_t>(columns)
             ? static_cast<size_t>(target - first)
             : columns;
}

template <typename T>
double At(const T* row, size_t column) {
  return static_cast<double>(Compute<T>::Load(row[column]));
}

}  // namespace

template <typename T, typename I>
void FindVocabPieces(const T* logits, const I* target, int64_t first, VocabSize size,
                     const VocabPieces<typename Compute<T>::Type>& pieces) {
  using C = typename Compute<T>::Type;
  const auto pieces_of = MINDFORGE_SIMD(PiecesOfRow<T>);
  ParallelPieces(size.rows, RowsWorthAThread(size.columns), [=](size_t, size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      const T* x = logits + row * size.columns;
      const size_t column = ColumnOf(target[row], first, size.columns);
      RowPieces of_row;
      pieces_of(x, size.columns, &of_row);
      pieces.max[row] = static_cast<C>(of_row.max);
      pieces.sum[row] = static_cast<C>(of_row.sum);
      pieces.target[row] = column < size.columns ? static_cast<C>(At(x, column)) : C{0};
      pieces.total[row] = static_cast<C>(of_row.total);
    }
  });
}

template <typename C, typename I>
void VocabLoss(const VocabPieces<C>& pieces, const I* target, const VocabRule& rule, size_t rows,
               C* loss) {
  for (size_t row = 0; row < rows; ++row) {
    if (target[row] == rule.ignore_index) {
      loss[row] = C{0};
      continue;
    }
    if (target[row] < 0 || target[row] >= rule.classes) {
      throw std::out_of_range("msops.vocab_cross_entropy: target " + std::to_string(target[row]) +
                              " is not among the classes [0, " + std::to_string(rule.classes) +
                              ")");
    }
    // From the largest logit, so that a large one drowns nothing.
    const double max = pieces.max[row];
    double least = (1.0 - rule.smoothing) * (max - pieces.target[row]);
    if (rule.smoothing > 0.0) {
      least += rule.smoothing * (max - pieces.total[row] / static_cast<double>(rule.classes));
    }
    loss[row] = static_cast<C>(std::log(static_cast<double>(pieces.sum[row])) + least);
  }
}

template <typename T, typename I>
void VocabGrad(const typename Compute<T>::Type* dloss, const T* logits, const I* target,
               const typename Compute<T>::Type* max, const typename Compute<T>::Type* sum,
               const VocabRule& rule, VocabSize size, T* dlogits) {
  using C = typename Compute<T>::Type;
  const auto gradient_of = MINDFORGE_SIMD(GradientOfRow<T>);
  const double level = rule.smoothing / static_cast<double>(rule.classes);
  ParallelPieces(size.rows, RowsWorthAThread(size.columns), [=](size_t, size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      const T* x = logits + row * size.columns;
      T* dx = dlogits + row * size.columns;
      if (target[row] == rule.ignore_index) {
        std::fill_n(dx, size.columns, T{});
        continue;
      }
      const double scale = dloss[row];
      gradient_of(x, max[row], sum[row], scale, level, size.columns, dx);
      const size_t column = ColumnOf(target[row], rule.first, size.columns);
      if (column < size.columns) {
        const double weight = std::exp(At(x, column) - max[row]) / sum[row];
        dx[column] =
            Compute<T>::Store(static_cast<C>(scale * (weight - level - (1.0 - rule.smoothing))));
      }
    }
  });
}

#define MINDFORGE_VOCAB(T, I)                                                     \
  template void FindVocabPieces<T, I>(const T*, const I*, int64_t, VocabSize,     \
                                      const VocabPieces<Compute<T>::Type>&);      \
  template void VocabGrad<T, I>(const Compute<T>::Type*, const T*, const I*,      \
                                const Compute<T>::Type*, const Compute<T>::Type*, \
                                const VocabRule&, VocabSize, T*)
MINDFORGE_VOCAB(double, int32_t);
MINDFORGE_VOCAB(double, int64_t);
MINDFORGE_VOCAB(float, int32_t);
MINDFORGE_VOCAB(float, int64_t);
MINDFORGE_VOCAB(Float16, int32_t);
MINDFORGE_VOCAB(Float16, int64_t);
MINDFORGE_VOCAB(BFloat16, int32_t);
MINDFORGE_VOCAB(BFloat16, int64_t);
#undef MINDFORGE_VOCAB

#define MINDFORGE_VOCAB_LOSS(C, I) \
  template void VocabLoss<C, I>(const VocabPieces<C>&, const I*, const VocabRule&, size_t, C*)
MINDFORGE_VOCAB_LOSS(double, int32_t);
MINDFORGE_VOCAB_LOSS(double, int64_t);
MINDFORGE_VOCAB_LOSS(float, int32_t);
MINDFORGE_VOCAB_LOSS(float, int64_t);
#undef MINDFORGE_VOCAB_LOSS

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
