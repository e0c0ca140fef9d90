// Copyright 2026 The MindForge Authors
// SPDX-License-Identifier: Apache-2.0
//
// Vectors of numbers as kernels compute with them, read from and written to what stores them. A
// kernel includes this once for each of Highway's targets, hence the unusual guard.
#if defined(CSRC_CPU_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CSRC_CPU_VECTORS_INL_H_
#undef CSRC_CPU_VECTORS_INL_H_
#else
#define CSRC_CPU_VECTORS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "csrc/cpu/storage.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mindforge::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// What T is computed in, and a whole vector of it.
template <typename T>
using ComputeOf = typename Compute<T>::Type;
template <typename T>
using Vectors = hn::ScalableTag<ComputeOf<T>>;

// As many numbers as a vector has lanes, at any address. (Highway's Load and Store want aligned
// ones, and would be found by argument if these had their names.)

template <class D>
HWY_INLINE hn::Vec<D> Read(D d, const hn::TFromD<D>* from) {
  return hn::LoadU(d, from);
}

template <class D>
HWY_INLINE void Write(hn::Vec<D> v, D d, hn::TFromD<D>* to) {
  hn::StoreU(v, d, to);
}

// The same to an address that is a multiple of the vector's size, past the caches.
template <class D>
HWY_INLINE void Stream(hn::Vec<D> v, D d, hn::TFromD<D>* to) {
  hn::Stream(v, d, to);
}

template <class D>
HWY_INLINE hn::Vec<D> Read(D d, const BFloat16* from) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> d32;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, hn::LoadU(d16, &from->bits))));
}

// To the nearest, ties to even; a NaN stays a quiet NaN.
template <class D>
HWY_INLINE auto Narrowed(hn::Vec<D> v, D d, const BFloat16*) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> d32;
  const hn::RebindToSigned<D> signed32;
  const auto bits = hn::BitCast(d32, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1u));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7FFFu)));
  const auto quiet = hn::Or(bits, hn::Set(d32, 0x00400000u));
  const auto is_nan = hn::RebindMask(d32, hn::IsNaN(v));
  const auto high = hn::ShiftRight<16>(hn::IfThenElse(is_nan, quiet, rounded));
  return hn::DemoteTo(d16, hn::BitCast(signed32, high));
}

template <class D>
HWY_INLINE void Write(hn::Vec<D> v, D d, BFloat16* to) {
  hn::StoreU(Narrowed(v, d, to), hn::Rebind<uint16_t, D>(), &to->bits);
}

#if HWY_TARGET == HWY_SCALAR  // has no instruction for it, and one lane
template <class D>
HWY_INLINE hn::Vec<D> Read(D d, const Float16* from) {
  return hn::Set(d, ToFloat(*from));
}

template <class D>
HWY_INLINE void Write(hn::Vec<D> v, D, Float16* to) {
  *to = ToFloat16(hn::GetLane(v));
}
#else
template <class D>
HWY_INLINE hn::Vec<D> Read(D d, const Float16* from) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::Rebind<hwy::float16_t, D> half;
  return hn::PromoteTo(d, hn::BitCast(half, hn::LoadU(d16, &from->bits)));
}

template <class D>
HWY_INLINE auto Narrowed(hn::Vec<D> v, D, const Float16*) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::Rebind<hwy::float16_t, D> half;
  return hn::BitCast(d16, hn::DemoteTo(half, v));
}

template <class D>
HWY_INLINE void Write(hn::Vec<D> v, D d, Float16* to) {
  hn::StoreU(Narrowed(v, d, to), hn::Rebind<uint16_t, D>(), &to->bits);
}
#endif

#if HWY_TARGET == HWY_SCALAR  // has nothing of the kind
template <class D, typename T>
HWY_INLINE void Stream(hn::Vec<D> v, D d, T* to) {
  Write(v, d, to);
}
#else
template <class D, typename T>
HWY_INLINE void Stream(hn::Vec<D> v, D d, T* to) {
  hn::Stream(Narrowed(v, d, to), hn::Rebind<uint16_t, D>(), &to->bits);
}
#endif

