// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
#include "csrc/cpu/rotary.h"

#include <cstring>

#include "csrc/cpu/simd.h"
#include "csrc/cpu/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csrc/cpu/rotary.cc"
// clang-format off
#include "hwy/foreach_target.h"  // first: the next depends on the target
#include "csrc/cpu/vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

// The numbers of a vector of pairs, in the two halves of a part with `half` pairs ...
template <class D>
struct Halves {
  template <typename T, class At>
  HWY_INLINE void Get(D d, At at, const T* part, size_t j, hn::Vec<D>* a, hn::Vec<D>* b) const {
    *a = at.Get(d, part + j);
    *b = at.Get(d, part + half + j);
  }
  template <typename T, class At>
  HWY_INLINE void Put(D d, At at, hn::Vec<D> a, hn::Vec<D> b, T* part, size_t j) const {
    at.Put(a, d, part + j);
    at.Put(b, d, part + half + j);
  }
  size_t half;
};

// ... or side by side.
template <class D>
struct Pairs {
  using C = hn::TFromD<D>;
  static constexpr size_t kLanes = hn::MaxLanes(D());

  template <typename T>
  HWY_INLINE void Get(D d, Whole, const T* part, size_t j, hn::Vec<D>* a, hn::Vec<D>* b) const {
    C both[2 * kLanes];
    hn::StoreU(Read(d, part + 2 * j), d, both);
    hn::StoreU(Read(d, part + 2 * j + kLanes), d, both + kLanes);
    hn::LoadInterleaved2(d, both, *a, *b);
  }
  template <typename T>
  HWY_INLINE void Get(D d, Part at, const T* part, size_t j, hn::Vec<D>* a, hn::Vec<D>* b) const {
    C both[2 * kLanes] = {};
    for (size_t i = 0; i < 2 * at.count; ++i) {
      both[i] = Compute<T>::Load(part[2 * j + i]);
    }
    hn::LoadInterleaved2(d, both, *a, *b);
  }
  template <typename T>
  HWY_INLINE void Put(D d, Whole, hn::Vec<D> a, hn::Vec<D> b, T* part, size_t j) const {
    C both[2 * kLanes];
    hn::StoreInterleaved2(a, b, d, both);
    Write(hn::LoadU(d, both), d, part + 2 * j);
    Write(hn::LoadU(d, both + kLanes), d, part + 2 * j + kLanes);
  }
  template <typename T>
  HWY_INLINE void Put(D d, Part at, hn::Vec<D> a, hn::Vec<D> b, T* part, size_t j) const {
    C both[2 * kLanes];
    hn::StoreInterleaved2(a, b, d, both);
    for (size_t i = 0; i < 2 * at.count; ++i) {
      part[2 * j + i] = Compute<T>::Store(both[i]);
    }
  }
};

// Turns the pairs of a row, or turns them back.
template <bool kBack, typename T, typename W, class From, class To, class Table>
HWY_INLINE void Turn(const T* x, const W* cos, const W* sin, size_t half, const From& from,
                     const To& to, const Table& table, T* y) {
  const Vectors<T> d;
  ForVectors(d, half, [&](size_t j, auto at) HWY_ATTR {
    auto a = hn::Zero(d), b = a, cos_a = a, cos_b = a, sin_a = a, sin_b = a;
    from.Get(d, at, x, j, &a, &b);
    table.Get(d, at, cos, j, &cos_a, &cos_b);
    table.Get(d, at, sin, j, &sin_a, &sin_b);
    if constexpr (kBack) {
      to.Put(d, at, hn::MulAdd(a, cos_a, hn::Mul(b, sin_b)),
             hn::NegMulAdd(a, sin_a, hn::Mul(b, cos_b)), y, j);
    } else {
      to.Put(d, at, hn::NegMulAdd(b, sin_a, hn::Mul(a, cos_a)),
             hn::MulAdd(a, sin_b, hn::Mul(b, cos_b)), y, j);
    }
  });
}

