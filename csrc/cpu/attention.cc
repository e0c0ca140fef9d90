// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <type_traits>

#include "csrc/cpu/gemm.h"
#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/attention.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/random-inl.h"
#include "csrc/cpu/exp-inl.h"
// clang-format on

// What is compiled once for all targets, and the first time that this file is read.
#ifndef CSRC_CPU_ATTENTION_CC_TYPES_
#define CSRC_CPU_ATTENTION_CC_TYPES_
namespace mindforge::cpu {

// A tile of scores or of what is made of them, and which of its columns each row sees.
template <typename C>
struct Tile {
  size_t rows, columns, stride;
  const size_t *first, *last;
};

// Which weights are dropped: a function of the place in (head, query, key).
struct Dropping {
  double probability;
  uint64_t seed;
  uint32_t offset, head;
};

}  // namespace mindforge::cpu
#endif  // CSRC_CPU_ATTENTION_CC_TYPES_

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

template <typename C>
HWY_INLINE void Clear(C* from, size_t count) {
  for (size_t j = 0; j < count; ++j) {
    from[j] = C{0};
  }
}

// Turns scores into exp(score - maximum), where the maximum of a row so far is kept in `maximum`
// and the sum of its weights in `sum`; what came before is to be multiplied by `factor`.
template <typename C>
void SoftmaxTile(const Tile<C>& tile, C* scores, C* maximum, C* sum, C* factor) {
  const hn::ScalableTag<C> d;
  const C lowest = -std::numeric_limits<C>::infinity();
  for (size_t i = 0; i < tile.rows; ++i) {
    C* row = scores + i * tile.stride;
    const size_t first = tile.first[i], count = tile.last[i] - first;
    Clear(row, first);
    Clear(row + tile.last[i], tile.columns - tile.last[i]);
    C* seen = row + first;
    auto highest = hn::Set(d, lowest);
    ForVectors(d, count, [&](size_t j, auto at) HWY_ATTR {
      auto score = at.Get(d, seen + j);
      if constexpr (std::is_same_v<decltype(at), Part>) {
        score = hn::IfThenElse(hn::FirstN(d, at.count), score, hn::Set(d, lowest));
      }
      highest = hn::Max(highest, score);
    });
    const C before = maximum[i];
    const C after = std::max(before, hn::GetLane(hn::MaxOfLanes(d, highest)));
    const C base = after == lowest ? C{0} : after;  // no key is seen so far
    const auto shift = hn::Set(d, base);
    auto total = hn::Zero(d);
    ForVectors(d, count, [&](size_t j, auto at) HWY_ATTR {
      const auto weight = Exp(d, hn::Sub(at.Get(d, seen + j), shift));
      at.Put(weight, d, seen + j);
      total = hn::Add(total, at.Keep(d, weight));
    });
    maximum[i] = after;
    factor[i] = before == after ? C{1} : std::exp(before - base);
    sum[i] = sum[i] * factor[i] + hn::GetLane(hn::SumOfLanes(d, total));
  }
}

// What weights are multiplied by: 0 or 1 / (1 - probability), in rows of the tile, which begins at
// `query` and at `key`, a multiple of 4.
template <typename C>
void DropTile(const Tile<C>& tile, const Dropping& dropping, size_t query, size_t key, C* factors) {
  const C kept = static_cast<C>(1.0 / (1.0 - dropping.probability));
  const uint32_t threshold = static_cast<uint32_t>(std::lround(dropping.probability * 0x1p32));
  uint32_t words[4][kCounters];
  for (size_t i = 0; i < tile.rows; ++i) {
    C* row = factors + i * tile.stride;
    for (size_t j = 0; j < tile.columns; j += 4 * kCounters) {
      Philox(static_cast<uint32_t>((key + j) / 4), static_cast<uint32_t>(query + i), dropping.head,
             dropping.offset, dropping.seed, words);
      const size_t count = std::min(4 * kCounters, tile.columns - j);
      for (size_t k = 0; k < count; ++k) {
        row[j + k] = words[k % 4][k / 4] < threshold ? C{0} : kept;
      }
    }
  }
}