// visit(first lane, vector of double) for all lanes of a vector of float.
template <class Visit>
HWY_INLINE void VisitWide(hn::Vec<hn::ScalableTag<float>> v, const Visit& visit) {
  const hn::ScalableTag<double> wide;
#if HWY_TARGET == HWY_SCALAR
  visit(size_t{0}, hn::PromoteTo(wide, v));
#else
  const hn::Half<hn::ScalableTag<float>> half;
  visit(size_t{0}, hn::PromoteTo(wide, hn::LowerHalf(half, v)));
  visit(hn::Lanes(wide), hn::PromoteTo(wide, hn::UpperHalf(half, v)));
#endif
}

// How a loop body touches memory: a whole vector ...
struct Whole {
  template <class D, typename T>
  HWY_INLINE hn::Vec<D> Get(D d, const T* from) const {
    return Read(d, from);
  }
  template <class D, typename T>
  HWY_INLINE void Put(hn::Vec<D> v, D d, T* to) const {
    Write(v, d, to);
  }
  // What a kernel returns, and does not read again.
  template <class D, typename T>
  HWY_INLINE void Result(hn::Vec<D> v, D d, T* to) const {
    Write(v, d, to);
  }
  template <class D>
  HWY_INLINE hn::Vec<D> Keep(D, hn::Vec<D> v) const {
    return v;
  }
  template <class D>
  HWY_INLINE hn::Vec<D> KeepOr(D, hn::Vec<D> v, hn::Vec<D>) const {
    return v;
  }
  // to += v, in double precision.
  template <class D>
  HWY_INLINE void AddTo(hn::Vec<D> v, D d, double* to) const {
    if constexpr (sizeof(hn::TFromD<D>) == sizeof(double)) {
      hn::StoreU(hn::Add(hn::LoadU(d, to), v), d, to);
    } else {
      const hn::ScalableTag<double> wide;
      VisitWide(v, [&](size_t lane, auto part) HWY_ATTR {
        hn::StoreU(hn::Add(hn::LoadU(wide, to + lane), part), wide, to + lane);
      });
    }
  }
};

// ... or one whose result is too much for the caches anyway, so that memory is not read before it
// is overwritten ...
struct Streamed : Whole {
  template <class D, typename T>
  HWY_INLINE void Result(hn::Vec<D> v, D d, T* to) const {
    Stream(v, d, to);
  }
};

// ... or the first `count` lanes of one, the others being zeros. Nothing beyond is touched.
struct Part {
  template <class D, typename T>
  HWY_INLINE hn::Vec<D> Get(D d, const T* from) const {
    if constexpr (std::is_same_v<T, hn::TFromD<D>>) {
      return hn::MaskedLoad(hn::FirstN(d, count), d, from);
    } else {
      T values[hn::MaxLanes(D())] = {};
      std::memcpy(values, from, count * sizeof(T));
      return Read(d, values);
    }
  }
  template <class D, typename T>
  HWY_INLINE void Put(hn::Vec<D> v, D d, T* to) const {
    if constexpr (std::is_same_v<T, hn::TFromD<D>>) {
      hn::BlendedStore(v, hn::FirstN(d, count), d, to);
    } else {
      T values[hn::MaxLanes(D())];
      Write(v, d, values);
      std::memcpy(to, values, count * sizeof(T));
    }
  }
  template <class D, typename T>
  HWY_INLINE void Result(hn::Vec<D> v, D d, T* to) const {
    Put(v, d, to);
  }
  template <class D>
  HWY_INLINE hn::Vec<D> Keep(D d, hn::Vec<D> v) const {
    return hn::IfThenElseZero(hn::FirstN(d, count), v);
  }
  // The other lanes are those of `beyond`.
  template <class D>
  HWY_INLINE hn::Vec<D> KeepOr(D d, hn::Vec<D> v, hn::Vec<D> beyond) const {
    return hn::IfThenElse(hn::FirstN(d, count), v, beyond);
  }
  template <class D>
  HWY_INLINE void AddTo(hn::Vec<D> v, D d, double* to) const {
    hn::TFromD<D> values[hn::MaxLanes(D())];
    hn::StoreU(v, d, values);
    for (size_t i = 0; i < count; ++i) {
      to[i] += static_cast<double>(values[i]);
    }
  }
  size_t count;
};

