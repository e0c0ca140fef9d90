// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Sums down the columns of many rows, in double precision and the same for any number of threads:
// the gradients of what is shared by all rows.
#ifndef CSRC_CPU_COLUMN_SUMS_H_
#define CSRC_CPU_COLUMN_SUMS_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "csrc/cpu/storage.h"
#include "csrc/cpu/threads.h"

namespace mindforge::cpu {

// `kSums` sums a column.
template <size_t kSums>
class ColumnSums {
 public:
  // Where no sum is wanted, this only cuts the rows into pieces.
  ColumnSums(size_t rows, size_t columns, bool wanted)
      : rows_(rows),
        columns_(wanted ? columns : 0),
        piece_(std::max(PieceCount(rows, kMostPieces), RowsWorthAThread(columns))),
        partial_(PieceCount(rows, piece_) * kSums * columns_) {}

  // Calls add(first row, one past the last, sums) for pieces of the rows, in parallel; `sums` is
  // kSums rows of columns to add to.
  template <typename Add>
  void Gather(const Add& add) {
    ParallelPieces(rows_, piece_, [&](size_t number, size_t first, size_t last) {
      add(first, last, partial_.data() + number * kSums * columns_);
    });
  }

  // Writes one of the sums, one element a column; nothing where `to` is null.
  template <typename W>
  void Store(size_t which, W* to) const {
    if (to == nullptr) {
      return;
    }
    std::vector<double> totals(columns_);
    for (size_t i = 0; i < PieceCount(rows_, piece_); ++i) {
      const double* piece = partial_.data() + (i * kSums + which) * columns_;
      for (size_t j = 0; j < columns_; ++j) {
        totals[j] += piece[j];
      }
    }
    for (size_t j = 0; j < columns_; ++j) {
      to[j] = Compute<W>::Store(static_cast<typename Compute<W>::Type>(totals[j]));
    }
  }

 private:
  // Bounds the memory; more threads than this find no work.
  static constexpr size_t kMostPieces = 64;

  const size_t rows_, columns_, piece_;
  std::vector<double> partial_;
};

}  // namespace mindforge::cpu

#endif  // CSRC_CPU_COLUMN_SUMS_H_