// Rows of x and of the tables at the offsets, to dense rows of y.
template <bool kBack, typename T, typename W>
void TurnRows(const T* x, const size_t* x_offsets, const W* cos, const W* sin,
              const size_t* table_offsets, size_t count, const RotaryRows& rows, T* y) {
  using D = Vectors<T>;
  const size_t half = rows.size / 2, end = rows.start + rows.size;
  const Halves<D> halves{half};
  const Pairs<D> pairs;
  for (size_t i = 0; i < count; ++i, y += rows.columns) {
    const T* row = x + x_offsets[i];
    const W* c = cos + table_offsets[i];
    const W* s = sin + table_offsets[i];
    const T* part = row + rows.start;
    T* result = y + rows.start;
    switch (rows.layout) {
      case RotaryLayout::kHalf:
        Turn<kBack>(part, c, s, half, halves, halves, halves, result);
        break;
      case RotaryLayout::kInterleaved:
        Turn<kBack>(part, c, s, half, pairs, pairs, pairs, result);
        break;
      case RotaryLayout::kInterleavedHalf:
        if constexpr (kBack) {
          Turn<kBack>(part, c, s, half, halves, pairs, halves, result);
        } else {
          Turn<kBack>(part, c, s, half, pairs, halves, halves, result);
        }
        break;
    }
    std::memcpy(y, row, rows.start * sizeof(T));
    std::memcpy(y + end, row + end, (rows.columns - end) * sizeof(T));
  }
}

// Adds what one row of x has to do with its row of the tables: dcos_a, dcos_b, dsin_a, dsin_b, each
// as many numbers as there are pairs.
template <typename T, class From, class To>
HWY_INLINE void AddTables(const T* dy, const T* x, size_t half, const From& from, const To& to,
                          double* sums) {
  const Vectors<T> d;
  ForVectors(d, half, [&](size_t j, auto at) HWY_ATTR {
    auto a = hn::Zero(d), b = a, da = a, db = a;
    from.Get(d, at, x, j, &a, &b);
    to.Get(d, at, dy, j, &da, &db);
    at.AddTo(hn::Mul(da, a), d, sums + j);
    at.AddTo(hn::Mul(db, b), d, sums + half + j);
    at.AddTo(hn::Neg(hn::Mul(da, b)), d, sums + 2 * half + j);
    at.AddTo(hn::Mul(db, a), d, sums + 3 * half + j);
  });
}