// body(i, Whole or Part) for all of [0, count), a vector at a time.
template <class D, class Body>
HWY_INLINE void ForVectors(D d, size_t count, const Body& body) {
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    body(i, Whole());
  }
  if (i < count) {
    body(i, Part{count - i});
  }
}

// How many elements lie before the first that a vector of `bytes` may be streamed to.
template <typename T>
HWY_INLINE size_t BeforeAligned(const T* address, size_t bytes) {
  const size_t beyond = reinterpret_cast<uintptr_t>(address) % bytes;
  return beyond == 0 ? 0 : (bytes - beyond) / sizeof(T);
}

// The same for a row of a result; `streamed` as BeyondCaches says. A kernel that streams ends with
// hwy::FlushStream().
template <class D, typename T, class Body>
HWY_INLINE void ForResult(D d, const T* result, bool streamed, size_t count, const Body& body) {
  const size_t lanes = hn::Lanes(d), head = BeforeAligned(result, lanes * sizeof(T));
  if (!streamed || count < head + lanes) {
    ForVectors(d, count, body);
    return;
  }
  if (head != 0) {
    body(0, Part{head});
  }
  size_t i = head;
  for (; i + lanes <= count; i += lanes) {
    body(i, Streamed());
  }
  if (i < count) {
    body(i, Part{count - i});
  }
}

// to = from
template <typename T>
HWY_INLINE void CopyRow(const T* from, size_t count, bool streamed, T* to) {
  using Bytes = hn::ScalableTag<uint8_t>;
  const auto* source = reinterpret_cast<const uint8_t*>(from);
  auto* target = reinterpret_cast<uint8_t*>(to);
  const size_t bytes = count * sizeof(T), lanes = hn::Lanes(Bytes());
  size_t i = 0;
  if (streamed && bytes >= 2 * lanes) {
    i = BeforeAligned(target, lanes);
    std::memcpy(target, source, i);
    for (; i + lanes <= bytes; i += lanes) {
      hn::Stream(hn::LoadU(Bytes(), source + i), Bytes(), target + i);
    }
  }
  if (i < bytes) {  // an empty row may lie nowhere
    std::memcpy(target + i, source + i, bytes - i);
  }
}

// A sum in double precision of numbers that come a vector at a time. Its order depends on their
// number and on the width of vectors.
template <typename C>
class WideSum;

template <>
class WideSum<double> {
 public:
  using D = hn::ScalableTag<double>;
  HWY_INLINE WideSum() : sum_(hn::Zero(D())) {}  // an implicit one would be compiled for SSE2
  HWY_INLINE void Add(hn::Vec<D> v) { sum_ = hn::Add(sum_, v); }
  HWY_INLINE void AddProduct(hn::Vec<D> a, hn::Vec<D> b) { sum_ = hn::MulAdd(a, b, sum_); }
  HWY_INLINE double Total() const { return hn::GetLane(hn::SumOfLanes(D(), sum_)); }

 private:
  hn::Vec<D> sum_;
};

template <>
class WideSum<float> {
 public:
  using D = hn::ScalableTag<float>;
  HWY_INLINE WideSum() : low_(hn::Zero(Wide())), high_(hn::Zero(Wide())) {}
  HWY_INLINE void Add(hn::Vec<D> v) {
    VisitWide(v, [this](size_t lane, auto part) HWY_ATTR {
      auto& sum = lane == 0 ? low_ : high_;
      sum = hn::Add(sum, part);
    });
  }
  HWY_INLINE void AddProduct(hn::Vec<D> a, hn::Vec<D> b) {
    hn::Vec<Wide> factors[2];
    VisitWide(a, [&](size_t lane, auto part) HWY_ATTR { factors[lane != 0] = part; });
    VisitWide(b, [&](size_t lane, auto part) HWY_ATTR {
      auto& sum = lane == 0 ? low_ : high_;
      sum = hn::MulAdd(factors[lane != 0], part, sum);
    });
  }
  HWY_INLINE double Total() const {
    return hn::GetLane(hn::SumOfLanes(Wide(), hn::Add(low_, high_)));
  }