// values *= factors
template <typename C>
void MultiplyTile(const Tile<C>& tile, const C* factors, C* values) {
  const hn::ScalableTag<C> d;
  for (size_t i = 0; i < tile.rows; ++i) {
    const size_t row = i * tile.stride;
    ForVectors(d, tile.columns, [&](size_t j, auto at) HWY_ATTR {
      at.Put(hn::Mul(at.Get(d, values + row + j), at.Get(d, factors + row + j)), d,
             values + row + j);
    });
  }
}

// Turns scores into weights that are dropped or not, and their gradients into those of the scores.
// Without dropout `factors` is null.
template <typename C>
void GradientTile(const Tile<C>& tile, const C* log_sum, const C* delta, const C* factors,
                  C* scores, C* gradients) {
  const hn::ScalableTag<C> d;
  for (size_t i = 0; i < tile.rows; ++i) {
    const size_t row = i * tile.stride, first = tile.first[i], last = tile.last[i];
    Clear(scores + row, first);
    Clear(gradients + row, first);
    Clear(scores + row + last, tile.columns - last);
    Clear(gradients + row + last, tile.columns - last);
    const auto shift = hn::Set(d, log_sum[i]), taken = hn::Set(d, delta[i]);
    ForVectors(d, last - first, [&](size_t j, auto at) HWY_ATTR {
      C* score = scores + row + first + j;
      C* gradient = gradients + row + first + j;
      const auto weight = Exp(d, hn::Sub(at.Get(d, score), shift));
      auto above = at.Get(d, gradient), kept = weight;
      if (factors != nullptr) {
        const auto factor = at.Get(d, factors + row + first + j);
        above = hn::Mul(above, factor);
        kept = hn::Mul(kept, factor);
      }
      at.Put(kept, d, score);
      at.Put(hn::Mul(weight, hn::Sub(above, taken)), d, gradient);
    });
  }
}

// row *= factor
template <typename C>
void ScaleRow(C* row, size_t count, C factor) {
  const hn::ScalableTag<C> d;
  const auto by = hn::Set(d, factor);
  ForVectors(d, count, [&](size_t j, auto at) HWY_ATTR {
    at.Put(hn::Mul(at.Get(d, row + j), by), d, row + j);
  });
}

// to += from
template <typename C>
void AddRow(const C* from, size_t count, C* to) {
  const hn::ScalableTag<C> d;
  ForVectors(d, count, [&](size_t j, auto at) HWY_ATTR {
    at.Put(hn::Add(at.Get(d, to + j), at.Get(d, from + j)), d, to + j);
  });
}

template <typename T>
void WidenRow(const T* from, size_t count, ComputeOf<T>* to) {
  const Vectors<T> d;
  ForVectors(d, count, [&](size_t j, auto at) HWY_ATTR { at.Put(at.Get(d, from + j), d, to + j); });
}