template <typename T>
void AddTableRows(const T* dy, const size_t* dy_offsets, const T* x, const size_t* x_offsets,
                  size_t count, const RotaryRows& rows, double* sums) {
  using D = Vectors<T>;
  const size_t half = rows.size / 2;
  const Halves<D> halves{half};
  const Pairs<D> pairs;
  for (size_t i = 0; i < count; ++i) {
    const T* above = dy + dy_offsets[i] + rows.start;
    const T* part = x + x_offsets[i] + rows.start;
    switch (rows.layout) {
      case RotaryLayout::kHalf:
        AddTables(above, part, half, halves, halves, sums);
        break;
      case RotaryLayout::kInterleaved:
        AddTables(above, part, half, pairs, pairs, sums);
        break;
      case RotaryLayout::kInterleavedHalf:
        AddTables(above, part, half, pairs, halves, sums);
        break;
    }
  }
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mindforge::cpu {
namespace {

size_t Product(const std::vector<size_t>& dims) {
  size_t product = 1;
  for (const size_t dim : dims) {
    product *= dim;
  }
  return product;
}

// Where rows [first, last) of an array with these dimensions begin.
std::vector<size_t> Offsets(const std::vector<size_t>& dims, const std::vector<size_t>& strides,
                            size_t first, size_t last) {
  std::vector<size_t> offsets;
  offsets.reserve(last - first);
  for (size_t row = first; row < last; ++row) {
    size_t rest = row, offset = 0;
    for (size_t i = dims.size(); i-- > 0; rest /= dims[i]) {
      offset += rest % dims[i] * strides[i];
    }
    offsets.push_back(offset);
  }
  return offsets;
}

std::vector<size_t> DenseStrides(const std::vector<size_t>& dims, size_t columns) {
  std::vector<size_t> strides(dims.size());
  for (size_t i = dims.size(); i-- > 0; columns *= dims[i]) {
    strides[i] = columns;
  }
  return strides;
}

template <bool kBack, typename T, typename W>
void TurnAll(const T* x, const W* cos, const W* sin, const RotaryRows& rows, T* y) {
  const auto turn = MINDFORGE_SIMD(TurnRows<kBack, T, W>);
  ParallelPieces(
      Product(rows.dims), RowsWorthAThread(rows.columns), [&](size_t, size_t first, size_t last) {
        const std::vector<size_t> x_offsets = Offsets(rows.dims, rows.x_strides, first, last);
        const std::vector<size_t> table_offsets =
            Offsets(rows.dims, rows.table_strides, first, last);
        turn(x, x_offsets.data(), cos, sin, table_offsets.data(), last - first, rows,
             y + first * rows.columns);
      });
}

// Some of the dimensions of the rows, with the strides of dy and of x.
struct Dimensions {
  void Add(size_t dim, size_t dy_stride, size_t x_stride) {
    dims.push_back(dim);
    dy_strides.push_back(dy_stride);
    x_strides.push_back(x_stride);
  }
  std::vector<size_t> dims, dy_strides, x_strides;
};

// Sums of AddTables, as the columns of the tables are laid out.
template <typename W>
void StoreTables(const double* sums, const RotaryRows& rows, W* dcos, W* dsin) {
  const size_t half = rows.size / 2;
  const bool pairs = rows.layout == RotaryLayout::kInterleaved;
  const auto store = [](double sum) {
    return Compute<W>::Store(static_cast<typename Compute<W>::Type>(sum));
  };
  for (size_t j = 0; j < half; ++j) {
    const size_t a = pairs ? 2 * j : j, b = pairs ? 2 * j + 1 : half + j;
    dcos[a] = store(sums[j]);
    dcos[b] = store(sums[half + j]);
    dsin[a] = store(sums[2 * half + j]);
    dsin[b] = store(sums[3 * half + j]);
  }
}

}  // namespace

template <typename T, typename W>
void Rotary(const T* x, const W* cos, const W* sin, const RotaryRows& rows, T* y) {
  TurnAll<false>(x, cos, sin, rows, y);
}

template <typename T, typename W>
void RotaryGrad(const T* dy, const W* cos, const W* sin, const RotaryRows& rows, T* dx) {
  TurnAll<true>(dy, cos, sin, rows, dx);
}

template <typename T, typename W>
void RotaryTableGrad(const T* dy, const T* x, const RotaryRows& rows, W* dcos, W* dsin) {
  const auto add = MINDFORGE_SIMD(AddTableRows<T>);
  const std::vector<size_t> dy_strides = DenseStrides(rows.dims, rows.columns);
  Dimensions kept, shared;
  for (size_t i = 0; i < rows.dims.size(); ++i) {
    Dimensions& side = rows.table_strides[i] == 0 ? shared : kept;
    side.Add(rows.dims[i], dy_strides[i], rows.x_strides[i]);
  }
  const size_t count = Product(shared.dims);
  const std::vector<size_t> dy_within = Offsets(shared.dims, shared.dy_strides, 0, count);
  const std::vector<size_t> x_within = Offsets(shared.dims, shared.x_strides, 0, count);
  ParallelPieces(Product(kept.dims), RowsWorthAThread(count * rows.size),
                 [&](size_t, size_t first, size_t last) {
                   const auto dy_rows = Offsets(kept.dims, kept.dy_strides, first, last);
                   const auto x_rows = Offsets(kept.dims, kept.x_strides, first, last);
                   for (size_t row = first; row < last; ++row) {
                     std::vector<double> sums(2 * rows.size);
                     add(dy + dy_rows[row - first], dy_within.data(), x + x_rows[row - first],
                         x_within.data(), count, rows, sums.data());
                     StoreTables(sums.data(), rows, dcos + row * rows.size, dsin + row * rows.size);
                   }
                 });
}

#define MINDFORGE_ROTARY(T, W)                                                         \
  template void Rotary<T, W>(const T*, const W*, const W*, const RotaryRows&, T*);     \
  template void RotaryGrad<T, W>(const T*, const W*, const W*, const RotaryRows&, T*); \
  template void RotaryTableGrad<T, W>(const T*, const T*, const RotaryRows&, W*, W*)
MINDFORGE_ROTARY(double, double);
MINDFORGE_ROTARY(float, float);
MINDFORGE_ROTARY(Float16, Float16);
MINDFORGE_ROTARY(Float16, float);
MINDFORGE_ROTARY(BFloat16, BFloat16);
MINDFORGE_ROTARY(BFloat16, float);
#undef MINDFORGE_ROTARY

}  // namespace mindforge::cpu
#endif  // HWY_ONCE
