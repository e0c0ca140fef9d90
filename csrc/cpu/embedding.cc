// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/embedding.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/embedding.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

// Adds to `sums` some columns of the rows of dy that places[0] to places[count - 1] number.
template <typename T>
void AddPlaces(const T* dy, const size_t* places, size_t count, size_t stride, size_t columns,
               double* sums) {
  const Vectors<T> d;
  for (size_t i = 0; i < count; ++i) {
    const T* row = dy + places[i] * stride;
    ForVectors(d, columns,
               [&](size_t j, auto at) HWY_ATTR { at.AddTo(at.Get(d, row + j), d, sums + j); });
  }
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {
namespace {

template <typename I>
void CheckIndices(const I* indices, EmbeddingSize size) {
  for (size_t i = 0; i < size.count; ++i) {
    if (indices[i] < 0 || static_cast<size_t>(indices[i]) >= size.rows) {
      throw std::out_of_range("msops.embedding: index " + std::to_string(indices[i]) +
                              " is not among the rows [0, " + std::to_string(size.rows) + ")");
    }
  }
}

// The numbers that are looked up, by the row that they look up: those of row r are
// places[starts[r]] to places[starts[r + 1] - 1], in ascending order.
struct PlacesOfRows {
  std::vector<size_t> starts, places;
};

template <typename I>
PlacesOfRows Sorted(const I* indices, EmbeddingSize size) {
  PlacesOfRows sorted{std::vector<size_t>(size.rows + 1), std::vector<size_t>(size.count)};
  for (size_t i = 0; i < size.count; ++i) {
    ++sorted.starts[static_cast<size_t>(indices[i]) + 1];
  }
  for (size_t row = 0; row < size.rows; ++row) {
    sorted.starts[row + 1] += sorted.starts[row];
  }
  std::vector<size_t> next(sorted.starts.begin(), sorted.starts.end() - 1);
  for (size_t i = 0; i < size.count; ++i) {
    sorted.places[next[static_cast<size_t>(indices[i])]++] = i;
  }
  return sorted;
}

}  // namespace

template <typename I>
void Embedding(const void* weight, const I* indices, EmbeddingSize size, size_t bytes, void* y) {
  CheckIndices(indices, size);
  const size_t row_bytes = size.columns * bytes;
  const char* from = static_cast<const char*>(weight);
  char* to = static_cast<char*>(y);
  if (row_bytes == 0) {
    return;
  }
  ParallelPieces(size.count, RowsWorthAThread(row_bytes / 4),
                 [=](size_t, size_t first, size_t last) {
                   for (size_t i = first; i < last; ++i) {
                     std::memcpy(to + i * row_bytes,
                                 from + static_cast<size_t>(indices[i]) * row_bytes, row_bytes);
                   }
                 });
}

template <typename T, typename I>
void EmbeddingGrad(const T* dy, const I* indices, const std::optional<int64_t>& padding_idx,
                   EmbeddingSize size, T* dweight) {
  constexpr size_t kBlock = 512;  // columns that a task sums: a row that all look up is shared out
  CheckIndices(indices, size);
  const PlacesOfRows sorted = Sorted(indices, size);
  const auto add_places = MINDFORGE_SIMD(AddPlaces<T>);
  const size_t blocks = PieceCount(size.columns, kBlock);
  const size_t piece = RowsWorthAThread(std::min(kBlock, size.columns));
  const size_t pieces = PieceCount(size.rows, piece);
  ParallelFor(pieces * blocks, [&](size_t task) {
    const size_t column = task % blocks * kBlock, first = task / blocks * piece;
    const size_t columns = std::min(kBlock, size.columns - column);
    double sums[kBlock];
    for (size_t row = first; row < std::min(first + piece, size.rows); ++row) {
      T* to = dweight + row * size.columns + column;
      const size_t start = sorted.starts[row], count = sorted.starts[row + 1] - start;
      if (count == 0 || (padding_idx.has_value() && static_cast<size_t>(*padding_idx) == row)) {
        std::fill_n(to, columns, T{});
        continue;
      }
      if (count == 1) {
        std::copy_n(dy + sorted.places[start] * size.columns + column, columns, to);
        continue;
      }
      std::fill_n(sums, columns, 0.0);
      add_places(dy + column, sorted.places.data() + start, count, size.columns, columns, sums);
      for (size_t j = 0; j < columns; ++j) {
        to[j] = Compute<T>::Store(static_cast<typename Compute<T>::Type>(sums[j]));
      }
    }
  });
}

template void Embedding<int32_t>(const void*, const int32_t*, EmbeddingSize, size_t, void*);
template void Embedding<int64_t>(const void*, const int64_t*, EmbeddingSize, size_t, void*);

#define MINDFORGE_EMBEDDING(T, I)                                                      \
  template void EmbeddingGrad<T, I>(const T*, const I*, const std::optional<int64_t>&, \
                                    EmbeddingSize, T*)
MINDFORGE_EMBEDDING(double, int32_t);
MINDFORGE_EMBEDDING(double, int64_t);
MINDFORGE_EMBEDDING(float, int32_t);
MINDFORGE_EMBEDDING(float, int64_t);
MINDFORGE_EMBEDDING(Float16, int32_t);
MINDFORGE_EMBEDDING(Float16, int64_t);
MINDFORGE_EMBEDDING(BFloat16, int32_t);
MINDFORGE_EMBEDDING(BFloat16, int64_t);
#undef MINDFORGE_EMBEDDING

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