template <typename T>
void NarrowRow(const ComputeOf<T>* from, size_t count, ComputeOf<T> factor, T* to) {
  const Vectors<T> d;
  const auto by = hn::Set(d, factor);
  ForVectors(d, count, [&](size_t j, auto at) HWY_ATTR {
    at.Put(hn::Mul(at.Get(d, from + j), by), d, to + j);
  });
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {

template <typename T>
using C = typename Compute<T>::Type;

namespace {

// Rows and columns of a tile: large enough for the products to run at full speed, small enough for
// what one works on to stay in a core's own cache. Columns are a multiple of 4, as dropout needs.
constexpr size_t kForwardRows = 64, kForwardColumns = 256;
constexpr size_t kGradientRows = 128, kGradientColumns = 256;
// As many pieces of gradient as keep a few processors busy where there are few heads.
constexpr size_t kGradientTasks = 16, kGradientParts = 8;

template <typename N>
std::unique_ptr<N[]> Space(size_t count) {
  return std::unique_ptr<N[]>(new N[count]);
}

void Product(const GemmSize& size, float alpha, const Factor<float>& a, const Factor<float>& b,
             float beta, float* c, size_t stride) {
  Gemm<float, float>(size, alpha, a, b, beta, c, stride);
}

// In double, which serves to check gradients and not to be fast.
void Product(const GemmSize& size, double alpha, const Factor<double>& a, const Factor<double>& b,
             double beta, double* c, size_t stride) {
  const auto step = [](const Factor<double>& factor, bool along_row) {
    return along_row != factor.transposed ? 1 : factor.stride;
  };
  for (size_t i = 0; i < size.m; ++i) {
    for (size_t j = 0; j < size.n; ++j) {
      const double* left = a.data + i * step(a, false);
      const double* right = b.data + j * step(b, true);
      double sum = 0.0;
      for (size_t k = 0; k < size.k; ++k) {
        sum += left[k * step(a, true)] * right[k * step(b, false)];
      }
      double& out = c[i * stride + j];
      out = alpha * sum + (beta == 0.0 ? 0.0 : beta * out);
    }
  }
}

// Rows in the type that is computed in: where they are, or in a copy.
template <typename T>
class Block {
 public:
  Block(size_t rows, size_t columns) : rows_(rows), columns_(columns) {}

  Factor<C<T>> Load(const Heads<const T>& heads, size_t batch, size_t head, size_t row,
                    size_t rows) {
    const T* from = heads.Row(batch, head, row);
    if constexpr (std::is_same_v<T, C<T>>) {
      if (heads.row >= columns_ || rows == 1) {
        return {from, std::max(heads.row, columns_)};
      }
    }
    if (space_ == nullptr) {
      space_ = Space<C<T>>(rows_ * columns_);
    }
    const auto widen = MINDFORGE_SIMD(WidenRow<T>);
    for (size_t i = 0; i < rows; ++i) {
      widen(from + i * heads.row, columns_, space_.get() + i * columns_);
    }
    return {space_.get(), columns_};
  }

 private:
  size_t rows_, columns_;
  std::unique_ptr<C<T>[]> space_;
};

template <typename N>
Factor<N> Transposed(const Factor<N>& factor) {
  return {factor.data, factor.stride, true};
}

// Keys [first, last).
struct Range {
  size_t first, last;
};

// Which keys a query of a sequence sees.
Range Seen(const AttentionSequence& sequence, const AttentionSettings& settings, size_t query) {
  const int64_t keys = static_cast<int64_t>(sequence.keys);
  const int64_t position = static_cast<int64_t>(query) +
                           (settings.from_end ? keys - static_cast<int64_t>(sequence.queries) : 0);
  const int64_t first = std::clamp<int64_t>(position - settings.before, 0, keys);
  const int64_t last = std::clamp<int64_t>(position + settings.after + 1, first, keys);
  return {static_cast<size_t>(first), static_cast<size_t>(last)};
}

// One tile on its way: which keys its rows see, of those that it holds.
template <typename N>
class Window {
 public:
  explicit Window(size_t rows) : first_(rows), last_(rows) {}

  // Queries [query, query + rows) and what they see of keys [from, to). Its `keys` are empty where
  // none sees any.
  void Move(const AttentionSequence& sequence, const AttentionSettings& settings, size_t query,
            size_t rows, Range tile) {
    keys = {tile.last, tile.first};
    for (size_t i = 0; i < rows; ++i) {
      const Range seen = Seen(sequence, settings, query + i);
      first_[i] = std::clamp(seen.first, tile.first, tile.last);
      last_[i] = std::clamp(seen.last, first_[i], tile.last);
      if (first_[i] < last_[i]) {
        keys = {std::min(keys.first, first_[i]), std::max(keys.last, last_[i])};
      }
    }
    if (keys.first >= keys.last) {
      keys = {tile.first, tile.first};
      return;
    }
    keys.first -= keys.first % 4;  // tiles begin at multiples of 4, and so do the draws of dropout
    for (size_t i = 0; i < rows; ++i) {
      first_[i] = std::clamp(first_[i], keys.first, keys.last) - keys.first;
      last_[i] = std::clamp(last_[i], keys.first, keys.last) - keys.first;
    }
  }

  Tile<N> TileOf(size_t rows, size_t stride) const {
    return {rows, keys.last - keys.first, stride, first_.data(), last_.data()};
  }

  Range keys{0, 0};

 private:
  std::vector<size_t> first_, last_;
};

template <typename T>
void AddMask(const AttentionMask<T>& mask, size_t batch, size_t head, size_t query, size_t key,
             const Tile<C<T>>& tile, C<T>* scores) {
  if (mask.seen == nullptr && mask.added == nullptr) {
    return;
  }
  const C<T> hidden = -std::numeric_limits<C<T>>::infinity();
  for (size_t i = 0; i < tile.rows; ++i) {
    C<T>* row = scores + i * tile.stride;
    const size_t at = batch * mask.batch + head * mask.head + (query + i) * mask.query;
    for (size_t j = tile.first[i]; j < tile.last[i]; ++j) {
      const size_t place = at + (key + j) * mask.key;
      if (mask.seen != nullptr) {
        row[j] = mask.seen[place] != 0 ? row[j] : hidden;
      } else {
        row[j] += Compute<T>::Load(mask.added[place]);
      }
    }
  }
}

Dropping DroppingOf(const AttentionSettings& settings, size_t sequence, size_t head, size_t heads) {
  return {settings.dropout, settings.seed, settings.offset,
          static_cast<uint32_t>(sequence * heads + head)};
}

// Pieces of the rows of all sequences, in `heads` heads: (sequence, head, first row).
struct Piece {
  size_t sequence, head, first;
};

std::vector<Piece> QueryPieces(const AttentionSize& size) {
  std::vector<Piece> pieces;
  for (size_t s = 0; s < size.sequences.size(); ++s) {
    for (size_t head = 0; head < size.heads; ++head) {
      for (size_t first = 0; first < size.sequences[s].queries; first += kForwardRows) {
        pieces.push_back({s, head, first});
      }
    }
  }
  std::reverse(pieces.begin(), pieces.end());  // the longest first where later queries see more
  return pieces;
}

// The attention of one piece.
template <typename T>
void ForwardPiece(const AttentionInputs<T>& in, const AttentionSize& size,
                  const AttentionSettings& settings, const Piece& piece,
                  const AttentionResults<T>& results) {
  const AttentionSequence& sequence = size.sequences[piece.sequence];
  const size_t batch = sequence.batch, head = piece.head;
  const size_t kv_head = head / (size.heads / size.kv_heads);
  const size_t rows = std::min(kForwardRows, sequence.queries - piece.first);
  Block<T> queries(rows, size.size), keys(kForwardColumns, size.size);
  Block<T> values(kForwardColumns, size.value_size);
  const auto scores = Space<C<T>>(rows * kForwardColumns), sums = Space<C<T>>(rows);
  const auto maximum = Space<C<T>>(rows), factor = Space<C<T>>(rows);
  const auto result = Space<C<T>>(rows * size.value_size);
  const auto drop = Space<C<T>>(settings.dropout > 0 ? rows * kForwardColumns : 0);
  std::fill_n(maximum.get(), rows, -std::numeric_limits<C<T>>::infinity());
  std::fill_n(sums.get(), rows, C<T>{0});
  std::fill_n(result.get(), rows * size.value_size, C<T>{0});
  const Factor<C<T>> q = queries.Load(in.query, batch, head, sequence.query + piece.first, rows);
  Window<C<T>> window(rows);
  for (size_t at = 0; at < sequence.keys; at += kForwardColumns) {
    window.Move(sequence, settings, piece.first, rows,
                {at, std::min(at + kForwardColumns, sequence.keys)});
    const size_t first = window.keys.first, count = window.keys.last - first;
    if (count == 0) {
      continue;
    }
    const Tile<C<T>> tile = window.TileOf(rows, kForwardColumns);
    const Factor<C<T>> k = keys.Load(in.key, batch, kv_head, sequence.key + first, count);
    const Factor<C<T>> v = values.Load(in.value, batch, kv_head, sequence.key + first, count);
    Product({rows, count, size.size}, static_cast<C<T>>(settings.scale), q, Transposed(k), 0,
            scores.get(), kForwardColumns);
    AddMask(in.mask, batch, head, piece.first, first, tile, scores.get());
    MINDFORGE_SIMD(SoftmaxTile<C<T>>)(tile, scores.get(), maximum.get(), sums.get(), factor.get());
    for (size_t i = 0; i < rows; ++i) {
      if (factor[i] != C<T>{1}) {
        MINDFORGE_SIMD(ScaleRow<C<T>>)
        (result.get() + i * size.value_size, size.value_size, factor[i]);
      }
    }
    if (settings.dropout > 0) {
      MINDFORGE_SIMD(DropTile<C<T>>)
      (tile, DroppingOf(settings, piece.sequence, head, size.heads), piece.first, first,
       drop.get());
      MINDFORGE_SIMD(MultiplyTile<C<T>>)(tile, drop.get(), scores.get());
    }
    Product({rows, size.value_size, count}, 1, {scores.get(), kForwardColumns}, v, 1, result.get(),
            size.value_size);
  }
  for (size_t i = 0; i < rows; ++i) {
    const size_t row = sequence.query + piece.first + i;
    const C<T> inverse = sums[i] == 0 ? C<T>{0} : 1 / sums[i];
    MINDFORGE_SIMD(NarrowRow<T>)
    (result.get() + i * size.value_size, size.value_size, inverse,
     results.output.Row(batch, head, row));
    *results.log_sum.Row(batch, head, row) = maximum[i] + std::log(sums[i]);
    *results.maximum.Row(batch, head, row) = maximum[i];
  }
}

}  // namespace

template <typename T>
void Attention(const AttentionInputs<T>& inputs, const AttentionSize& size,
               const AttentionSettings& settings, const AttentionResults<T>& results) {
  const std::vector<Piece> pieces = QueryPieces(size);
  ParallelFor(pieces.size(),
              [&](size_t i) { ForwardPiece(inputs, size, settings, pieces[i], results); });
}

namespace {

// What the gradients of a query need beside its row: L, or infinity where it sees no key, so that
// its weights are 0, and D.
template <typename N>
class RowNumbers {
 public:
  explicit RowNumbers(const AttentionSize& size) {
    size_t count = 0;
    for (const AttentionSequence& sequence : size.sequences) {
      first_.push_back(count);
      queries_.push_back(sequence.queries);
      count += sequence.queries * size.heads;
    }
    log_sum_ = Space<N>(count);
    delta_ = Space<N>(count);
  }
  N* LogSum(size_t sequence, size_t head, size_t query) const {
    return log_sum_.get() + first_[sequence] + head * queries_[sequence] + query;
  }
  N* Delta(size_t sequence, size_t head, size_t query) const {
    return delta_.get() + first_[sequence] + head * queries_[sequence] + query;
  }

 private:
  std::vector<size_t> first_, queries_;
  std::unique_ptr<N[]> log_sum_, delta_;
};

template <typename T>
RowNumbers<C<T>> NumbersOf(const AttentionUpstream<T>& upstream, const AttentionSize& size) {
  RowNumbers<C<T>> numbers(size);
  const std::vector<Piece> pieces = QueryPieces(size);
  ParallelFor(pieces.size(), [&](size_t number) {
    const Piece& piece = pieces[number];
    const AttentionSequence& sequence = size.sequences[piece.sequence];
    const size_t end = std::min(piece.first + kForwardRows, sequence.queries);
    for (size_t i = piece.first; i < end; ++i) {
      const size_t row = sequence.query + i;
      const C<T>* log_sum = upstream.log_sum.Row(sequence.batch, piece.head, row);
      const double along = MINDFORGE_SIMD(DotRow<T>)(
          upstream.doutput.Row(sequence.batch, piece.head, row),
          upstream.output.Row(sequence.batch, piece.head, row), size.value_size);
      const double own =
          upstream.dlog_sum == nullptr ? 0.0 : upstream.dlog_sum[log_sum - upstream.log_sum.data];
      *numbers.LogSum(piece.sequence, piece.head, i) =
          std::isinf(*log_sum) && *log_sum < 0 ? -*log_sum : *log_sum;
      *numbers.Delta(piece.sequence, piece.head, i) = static_cast<C<T>>(along - own);
    }
  });
  return numbers;
}

// The gradients of one head of keys and values, block by block, and what those add to the gradients
// of the queries.
template <typename T>
class GradientTask {
 public:
  GradientTask(const AttentionInputs<T>& in, const AttentionUpstream<T>& upstream,
               const RowNumbers<C<T>>& numbers, const AttentionSize& size,
               const AttentionSettings& settings)
      : in_(in),
        upstream_(upstream),
        numbers_(numbers),
        size_(size),
        settings_(settings),
        queries_(kGradientRows, size.size),
        doutputs_(kGradientRows, size.value_size),
        keys_(kGradientColumns, size.size),
        values_(kGradientColumns, size.value_size),
        window_(kGradientRows),
        scores_(Space<C<T>>(kGradientRows * kGradientColumns)),
        gradients_(Space<C<T>>(kGradientRows * kGradientColumns)),
        drop_(Space<C<T>>(settings.dropout > 0 ? kGradientRows * kGradientColumns : 0)),
        dkeys_(Space<C<T>>(kGradientColumns * size.size)),
        dvalues_(Space<C<T>>(kGradientColumns * size.value_size)) {}

  // Keys [block.first, block.last) of a sequence. dqueries is added to.
  void Run(size_t sequence, size_t kv_head, Range block, const Heads<C<T>>& dqueries,
           const AttentionGradients<T>& out) {
    const AttentionSequence& all = size_.sequences[sequence];
    const size_t count = block.last - block.first, group = size_.heads / size_.kv_heads;
    std::fill_n(dkeys_.get(), count * size_.size, C<T>{0});
    std::fill_n(dvalues_.get(), count * size_.value_size, C<T>{0});
    const Factor<C<T>> k = keys_.Load(in_.key, all.batch, kv_head, all.key + block.first, count);
    const Factor<C<T>> v =
        values_.Load(in_.value, all.batch, kv_head, all.key + block.first, count);
    for (size_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      for (size_t first = 0; first < all.queries; first += kGradientRows) {
        const size_t rows = std::min(kGradientRows, all.queries - first);
        window_.Move(all, settings_, first, rows, block);
        if (window_.keys.first < window_.keys.last) {
          AddTile(sequence, head, first, rows, block.first, k, v, dqueries);
        }
      }
    }
    const auto narrow = MINDFORGE_SIMD(NarrowRow<T>);
    for (size_t i = 0; i < count; ++i) {
      const size_t row = all.key + block.first + i;
      narrow(dkeys_.get() + i * size_.size, size_.size, 1, out.key.Row(all.batch, kv_head, row));
      narrow(dvalues_.get() + i * size_.value_size, size_.value_size, 1,
             out.value.Row(all.batch, kv_head, row));
    }
  }

 private:
  void AddTile(size_t sequence, size_t head, size_t query, size_t rows, size_t block,
               const Factor<C<T>>& k, const Factor<C<T>>& v, const Heads<C<T>>& dqueries) {
    const AttentionSequence& all = size_.sequences[sequence];
    const size_t row = all.query + query, within = window_.keys.first - block;
    const Tile<C<T>> tile = window_.TileOf(rows, kGradientColumns);
    const Factor<C<T>> q = queries_.Load(in_.query, all.batch, head, row, rows);
    const Factor<C<T>> above = doutputs_.Load(upstream_.doutput, all.batch, head, row, rows);
    const Factor<C<T>> key{k.data + within * k.stride, k.stride};
    const Factor<C<T>> value{v.data + within * v.stride, v.stride};
    const size_t count = tile.columns, stride = tile.stride;
    const C<T> scale = static_cast<C<T>>(settings_.scale);
    Product({rows, count, size_.size}, scale, q, Transposed(key), 0, scores_.get(), stride);
    AddMask(in_.mask, all.batch, head, query, window_.keys.first, tile, scores_.get());
    Product({rows, count, size_.value_size}, 1, above, Transposed(value), 0, gradients_.get(),
            stride);
    if (settings_.dropout > 0) {
      MINDFORGE_SIMD(DropTile<C<T>>)
      (tile, DroppingOf(settings_, sequence, head, size_.heads), query, window_.keys.first,
       drop_.get());
    }
    MINDFORGE_SIMD(GradientTile<C<T>>)
    (tile, numbers_.LogSum(sequence, head, query), numbers_.Delta(sequence, head, query),
     settings_.dropout > 0 ? drop_.get() : nullptr, scores_.get(), gradients_.get());
    const Factor<C<T>> weights{scores_.get(), stride}, slopes{gradients_.get(), stride};
    Product({count, size_.value_size, rows}, 1, Transposed(weights), above, 1,
            dvalues_.get() + within * size_.value_size, size_.value_size);
    Product({count, size_.size, rows}, scale, Transposed(slopes), q, 1,
            dkeys_.get() + within * size_.size, size_.size);
    Product({rows, size_.size, count}, scale, slopes, key, 1, dqueries.Row(all.batch, head, row),
            dqueries.row);
  }

  const AttentionInputs<T>& in_;
  const AttentionUpstream<T>& upstream_;
  const RowNumbers<C<T>>& numbers_;
  const AttentionSize& size_;
  const AttentionSettings& settings_;
  Block<T> queries_, doutputs_, keys_, values_;
  Window<C<T>> window_;
  std::unique_ptr<C<T>[]> scores_, gradients_, drop_, dkeys_, dvalues_;
};

size_t QueryNumbers(const AttentionSize& size) {
  size_t count = 0;
  for (const AttentionSequence& sequence : size.sequences) {
    count += sequence.queries * size.heads * size.size;
  }
  return count;
}

// Into how many parts the keys of a head are cut; each part has its own gradients of the queries.
size_t PartsOf(const AttentionSize& size) {
  size_t blocks = 0;
  for (const AttentionSequence& sequence : size.sequences) {
    blocks = std::max(blocks, PieceCount(sequence.keys, kGradientColumns));
  }
  const size_t heads = std::max<size_t>(size.sequences.size() * size.kv_heads, 1);
  return std::clamp<size_t>(std::min(blocks, PieceCount(kGradientTasks, heads)), 1, kGradientParts);
}

// Sums of the parts, each `count` numbers, part by part.
template <typename T>
void SumParts(C<T>* parts, size_t number, size_t count, T* out) {
  ParallelPieces(count, RowsWorthAThread(1), [&](size_t, size_t first, size_t last) {
    for (size_t part = 1; part < number; ++part) {
      MINDFORGE_SIMD(AddRow<C<T>>)(parts + part * count + first, last - first, parts + first);
    }
    MINDFORGE_SIMD(NarrowRow<T>)(parts + first, last - first, 1, out + first);
  });
}

}  // namespace

template <typename T>
void AttentionGrad(const AttentionInputs<T>& inputs, const AttentionUpstream<T>& upstream,
                   const AttentionSize& size, const AttentionSettings& settings,
                   const AttentionGradients<T>& gradients) {
  const RowNumbers<C<T>> numbers = NumbersOf(upstream, size);
  const size_t parts = PartsOf(size), count = QueryNumbers(size);
  std::vector<C<T>> space;
  C<T>* dqueries = nullptr;
  const bool in_place = parts == 1 && std::is_same_v<T, C<T>>;
  if (in_place) {
    dqueries = reinterpret_cast<C<T>*>(gradients.query.data);
    std::fill_n(dqueries, count, C<T>{0});
  } else {
    space.resize(parts * count);
    dqueries = space.data();
  }
  ParallelFor(size.sequences.size() * size.kv_heads * parts, [&](size_t number) {
    const size_t part = number % parts, kv_head = number / parts % size.kv_heads;
    const size_t sequence = number / parts / size.kv_heads;
    const Heads<C<T>> own{dqueries + part * count, gradients.query.batch, gradients.query.head,
                          gradients.query.row};
    const size_t keys = size.sequences[sequence].keys;
    GradientTask<T> task(inputs, upstream, numbers, size, settings);
    for (size_t at = part * kGradientColumns; at < keys; at += parts * kGradientColumns) {
      task.Run(sequence, kv_head, {at, std::min(at + kGradientColumns, keys)}, own, gradients);
    }
  });
  if (!in_place) {
    SumParts(dqueries, parts, count, gradients.query.data);
  }
}

#define MINDFORGE_ATTENTION(T)                                                           \
  template void Attention<T>(const AttentionInputs<T>&, const AttentionSize&,            \
                             const AttentionSettings&, const AttentionResults<T>&);      \
  template void AttentionGrad<T>(const AttentionInputs<T>&, const AttentionUpstream<T>&, \
                                 const AttentionSize&, const AttentionSettings&,         \
                                 const AttentionGradients<T>&)
MINDFORGE_ATTENTION(double);
MINDFORGE_ATTENTION(float);
MINDFORGE_ATTENTION(Float16);
MINDFORGE_ATTENTION(BFloat16);
#undef MINDFORGE_ATTENTION

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
