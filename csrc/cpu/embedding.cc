// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/embedding.h"

#include <algorithm>
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

// Rows of a table by number.
template <typename I>
void LookUp(const char* table, const I* indices, size_t count, size_t row_bytes, bool streamed,
            char* to) {
  for (size_t i = 0; i < count; ++i, to += row_bytes) {
    CopyRow(table + static_cast<size_t>(indices[i]) * row_bytes, row_bytes, streamed, to);
  }
  hwy::FlushStream();
}

// to = from, as much as a row.
template <typename T>
void CopyOne(const T* from, size_t count, bool streamed, T* to) {
  CopyRow(from, count, streamed, to);
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
  size_t CountOf(size_t row) const { return starts[row + 1] - starts[row]; }
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
  const auto look_up = MINDFORGE_SIMD(LookUp<I>);
  const bool streamed = BeyondCaches(size.count * row_bytes);
  ParallelPieces(
      size.count, RowsWorthAThread(row_bytes / 4), [=](size_t, size_t first, size_t last) {
        look_up(from, indices + first, last - first, row_bytes, streamed, to + first * row_bytes);
      });
}

template <typename T, typename I>
void EmbeddingGrad(const T* dy, const I* indices, const std::optional<int64_t>& padding_idx,
                   EmbeddingSize size, T* dweight) {
  constexpr size_t kBlock = 512;  // columns that are summed at a time
  constexpr size_t kMany = 64;    // places of a row that is shared out among tasks
  CheckIndices(indices, size);
  const PlacesOfRows sorted = Sorted(indices, size);
  const auto add_places = MINDFORGE_SIMD(AddPlaces<T>);
  const auto copy = MINDFORGE_SIMD(CopyOne<T>);
  const bool streamed = BeyondCaches(size.rows * size.columns * sizeof(T));
  const size_t blocks = PieceCount(size.columns, kBlock);
  const auto sum = [&](size_t row, size_t block) {
    const size_t column = block * kBlock, columns = std::min(kBlock, size.columns - column);
    double sums[kBlock] = {};
    add_places(dy + column, sorted.places.data() + sorted.starts[row], sorted.CountOf(row),
               size.columns, columns, sums);
    T* to = dweight + row * size.columns + column;
    for (size_t j = 0; j < columns; ++j) {
      to[j] = Compute<T>::Store(static_cast<typename Compute<T>::Type>(sums[j]));
    }
  };
  const auto is_padding = [&](size_t row) {
    return padding_idx.has_value() && static_cast<size_t>(*padding_idx) == row;
  };
  ParallelPieces(size.rows, RowsWorthAThread(size.columns), [&](size_t, size_t first, size_t last) {
    for (size_t row = first; row < last; ++row) {
      T* to = dweight + row * size.columns;
      const size_t count = is_padding(row) ? 0 : sorted.CountOf(row);
      if (count == 0) {
        std::fill_n(to, size.columns, T{});
      } else if (count == 1) {
        copy(dy + sorted.places[sorted.starts[row]] * size.columns, size.columns, streamed, to);
      } else if (count < kMany) {
        for (size_t block = 0; block < blocks; ++block) sum(row, block);
      }
    }
    hwy::FlushStream();
  });
  std::vector<size_t> many;
  for (size_t row = 0; row < size.rows; ++row) {
    if (sorted.CountOf(row) >= kMany && !is_padding(row)) many.push_back(row);
  }
  ParallelFor(many.size() * blocks, [&](size_t i) { sum(many[i / blocks], i % blocks); });
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