 private:
  using Wide = hn::ScalableTag<double>;
  hn::Vec<Wide> low_, high_;
};

// The same where speed counts: floats are added up as such, in each lane eight at a time, and only
// what these give in double precision. The processor works on four sums at once, because one waits
// for the one before.
template <typename C>
class Sum;

template <>
class Sum<double> : public WideSum<double> {
 public:
  HWY_INLINE Sum() {}
};

template <>
class Sum<float> {
 public:
  using D = hn::ScalableTag<float>;
  HWY_INLINE Sum() : a_(hn::Zero(D())), b_(a_), c_(a_), d_(a_) {}
  HWY_INLINE void Add(hn::Vec<D> v) { Turn(hn::Add(v, a_)); }
  HWY_INLINE void AddProduct(hn::Vec<D> x, hn::Vec<D> y) { Turn(hn::MulAdd(x, y, a_)); }
  HWY_INLINE double Total() {
    Widen();
    return total_.Total();
  }

 private:
  HWY_INLINE void Turn(hn::Vec<D> sum) {
    a_ = b_;
    b_ = c_;
    c_ = d_;
    d_ = sum;
    if (++count_ == 32) {
      Widen();
    }
  }
  HWY_INLINE void Widen() {
    total_.Add(hn::Add(hn::Add(a_, b_), hn::Add(c_, d_)));
    a_ = b_ = c_ = d_ = hn::Zero(D());
    count_ = 0;
  }

  hn::Vec<D> a_, b_, c_, d_;
  WideSum<float> total_;
  size_t count_ = 0;
};

// The sum of the squares of a row, which Sum says is `total`; anew where that cannot be trusted
// because floats do not hold such squares.
template <typename T>
HWY_INLINE double SquaresOf(const T* row, size_t count, double total) {
  if (std::is_same_v<ComputeOf<T>, double> || (total > 1e-25 && total < 1e38)) {
    return total;
  }
  const Vectors<T> d;
  WideSum<ComputeOf<T>> wide;
  ForVectors(d, count, [&](size_t j, auto at) HWY_ATTR {
    const auto value = at.Get(d, row + j);
    wide.AddProduct(value, value);
  });
  return wide.Total();
}

// Sums down the columns of rows that come one after the other: eight of them are added up as they
// are, and only what these give in double precision. Where `sums` is null, nothing is.
template <typename C>
class RunningSums {
 public:
  RunningSums(double* sums, size_t columns) : sums_(sums), run_(sums == nullptr ? 0 : columns) {}

  // For Add of Whole and Part; null where nothing is added up.
  C* run() { return run_.empty() ? nullptr : run_.data(); }

  HWY_INLINE void EndRow() {
    if (++rows_ == 8) {
      Finish();
    }
  }

  HWY_INLINE void Finish() {
    const hn::ScalableTag<C> d;
    ForVectors(d, run_.size(), [&](size_t j, auto at) HWY_ATTR {
      at.AddTo(at.Get(d, run_.data() + j), d, sums_ + j);
      at.Put(hn::Zero(d), d, run_.data() + j);
    });
    rows_ = 0;
  }

 private:
  double* sums_;
  std::vector<C> run_;
  size_t rows_ = 0;
};

// The inner product of two rows.
template <typename T>
double DotRow(const T* a, const T* b, size_t count) {
  const Vectors<T> d;
  Sum<ComputeOf<T>> sum;
  ForVectors(d, count, [&](size_t j, auto at) HWY_ATTR {
    sum.AddProduct(at.Get(d, a + j), at.Get(d, b + j));
  });
  return sum.Total();
}

}  // namespace mindforge::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CSRC_CPU_VECTORS_INL_H_
